//! `/api/v1/clock`: with the simulator, and only with it, time can be driven from outside.

use super::Object;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::clock::FASTEST;
use anvil_types::{Timestamp, UpstreamKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::time::Duration;

/// The host's clock.
#[derive(Serialize)]
pub(super) struct Clock {
    /// The host's time.
    now: Timestamp,
    /// How many of its seconds pass in one of the machine's.
    rate: f64,
    /// Whether it can be driven.
    driven: bool,
}

impl Clock {
    fn of(state: &WebState, now: Timestamp) -> Json<Self> {
        let driven = state.config.upstream == UpstreamKind::Simulated;
        Json(Self { now, rate: state.runner.clock_rate(), driven })
    }
}

pub(super) async fn show(State(state): State<WebState>) -> Json<Clock> {
    Clock::of(&state, state.runner.now())
}

pub(super) async fn drive(State(state): State<WebState>, mut body: Object) -> Result<Json<Clock>, Problem> {
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
    let now = state.runner.drive_clock(length.unwrap_or_default(), rate).map_err(refuse)?;
    Ok(Clock::of(&state, now))
}
