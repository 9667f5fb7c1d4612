//! The brake as a page of its own: its causes and what ends each, the switch, and what it did before.

use crate::ask::{Form, Who};
use crate::panel::kit::address::local as within;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::{When, local};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::Status;
use anvil_budget::Windows;
use anvil_store::{BrakeEntry, BrakeHistory, BrakeMove};
use anvil_types::BrakeCauseKind;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

/// Lines of the history that are shown.
const PAST: u32 = 50;

/// The page.
#[derive(Template)]
#[template(path = "brake/page.html")]
pub(crate) struct BrakePage {
    pub(crate) shell: Shell,
    pub(crate) body: BrakeBody,
}

/// What of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "brake/body.html")]
pub(crate) struct BrakeBody {
    engaged: bool,
    causes: Vec<Raised>,
    /// Whether one of them is the day's: releasing it mutes it.
    day: bool,
    muted_until: Option<String>,
    running: u32,
    waiting: u64,
    past: Vec<Past>,
}

impl HtmlSafe for BrakeBody {}

/// A cause, and what ends it.
struct Raised {
    title: &'static str,
    reason: String,
    by: Option<String>,
    since: When,
    ends: String,
}

/// A line of the history.
struct Past {
    at: When,
    engaged: bool,
    title: &'static str,
    reason: String,
    by: Option<String>,
}

impl BrakeBody {
    pub(crate) fn new(status: &Status, history: &BrakeHistory, windows: &Windows) -> Self {
        let now = status.now;
        let causes = status.brake.causes.iter().map(|cause| {
            let until = cause.until.map(|until| format!(" by itself at {}", local(until, now, windows)));
            let until = until.unwrap_or_default();
            let ends = match cause.kind {
                BrakeCauseKind::Day => {
                    format!("Ends{until}, when the day's limit is raised, or by a release.")
                }
                BrakeCauseKind::SpendCap if until.is_empty() => {
                    "Ends by a release, once the cap of the upstream's own console is raised.".to_owned()
                }
                BrakeCauseKind::SpendCap => format!("Ends{until}, or by a release."),
                BrakeCauseKind::Account => {
                    "Ends by a release, or by itself when Claude answers a call: one tries every quarter of an hour."
                        .to_owned()
                }
                BrakeCauseKind::Store => {
                    "Ends when what calls cost can be written to the data folder again.".to_owned()
                }
                BrakeCauseKind::Restored => {
                    "Ends by a release, once somebody has made sure what was spent that the windows lack."
                        .to_owned()
                }
                BrakeCauseKind::Person => "Ends only by a release: nothing else lets go of it.".to_owned(),
            };
            Raised {
                title: title(cause.kind),
                reason: cause.reason.clone(),
                by: cause.by.clone(),
                since: When::relative(cause.since, now),
                ends,
            }
        });
        let past = |entry: &BrakeEntry| Past {
            at: When::relative(entry.at, now),
            engaged: entry.change == BrakeMove::Engaged,
            title: title(entry.kind),
            reason: entry.reason.clone(),
            by: entry.by.clone(),
        };
        Self {
            engaged: status.brake.engaged,
            causes: causes.collect(),
            day: status.brake.causes.iter().any(|cause| cause.kind == BrakeCauseKind::Day),
            muted_until: history.muted_until.map(|until| local(until, now, windows)),
            running: status.agents.running,
            waiting: status.queue.queued + status.queue.parked,
            past: history.history.iter().map(past).collect(),
        }
    }

    async fn load(state: &WebState, status: &Status) -> Result<Self, Problem> {
        let history = state.control.brake.history(PAST).await?;
        Ok(Self::new(status, &history, &state.control.ledger.windows()))
    }
}

/// A cause in a few words.
fn title(kind: BrakeCauseKind) -> &'static str {
    match kind {
        BrakeCauseKind::Day => "The day at 95 %",
        BrakeCauseKind::SpendCap => "The upstream's spend cap",
        BrakeCauseKind::Account => "The account at the upstream",
        BrakeCauseKind::Store => "The data folder",
        BrakeCauseKind::Restored => "A copy put back, or time set back",
        BrakeCauseKind::Person => "A person",
    }
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Other, "Brake").await?;
    let body = BrakeBody::load(&state, &status).await?;
    html(&BrakePage { shell, body })
}

pub(super) async fn page_body(State(state): State<WebState>) -> Result<Response, Problem> {
    let status = state.control.status.get().await?;
    fragment(&BrakeBody::load(&state, &status).await?, status.now)
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Other, "").await?;
    html(&shell.brake)
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let reason = form.text("reason").trim();
    if reason.is_empty() {
        return Err(Problem::invalid(
            "invalid-body",
            "A reason is missing",
            "say in a few words why: the audit log keeps it",
        ));
    }
    let engage = match form.text("engaged") {
        "true" => true,
        "false" => false,
        _ => {
            return Err(Problem::bad_request(
                "bad-form",
                "The form makes no sense",
                "`engaged` is true or false",
            ));
        }
    };
    state.control.brake.set(engage, reason, by).await?;
    Ok(see_other(within(form.text("next"))))
}
