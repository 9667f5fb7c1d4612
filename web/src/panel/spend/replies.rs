//! The cache of replies: what it saved in a stretch of time, what it keeps, and purging it.

use crate::api::purge_replies;
use crate::ask::{Form, Who};
use crate::panel::kit::answer::see_other;
use crate::panel::kit::numbers::{bytes, thousands};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{ReplyCacheView, Sum};
use anvil_types::ReplySize;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

/// What the form sends for all agents. No agent has this name.
const ALL: &str = "*";

/// The part of the page.
#[derive(Template)]
#[template(path = "spend/replies.html")]
pub(crate) struct KeptReplies {
    enabled: bool,
    saved: String,
    rows: Vec<ReplyRow>,
    together: ReplyRow,
    most: ReplyRow,
}

impl HtmlSafe for KeptReplies {}

/// What is kept of one agent's.
struct ReplyRow {
    agent: String,
    entries: String,
    bytes: String,
}

impl KeptReplies {
    /// From what is kept, and what calls of the stretch came to.
    pub(crate) fn new(cache: &ReplyCacheView, all: &Sum) -> Self {
        let rows = cache.agents.iter().map(|one| ReplyRow::new(&one.agent, one.kept));
        let saved = match all.hits.unwrap_or_default() {
            0 => "It answered no call of this time.".to_owned(),
            hits => {
                let calls = if hits == 1 { "call" } else { "calls" };
                let saved = all.reply_saved.unwrap_or_default().rounded();
                format!("It answered {} {calls} of this time and saved {saved}.", thousands(hits))
            }
        };
        Self {
            enabled: cache.enabled,
            saved,
            rows: rows.collect(),
            together: ReplyRow::new("", cache.kept),
            most: ReplyRow::new("", cache.most),
        }
    }
}

impl ReplyRow {
    fn new(agent: &str, size: ReplySize) -> Self {
        Self { agent: agent.to_owned(), entries: thousands(size.entries), bytes: bytes(size.bytes) }
    }
}

pub(super) async fn purge(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    if form.find("confirm").is_none() {
        let detail =
            "confirm that the next request for each reply goes out and is paid for; nothing was purged yet";
        return Err(Problem::invalid("not-confirmed", "That was not confirmed", detail));
    }
    let agent = match form.text("agent") {
        "" => {
            let detail = "choose the agent whose replies are purged, or all agents; nothing was purged yet";
            return Err(Problem::invalid("no-agent", "No agent was chosen", detail));
        }
        ALL => None,
        agent => Some(agent),
    };
    purge_replies(&state, agent, by).await?;
    Ok(see_other("/spend"))
}
