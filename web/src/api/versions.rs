//! Versions of an agent (what is kept, going back and forward, the end of a quarantine), and its limits.

use crate::ask::{Object, Who, missing_agent};
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{List, RollBackRequest};
use anvil_control::VersionError;
use anvil_types::words::VersionRefusal;
use anvil_types::{AgentInfo, AgentVersion, LimitUsed};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};

/// Adds its routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let post = Method::POST;
    routes
        .route(Read, Method::GET, "/api/v1/agents/{name}/versions", "The kept versions of an agent", list)
        .gives::<List<AgentVersion>>()
        .route(Read, Method::GET, "/api/v1/agents/{name}/limits", "Its limits beside what was used", limits)
        .gives::<List<LimitUsed>>()
        .route(
            Operate,
            post.clone(),
            "/api/v1/agents/{name}/rollback",
            "Go back to a kept version",
            roll_back,
        )
        .takes::<RollBackRequest>()
        .gives::<AgentInfo>()
        .route(
            Operate,
            post.clone(),
            "/api/v1/agents/{name}/forward",
            "Go forward to its file again",
            forward,
        )
        .gives::<AgentInfo>()
        .route(Operate, post, "/api/v1/agents/{name}/release", "End the quarantine of an agent", release)
        .gives::<AgentInfo>()
}

async fn list(
    State(state): State<WebState>,
    Path(name): Path<String>,
) -> Result<Json<List<AgentVersion>>, Problem> {
    known(&state, &name)?;
    Ok(Json(List::whole(state.control.agents.versions(&name).await?)))
}

async fn limits(
    State(state): State<WebState>,
    Path(name): Path<String>,
) -> Result<Json<List<LimitUsed>>, Problem> {
    known(&state, &name)?;
    Ok(Json(List::whole(state.control.agents.limits(&name).await?)))
}

async fn roll_back(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
    mut body: Object,
) -> Result<Json<AgentInfo>, Problem> {
    let to: Option<String> = body.field("to", "a version's digest, or the beginning of it");
    body.finish()?;
    known(&state, &name)?;
    Ok(Json(state.control.agents.roll_back(&name, to.as_deref(), by).await?))
}

async fn forward(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    known(&state, &name)?;
    Ok(Json(state.control.agents.roll_forward(&name, by).await?))
}

async fn release(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Json<AgentInfo>, Problem> {
    known(&state, &name)?;
    Ok(Json(state.control.agents.release(&name, by).await?))
}

/// Whether there is an agent of this name.
pub(crate) fn known(state: &WebState, name: &str) -> Result<(), Problem> {
    let agents = state.control.agents.all();
    let is_there = agents.iter().any(|agent| agent.name == name && !agent.actions.is_empty());
    if is_there { Ok(()) } else { Err(missing_agent(name, &agents)) }
}

impl From<VersionError> for Problem {
    fn from(error: VersionError) -> Self {
        let detail = error.to_string();
        match error {
            VersionError::Store(error) => error.into(),
            VersionError::Refused(VersionRefusal::NoVersion { .. } | VersionRefusal::Ambiguous { .. }) => {
                Self::not_found("no-such-version", "There is no such version", detail)
            }
            VersionError::Refused(_) => Self::new(
                StatusCode::CONFLICT,
                "version-stays",
                "The version in force stays as it is",
                detail,
            ),
        }
    }
}
