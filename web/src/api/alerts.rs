//! Alerts: lists, one, and who knows of it.

use crate::ask::{ALERT_FILTERS, Filter, Id, Known, Object, PAGE, Who, checked_note};
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{AcknowledgeRequest, List};
use anvil_store::AlertFilter;
use anvil_types::{Alert, AlertId};
use axum::Json;
use axum::extract::State;
use axum::http::Method;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/api/v1/alerts", "Alerts, the newest first", list)
        .query(&ALERT_FILTERS)
        .query(&PAGE)
        .gives::<List<Alert, AlertId>>()
        .route(Read, Method::GET, "/api/v1/alerts/{id}", "One alert", show)
        .gives::<Alert>()
        .route(
            Operate,
            Method::POST,
            "/api/v1/alerts/{id}/acknowledge",
            "Say that somebody knows of it",
            acknowledge,
        )
        .takes::<AcknowledgeRequest>()
        .gives::<Alert>()
}

async fn list(
    State(state): State<WebState>,
    Filter(filter): Filter<AlertFilter>,
) -> Result<Json<List<Alert, AlertId>>, Problem> {
    let page = state.control.alerts.page(filter).await?;
    Ok(Json(List { items: page.items, next: page.next }))
}

async fn show(Known(alert): Known<Alert>) -> Json<Alert> {
    Json(alert)
}

async fn acknowledge(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<AlertId>,
    mut body: Object,
) -> Result<Json<Alert>, Problem> {
    let note: String = body.field("note", "a text: what you know or did").unwrap_or_default();
    body.finish()?;
    let note = checked_note(&note)?;
    Ok(Json(state.control.alerts.acknowledge(id, by, note).await?))
}
