//! `/api/v1/clock`: with the simulator, and only with it, time can be driven from outside. And what belongs to
//! time: a ledger whose time was wrong is set back, what is simulated is wiped.

use crate::ask::{Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{ClockView, SetBack};
use anvil_store::Wiped;
use anvil_types::clock::FASTEST;
use anvil_types::{Timestamp, UpstreamKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use std::time::Duration;

fn view(state: &WebState, now: Timestamp) -> Json<ClockView> {
    let driven = state.config.upstream == UpstreamKind::Simulated;
    Json(ClockView { now, rate: state.control.clock.rate(), driven, wall: state.control.clock.wall() })
}

pub(super) async fn show(State(state): State<WebState>) -> Json<ClockView> {
    view(&state, state.control.clock.now())
}

pub(super) async fn drive(
    State(state): State<WebState>,
    mut body: Object,
) -> Result<Json<ClockView>, Problem> {
    let refuse = |detail: String| {
        Problem::new(StatusCode::CONFLICT, "real-clock", "The clock cannot be driven", detail)
    };
    if state.config.upstream != UpstreamKind::Simulated {
        return Err(refuse(
            "the host asks a live upstream; only with the simulator can time be driven".into(),
        ));
    }
    let seconds = body.field::<f64>("advance_s", "a number of seconds, 0 or more");
    let rate = body.field::<f64>("rate", "how many times as fast as the machine's clock it runs");
    let length = Duration::try_from_secs_f64(seconds.unwrap_or(0.0));
    if length.is_err() {
        body.wrong("advance_s", "must be a number of seconds, 0 or more");
    }
    if rate.is_some_and(|rate| !(1.0..=FASTEST).contains(&rate)) {
        body.wrong("rate", format!("must be from 1 to {FASTEST}"));
    }
    if body.fits() && seconds.is_none() && rate.is_none() {
        body.wrong("advance_s", "say advance_s (seconds to jump ahead), rate (how fast to run), or both");
    }
    body.finish()?;
    let now = state.control.clock.drive(length.unwrap_or_default(), rate).map_err(refuse)?;
    Ok(view(&state, now))
}

pub(super) async fn set_back(
    State(state): State<WebState>,
    Who(by): Who,
    mut body: Object,
) -> Result<Json<SetBack>, Problem> {
    confirmed(&mut body, "the ledger's time is set back and the brake is engaged");
    let reason: String = body.required("reason", "a sentence that says why");
    if body.fits() && reason.trim().is_empty() {
        body.wrong("reason", "must say why");
    }
    body.finish()?;
    let wall = state.control.clock.set_back(by, reason.trim()).await?;
    let next = "restart the host; then look up what was spent and release the brake";
    Ok(Json(SetBack { now: state.control.clock.now(), wall, next: next.to_owned() }))
}

pub(super) async fn wipe(
    State(state): State<WebState>,
    Who(by): Who,
    mut body: Object,
) -> Result<Json<Wiped>, Problem> {
    confirmed(&mut body, "simulated jobs, ledger, limits, prices and time are deleted");
    let whose: String = body.required("upstream", "`simulated`");
    if body.fits() && whose != UpstreamKind::Simulated.name() {
        body.wrong("upstream", "must be `simulated`: what is live is never wiped");
    }
    body.finish()?;
    Ok(Json(state.control.simulation.wipe(by).await?))
}

fn confirmed(body: &mut Object, what: &str) {
    if body.field::<bool>("confirm", "true") != Some(true) && body.fits() {
        body.wrong("confirm", format!("must be true: {what}"));
    }
}
