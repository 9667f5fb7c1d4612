//! Alerts: lists, one, and who knows of it.

use super::{Object, Query};
use crate::guard::name_of;
use crate::permission::Caller;
use crate::permission::Permission::{Operate, Read};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{AcknowledgeRequest, List};
use anvil_store::{AlertFilter, StoreError};
use anvil_types::{Alert, AlertId};
use axum::extract::{Path, State};
use axum::http::Method;
use axum::{Extension, Json};

/// What a list is asked by.
pub(super) const LIST_QUERY: [&str; 3] = ["state", "after", "limit"];

/// The longest note, in bytes.
const LONGEST_NOTE: usize = 1_000;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/api/v1/alerts", "Alerts, the newest first", list)
        .query(&LIST_QUERY)
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

async fn list(State(state): State<WebState>, query: Query) -> Result<Json<List<Alert, AlertId>>, Problem> {
    let query = query.only(&LIST_QUERY)?;
    let filter = AlertFilter {
        states: query.values("state")?,
        after: query.value("after")?,
        limit: query.limit(50, 500)?,
    };
    let page = state.control.alerts.page(filter).await?;
    Ok(Json(List { items: page.items, next: page.next }))
}

async fn show(State(state): State<WebState>, Path(text): Path<String>) -> Result<Json<Alert>, Problem> {
    Ok(Json(known(&state, id(&text)?).await?))
}

async fn acknowledge(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(text): Path<String>,
    mut body: Object,
) -> Result<Json<Alert>, Problem> {
    let note: String = body.field("note", "a text: what you know or did").unwrap_or_default();
    body.finish()?;
    let (id, note) = (id(&text)?, checked_note(&note)?);
    Ok(Json(state.control.alerts.acknowledge(id, name_of(caller.map(|c| c.0)), note).await?))
}

/// The note of whoever knows of an alert; it may be empty.
pub(crate) fn checked_note(note: &str) -> Result<&str, Problem> {
    let note = note.trim();
    if note.len() > LONGEST_NOTE {
        let detail = format!("the note has {} bytes, the most is {LONGEST_NOTE}", note.len());
        return Err(Problem::invalid("invalid-value", "A value makes no sense", detail));
    }
    Ok(note)
}

/// The id in an address.
pub(crate) fn id(text: &str) -> Result<AlertId, Problem> {
    text.parse().map_err(|error: anvil_types::id::BadId| {
        Problem::not_found("no-such-alert", "There is no such alert", error.to_string())
    })
}

/// The alert, or that there is none.
pub(crate) async fn known(state: &WebState, id: AlertId) -> Result<Alert, Problem> {
    Ok(state.control.alerts.get(id).await?.ok_or(StoreError::NoSuchAlert(id))?)
}
