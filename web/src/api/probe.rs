//! `POST /api/v1/upstream/probe`: a person asks whether Claude answers.

use crate::ask::Who;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::Probe;
use anvil_control::ProbeError;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

pub(super) async fn probe(State(state): State<WebState>, Who(by): Who) -> Result<Json<Probe>, Problem> {
    state.control.probe.run(by).await.map(Json).map_err(|error| match error {
        ProbeError::UnderWay => {
            Problem::new(StatusCode::CONFLICT, "probe-under-way", "A probe is under way", error.to_string())
        }
        ProbeError::Store(why) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store-failed",
            "The probe could not be written down",
            why,
        ),
    })
}
