//! `PUT` and `DELETE /api/v1/agents/{name}`: plugins that are handed in, and removed.

use crate::ask::{PluginBody, Query, Who};
use crate::permission::Permission::Admin;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{PluginRemoved, PluginReport};
use anvil_control::PluginError;
use anvil_types::words::PluginRefusal;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Admin, Method::PUT, "/api/v1/agents/{name}", "Put a plugin into the folder", put)
        .query(&["dry_run"])
        .takes_media("application/wasm")
        .gives::<PluginReport>()
        .route(Admin, Method::DELETE, "/api/v1/agents/{name}", "Remove an agent's plugin", remove)
        .gives::<PluginRemoved>()
}

async fn put(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
    query: Query,
    PluginBody(mut incoming): PluginBody,
) -> Result<Json<PluginReport>, Problem> {
    let agents = &state.control.agents;
    let dry_run = query.value::<bool>("dry_run")?.unwrap_or(false);
    let report = agents.examine(&mut incoming, Some(&name)).await?;
    if dry_run {
        return Ok(Json(report));
    }
    Ok(Json(agents.put(incoming, report, by).await?))
}

async fn remove(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<PluginRemoved>, Problem> {
    Ok(Json(state.control.agents.remove(&name, by).await?))
}

impl From<PluginError> for Problem {
    fn from(error: PluginError) -> Self {
        let detail = error.to_string();
        match error {
            PluginError::Store(error) => error.into(),
            PluginError::Refused(PluginRefusal::Rejected(_)) => {
                Self::invalid("no-plugin", "The file is no plugin", detail)
            }
            PluginError::Refused(PluginRefusal::OtherAgent { .. }) => {
                Self::invalid("other-agent", "The file is another agent", detail)
            }
            PluginError::Refused(PluginRefusal::NoFile { .. }) => {
                Self::not_found("no-such-agent", "There is no such agent", detail)
            }
            PluginError::Refused(PluginRefusal::FileTaken { .. } | PluginRefusal::NotHeld) => {
                Self::new(StatusCode::CONFLICT, "plugin-not-put", "The plugin was not put in", detail)
            }
            PluginError::Refused(PluginRefusal::Folder(_)) => {
                tracing::error!(error = %detail, "a plugin could not be put in or removed");
                Self::internal(detail)
            }
        }
    }
}
