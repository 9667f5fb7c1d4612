//! The REST API under `/api/v1`, and what machines ask beside it.

mod actions;
mod agents;
mod alerts;
mod audit;
mod body;
mod brake;
mod bulk;
mod clock;
mod edit;
mod events;
mod export;
mod files;
#[cfg(test)]
mod fuzz;
mod health;
mod id;
mod import;
mod jobs;
mod ledger;
mod limits;
mod lines;
mod list;
mod metrics;
mod prices;
mod probe;
mod query;
mod queue;
mod replay;
mod schedules;
mod scope_limits;
mod spend;
mod status;
mod submit;
mod webhooks;

pub(crate) use actions::id as action_id;
pub(crate) use agents::{missing as missing_agent, switch as switch_agent};
pub(crate) use alerts::{checked_note, id as alert_id, known as known_alert};

pub(crate) use body::Object;
pub(crate) use events::LiveText;
pub(crate) use files::find as find_artifact;
pub(crate) use id::Id;
pub(crate) use jobs::{
    FILTERS as JOB_FILTERS, LIST_FILTERS as JOB_LIST_FILTERS, filter as job_filter, known as known_job,
};
pub(crate) use ledger::{FILTERS as LEDGER_FILTERS, filter as ledger_filter};
pub(crate) use query::Query;
pub(crate) use schedules::{
    SHOWN_JOBS as SCHEDULE_JOBS, known as known_schedule, missing as missing_schedule,
    switch as switch_schedule,
};
pub(crate) use webhooks::{delivery_id, known as known_webhook, missing as missing_webhook};

use crate::routes::Routes;
use crate::scope::Scope::{Admin, Open, Operate, Read, Submit};
use axum::http::Method;

/// Adds the API's routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let routes = schedules::routes(actions::routes(alerts::routes(webhooks::routes(routes))));
    routes
        .route(Submit, post.clone(), "/api/v1/jobs", "Submit a job", submit::submit)
        .route(Submit, post.clone(), "/api/v1/jobs/bulk", "Submit many jobs as JSON lines", bulk::submit)
        .route(Read, get.clone(), "/api/v1/jobs", "Jobs, the newest first", jobs::list)
        .route(
            Read,
            get.clone(),
            "/api/v1/jobs/export",
            "Jobs as JSON lines, the oldest first",
            export::export,
        )
        .route(Operate, post.clone(), "/api/v1/jobs/import", "Take the jobs of an export in", import::import)
        .route(Read, get.clone(), "/api/v1/jobs/{id}", "A job with its attempts", jobs::show)
        .route(Operate, Method::PATCH, "/api/v1/jobs/{id}", "Change a job that waits", edit::edit)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/payload", "What a job was given", jobs::payload)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/result", "What a job gave", jobs::result)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/calls", "A job's calls", jobs::calls)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/events", "A job's events as they happen", events::of_job)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/log", "A job's log", jobs::log)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/artifacts", "A job's files", files::list)
        .route(Read, get.clone(), "/api/v1/jobs/{id}/artifacts/{*name}", "One file", files::download)
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/cancel", "Stop a job", jobs::cancel)
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/retry", "Run a finished job again", jobs::retry)
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/resume", "Let a parked job go on now", jobs::resume)
        .route(
            Operate,
            post.clone(),
            "/api/v1/jobs/{id}/replay",
            "Run a past job against its journal",
            replay::replay,
        )
        .route(Read, get.clone(), "/api/v1/queue", "Whether the queue is paused", queue::show)
        .route(Operate, put.clone(), "/api/v1/queue", "Pause or resume the queue", queue::set)
        .route(Read, get.clone(), "/api/v1/agents", "Every plugin file", agents::list)
        .route(Read, get.clone(), "/api/v1/agents/{name}", "One agent", agents::show)
        .route(Operate, post.clone(), "/api/v1/agents/{name}/enable", "Switch an agent on", agents::enable)
        .route(Operate, post.clone(), "/api/v1/agents/{name}/disable", "Switch it off", agents::disable)
        .route(Read, get.clone(), "/api/v1/status", "How the host stands", status::show)
        .route(Read, get.clone(), "/api/v1/limits", "The limits in force", limits::show)
        .route(Admin, put.clone(), "/api/v1/limits", "Change or reset limits", limits::change)
        .route(
            Read,
            get.clone(),
            "/api/v1/limits/scopes",
            "Limits of agents and API keys",
            scope_limits::list,
        )
        .route(
            Admin,
            put.clone(),
            "/api/v1/limits/scopes/{scope}",
            "Change or reset those of one",
            scope_limits::change,
        )
        .route(Read, get.clone(), "/api/v1/prices", "What tokens cost", prices::list)
        .route(Admin, put.clone(), "/api/v1/prices", "Set a price", prices::set)
        .route(Admin, Method::DELETE, "/api/v1/prices/{id}", "Take a set price away", prices::reset)
        .route(Read, get.clone(), "/api/v1/brake", "The brake and its history", brake::show)
        .route(Operate, put, "/api/v1/brake", "Engage or release the brake", brake::set)
        .route(
            Operate,
            post.clone(),
            "/api/v1/upstream/probe",
            "Ask Claude for a word, to see whether it answers",
            probe::probe,
        )
        .route(
            Read,
            get.clone(),
            "/api/v1/spend",
            "Spend by agent, model, key, kind, hour or day",
            spend::show,
        )
        .route(Read, get.clone(), "/api/v1/ledger", "The ledger, the newest first", ledger::list)
        .route(
            Admin,
            post.clone(),
            "/api/v1/ledger/{id}/correct",
            "Enter what a call really cost",
            ledger::correct,
        )
        .route(Read, get.clone(), "/api/v1/events", "All events as they happen", events::all)
        .route(Read, get.clone(), "/api/v1/audit", "What people changed, the newest first", audit::list)
        .route(Read, get.clone(), "/api/v1/clock", "The host's clock", clock::show)
        .route(Admin, post.clone(), "/api/v1/clock", "Drive the simulator's clock", clock::drive)
        .route(
            Admin,
            post.clone(),
            "/api/v1/clock/set-back",
            "Set the ledger's time back to the machine's clock",
            clock::set_back,
        )
        .route(Admin, post, "/api/v1/wipe", "Wipe what is simulated", clock::wipe)
        .route(Open, get.clone(), "/healthz", "Whether the process answers", health::alive)
        .route(Open, get.clone(), "/readyz", "Whether it can take jobs", health::ready)
        .route(Read, get, "/metrics", "Figures for Prometheus", metrics::show)
}
