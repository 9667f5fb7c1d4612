//! What a handler asks of a request: who calls, what the address names, what its query chooses, what came as its body.
//! Each is read, bounded and checked here, once for both faces. What does not fit is a [`Problem`](crate::problem::Problem),
//! which the API answers as JSON and the panel as a page.

mod body;
mod filter;
mod form;
mod form_parts;
#[cfg(test)]
mod fuzz;
mod id;
mod idempotency;
mod known;
mod lines;
mod near;
mod note;
mod object;
mod page;
mod part_head;
mod peer;
mod plugin_body;
mod query;
mod who;
mod with_files;

pub(crate) use body::{malformed, read};
#[cfg(test)]
pub(crate) use filter::ledger;
pub(crate) use filter::{
    ALERT_FILTERS, DELIVERY_FILTERS, Filter, JOB_FILTERS, JOB_LIST_FILTERS, LEDGER_FILTERS, QUESTION_FILTERS,
    jobs,
};
pub(crate) use form::{Form, dollars, words};
pub(crate) use id::Id;
pub(crate) use idempotency::{Key, no_key};
pub(crate) use known::{
    Artifact, Input, Known, find_job, find_schedule, missing_agent, missing_schedule, missing_webhook,
};
pub(crate) use lines::{JsonLines, Line, Lines, MEDIA_LINES};
pub(crate) use near::Near;
pub(crate) use note::checked_note;
pub(crate) use object::Object;
pub(crate) use page::{PAGE, Page};
pub(crate) use peer::Peer;
pub(crate) use plugin_body::PluginBody;
pub(crate) use query::{Query, bad_query};
pub(crate) use who::Who;
pub(crate) use with_files::WithFiles;
