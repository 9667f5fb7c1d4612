//! `POST /api/v1/clock`: with the simulator, and only with it, time can be driven from outside.

use super::Object;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::{Timestamp, UpstreamKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use std::time::Duration;

/// The host's time after the jump.
#[derive(Serialize)]
pub(super) struct Now {
    now: Timestamp,
}

pub(super) async fn advance(State(state): State<WebState>, mut body: Object) -> Result<Json<Now>, Problem> {
    let refuse = |detail: String| {
        Problem::new(StatusCode::CONFLICT, "real-clock", "The clock cannot be driven", detail)
    };
    if state.config.upstream != UpstreamKind::Simulated {
        return Err(refuse(
            "the host asks a live upstream; only with the simulator can time be driven".into(),
        ));
    }
    let wants = "a number of seconds, 0 or more";
    let seconds = body.required::<Option<f64>>("advance_s", wants);
    let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if body.fits() && length.is_none() {
        body.wrong("advance_s", format!("must be {wants}"));
    }
    body.finish()?;
    let now = state.runner.drive_clock(length.unwrap_or_default()).map_err(refuse)?;
    Ok(Json(Now { now }))
}
