//! `/api/v1/jobs/{id}/replay`: a past job once more, against its journal.

use crate::ask::{Id, read};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{Fixture, Replayed};
use anvil_control::ReplayError;
use anvil_types::JobId;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// Replays on the version that the job ran on, or on the plugin that is the body.
pub(super) async fn replay(
    State(state): State<WebState>,
    Id(id): Id<JobId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Replayed>, Problem> {
    let limit = usize::try_from(state.control.replay.max_plugin_bytes()).unwrap_or(usize::MAX);
    let bytes = read(&headers, body, limit, "sandbox.plugin_file_mb").await?;
    let plugin = (!bytes.is_empty()).then(|| bytes.to_vec());
    Ok(Json(state.control.replay.run(id, plugin).await?))
}

/// A finished job as a test of its plugin.
pub(super) async fn fixture(
    State(state): State<WebState>,
    Id(id): Id<JobId>,
) -> Result<Json<Fixture>, Problem> {
    Ok(Json(state.control.replay.fixture(id).await?))
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let detail = error.to_string();
        let conflict = |slug, title| Self::new(StatusCode::CONFLICT, slug, title, detail.clone());
        match error {
            ReplayError::Store(error) => error.into(),
            ReplayError::NotFinished(_) => conflict("not-finished", "The job is not finished"),
            ReplayError::NeverRan => conflict("never-ran", "The job never ran"),
            ReplayError::VersionGone(_) => conflict("version-gone", "The version is not kept any more"),
            ReplayError::Stopped(_) => conflict("replay-stopped", "The replay was stopped"),
            ReplayError::FixtureLarge(_) => {
                conflict("fixture-too-large", "The job is too large for a fixture")
            }
            ReplayError::Rejected(_) => Self::invalid("no-plugin", "The file is no plugin", detail),
            ReplayError::OtherAgent { .. } => {
                Self::invalid("other-agent", "The file is another agent", detail)
            }
        }
    }
}
