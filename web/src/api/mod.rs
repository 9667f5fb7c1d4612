//! The REST API under `/api/v1`, and what machines ask beside it.

mod actions;
mod agent_state;
mod agents;
mod alerts;
mod audit;
mod batches;
mod brake;
mod bulk;
mod clock;
mod compression;
mod edit;
mod events;
mod export;
mod files;
#[cfg(test)]
mod fuzz;
mod health;
mod import;
mod jobs;
mod ledger;
mod limits;
mod metrics;
mod misses;
mod plan;
mod plugins;
mod prices;
mod probe;
mod questions;
mod queue;
mod replay;
mod reply_cache;
mod schedules;
mod scope_limits;
mod smoke;
mod spend;
mod status;
mod submit;
mod tiers;
mod versions;
mod webhooks;

pub(crate) use agent_state::clear_all as clear_agent_state;
pub(crate) use agents::switch as switch_agent;
pub(crate) use events::LiveText;
pub(crate) use reply_cache::purge_of as purge_replies;
pub(crate) use schedules::{SHOWN_JOBS as SCHEDULE_JOBS, switch as switch_schedule};

use crate::ask::{JOB_LIST_FILTERS, LEDGER_FILTERS, PAGE};
use crate::permission::Permission::{Admin, Open, Operate, Read, Submit};
use crate::routes::Routes;
use anvil_api::{
    BrakeRequest, BrakeStatus, BrakeView, BulkAnswer, CacheMisses, ClockRequest, ClockView,
    CompressionReport, CorrectionRequest, EditRequest, Fixture, ImportAnswer, JobDetail, JobList, Ledger,
    LimitsRequest, LimitsView, LineProblem, List, PlanAnswer, PlanQuestion, Predictions, PriceRequest,
    PriceView, Probe, QueueRequest, QueueView, Replayed, ScopeLimitsRequest, ScopeLimitsView, SetBack,
    SetBackRequest, Spend, Status, SubmitRequest, TierOutcomes, WipeRequest,
};
use anvil_types::{
    AgentInfo, ArtifactInfo, AuditEntry, CallRecord, InputInfo, Job, Json as AnyJson, LimitUsed, LogLine,
    Wiped,
};
use axum::http::Method;

/// Adds the API's routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    let routes =
        schedules::routes(actions::routes(alerts::routes(webhooks::routes(questions::routes(routes)))));
    let routes = agent_state::routes(records(money(host(jobs(routes)))));
    let routes = smoke::routes(plugins::routes(versions::routes(routes)));
    batches::routes(reply_cache::routes(routes))
}

/// Jobs: what is submitted, what is known of them, what is done with one.
fn jobs(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .route(Submit, post.clone(), "/api/v1/jobs", "Submit a job", submit::submit)
        .header("Idempotency-Key")
        .takes::<SubmitRequest>()
        .takes_with_files::<SubmitRequest>()
        .gives::<Job>()
        .route(Submit, post.clone(), "/api/v1/jobs/bulk", "Submit many jobs as JSON lines", bulk::submit)
        .takes_media("application/jsonl")
        .gives_lines::<BulkAnswer>()
        .gives_lines::<LineProblem>()
        .route(Read, get.clone(), "/api/v1/jobs", "Jobs, the newest first", jobs::list)
        .query(&JOB_LIST_FILTERS)
        .query(&PAGE)
        .gives::<JobList>()
        .route(
            Read,
            get.clone(),
            "/api/v1/jobs/export",
            "Jobs as JSON lines, the oldest first",
            export::export,
        )
        .query(&JOB_LIST_FILTERS)
        .query(&["files"])
        .gives_media("application/jsonl")
        .route(Operate, post.clone(), "/api/v1/jobs/import", "Take the jobs of an export in", import::import)
        .takes_media("application/jsonl")
        .gives_lines::<ImportAnswer>()
        .gives_lines::<LineProblem>()
        .route(
            Read,
            get.clone(),
            "/api/v1/jobs/{id}/limits",
            "A job's limits beside what it used",
            jobs::limits,
        )
        .gives::<List<LimitUsed>>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}", "A job with its attempts", jobs::show)
        .gives::<JobDetail>()
        .route(Operate, Method::PATCH, "/api/v1/jobs/{id}", "Change a job that waits", edit::edit)
        .takes::<EditRequest>()
        .gives::<Job>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}/payload", "What a job was given", jobs::payload)
        .gives::<AnyJson>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}/result", "What a job gave", jobs::result)
        .gives::<AnyJson>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}/calls", "A job's calls", jobs::calls)
        .gives::<List<CallRecord>>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}/events", "A job's events as they happen", events::of_job)
        .query(&["after"])
        .header("Last-Event-ID")
        .gives_media("text/event-stream")
        .route(Read, get.clone(), "/api/v1/jobs/{id}/log", "A job's log", jobs::log)
        .query(&PAGE)
        .gives::<List<LogLine, u64>>()
        .route(
            Read,
            get.clone(),
            "/api/v1/jobs/{id}/inputs",
            "The files that a job was submitted with",
            files::inputs,
        )
        .gives::<List<InputInfo>>()
        .route(Read, get.clone(), "/api/v1/jobs/{id}/inputs/{*name}", "One of them", files::download_input)
        .gives_media("text/plain; charset=utf-8")
        .gives_media("application/octet-stream")
        .route(Read, get.clone(), "/api/v1/jobs/{id}/artifacts", "A job's files", files::list)
        .gives::<List<ArtifactInfo>>()
        .route(Read, get, "/api/v1/jobs/{id}/artifacts/{*name}", "One file", files::download)
        .gives_media("text/plain; charset=utf-8")
        .gives_media("application/octet-stream")
        .route(
            Operate,
            Method::GET,
            "/api/v1/jobs/{id}/fixture",
            "A finished job as a test of its plugin",
            replay::fixture,
        )
        .gives::<Fixture>()
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/cancel", "Stop a job", jobs::cancel)
        .gives::<Job>()
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/retry", "Run a finished job again", jobs::retry)
        .gives::<Job>()
        .route(Submit, post.clone(), "/api/v1/jobs/{id}/resume", "Let a parked job go on now", jobs::resume)
        .gives::<Job>()
        .route(
            Operate,
            post,
            "/api/v1/jobs/{id}/replay",
            "Run a past job against its journal",
            replay::replay,
        )
        .takes_media("application/wasm")
        .gives::<Replayed>()
}

/// The queue, the agents, and how the host stands.
fn host(routes: Routes) -> Routes {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    routes
        .route(Read, get.clone(), "/api/v1/queue", "Whether the queue is paused", queue::show)
        .gives::<QueueView>()
        .route(Operate, put, "/api/v1/queue", "Pause or resume the queue", queue::set)
        .takes::<QueueRequest>()
        .gives::<QueueView>()
        .route(Read, get.clone(), "/api/v1/agents", "Every plugin file", agents::list)
        .gives::<List<AgentInfo>>()
        .route(Read, get.clone(), "/api/v1/agents/{name}", "One agent", agents::show)
        .gives::<AgentInfo>()
        .route(Operate, post.clone(), "/api/v1/agents/{name}/enable", "Switch an agent on", agents::enable)
        .gives::<AgentInfo>()
        .route(Operate, post, "/api/v1/agents/{name}/disable", "Switch it off", agents::disable)
        .gives::<AgentInfo>()
        .route(Read, get, "/api/v1/status", "How the host stands", status::show)
        .gives::<Status>()
}

/// Limits, prices, the brake, what was spent.
fn money(routes: Routes) -> Routes {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    routes
        .route(Read, get.clone(), "/api/v1/limits", "The limits in force", limits::show)
        .gives::<LimitsView>()
        .route(Admin, put.clone(), "/api/v1/limits", "Change or reset limits", limits::change)
        .takes::<LimitsRequest>()
        .gives::<LimitsView>()
        .route(
            Read,
            get.clone(),
            "/api/v1/limits/scopes",
            "Limits of agents and API keys",
            scope_limits::list,
        )
        .gives::<List<ScopeLimitsView>>()
        .route(
            Admin,
            put.clone(),
            "/api/v1/limits/scopes/{scope}",
            "Change or reset those of one",
            scope_limits::change,
        )
        .takes::<ScopeLimitsRequest>()
        .gives::<ScopeLimitsView>()
        .route(Read, get.clone(), "/api/v1/prices", "What tokens cost", prices::list)
        .gives::<List<PriceView>>()
        .route(Admin, put.clone(), "/api/v1/prices", "Set a price", prices::set)
        .takes::<PriceRequest>()
        .gives::<PriceView>()
        .route(Admin, Method::DELETE, "/api/v1/prices/{id}", "Take a set price away", prices::reset)
        .route(Read, get.clone(), "/api/v1/brake", "The brake and its history", brake::show)
        .query(&["limit"])
        .gives::<BrakeView>()
        .route(Operate, put, "/api/v1/brake", "Engage or release the brake", brake::set)
        .takes::<BrakeRequest>()
        .gives::<BrakeStatus>()
        .route(
            Operate,
            post.clone(),
            "/api/v1/upstream/probe",
            "Ask Claude for a word, to see whether it answers",
            probe::probe,
        )
        .gives::<Probe>()
        .route(
            Read,
            get.clone(),
            "/api/v1/spend",
            "Spend by agent, model, key, kind, hour or day",
            spend::show,
        )
        .query(&["from", "to", "by", "format"])
        .gives::<Spend>()
        .gives_media("text/csv")
        .route(
            Read,
            get.clone(),
            "/api/v1/spend/misses",
            "Misses of the prompt cache, and what it saved",
            misses::show,
        )
        .query(&["from", "to", "by"])
        .gives::<CacheMisses>()
        .route(
            Read,
            get.clone(),
            "/api/v1/spend/compression",
            "What was compressed, what that saved, and whether it pays",
            compression::show,
        )
        .query(&["from", "to"])
        .gives::<CompressionReport>()
        .route(
            Read,
            get.clone(),
            "/api/v1/spend/tiers",
            "How jobs ended, by the tier that answered them",
            tiers::show,
        )
        .query(&["from", "to"])
        .gives::<TierOutcomes>()
        .route(Read, get, "/api/v1/ledger", "The ledger, the newest first", ledger::list)
        .query(&LEDGER_FILTERS)
        .query(&PAGE)
        .query(&["format"])
        .gives::<Ledger>()
        .gives_media("text/csv")
        .route(Admin, post, "/api/v1/ledger/{id}/correct", "Enter what a call really cost", ledger::correct)
        .takes::<CorrectionRequest>()
        .gives::<CallRecord>()
}

/// What happened, the clock, and what machines ask.
fn records(routes: Routes) -> Routes {
    let (get, post) = (Method::GET, Method::POST);
    routes
        .route(Read, get.clone(), "/api/v1/events", "All events as they happen", events::all)
        .query(&["after"])
        .header("Last-Event-ID")
        .gives_media("text/event-stream")
        .route(Submit, post.clone(), "/api/v1/plan", "Plan some days of work", plan::plan)
        .takes::<PlanQuestion>()
        .gives::<PlanAnswer>()
        .route(
            Read,
            get.clone(),
            "/api/v1/plan/predictions",
            "What the host predicted of its own days, and what happened",
            plan::predictions,
        )
        .query(&["limit"])
        .gives::<Predictions>()
        .route(Read, get.clone(), "/api/v1/audit", "What people changed, the newest first", audit::list)
        .query(&["limit"])
        .gives::<List<AuditEntry>>()
        .route(Read, get.clone(), "/api/v1/clock", "The host's clock", clock::show)
        .gives::<ClockView>()
        .route(Admin, post.clone(), "/api/v1/clock", "Drive the simulator's clock", clock::drive)
        .takes::<ClockRequest>()
        .gives::<ClockView>()
        .route(
            Admin,
            post.clone(),
            "/api/v1/clock/set-back",
            "Set the ledger's time back to the machine's clock",
            clock::set_back,
        )
        .takes::<SetBackRequest>()
        .gives::<SetBack>()
        .route(Admin, post, "/api/v1/wipe", "Wipe what is simulated", clock::wipe)
        .takes::<WipeRequest>()
        .gives::<Wiped>()
        .route(Open, get.clone(), "/healthz", "Whether the process answers", health::alive)
        .gives_media("text/plain; charset=utf-8")
        .route(Open, get.clone(), "/readyz", "Whether it can take jobs", health::ready)
        .gives_media("text/plain; charset=utf-8")
        .route(Read, get, "/metrics", "Figures for Prometheus", metrics::show)
        .gives_media("text/plain; version=0.0.4")
}
