//! `POST /api/v1/upstream/probe`: a person asks whether Claude answers.

use crate::guard::name_of;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::Probe;
use anvil_control::ProbeError;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};

pub(super) async fn probe(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<Probe>, Problem> {
    state.control.probe.run(name_of(caller.map(|caller| caller.0))).await.map(Json).map_err(|error| {
        match error {
            ProbeError::UnderWay => Problem::new(
                StatusCode::CONFLICT,
                "probe-under-way",
                "A probe is under way",
                error.to_string(),
            ),
            ProbeError::Store(why) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store-failed",
                "The probe could not be written down",
                why,
            ),
        }
    })
}
