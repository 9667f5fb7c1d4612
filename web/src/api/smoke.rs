//! `POST /api/v1/agents/{name}/smoke`: an agent tried against a played Claude.

use super::versions::known;
use crate::ask::Object;
use crate::permission::Permission::Operate;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{SmokeReport, SmokeRequest};
use anvil_types::words::SmokeRefusal;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};

/// Adds its route.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(
            Operate,
            Method::POST,
            "/api/v1/agents/{name}/smoke",
            "Try an agent against a played Claude",
            smoke,
        )
        .takes::<SmokeRequest>()
        .gives::<SmokeReport>()
}

async fn smoke(
    State(state): State<WebState>,
    Path(name): Path<String>,
    mut body: Object,
) -> Result<Json<SmokeReport>, Problem> {
    let action: Option<String> = body.field("action", "the name of an action");
    let payload = body.json("payload");
    body.finish()?;
    known(&state, &name)?;
    Ok(Json(state.control.agents.smoke(&name, action.as_deref(), payload).await?))
}

impl From<SmokeRefusal> for Problem {
    fn from(refusal: SmokeRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            SmokeRefusal::NotReady { .. } => {
                Self::new(StatusCode::CONFLICT, "agent-not-ready", "The agent is not ready", detail)
            }
            SmokeRefusal::NoAction { .. } => {
                Self::not_found("no-such-action", "There is no such action", detail)
            }
        }
    }
}
