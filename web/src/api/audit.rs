//! `GET /api/v1/audit`: what people changed.

use crate::ask::Query;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::List;
use anvil_store::AuditEntry;
use axum::Json;
use axum::extract::State;

/// The most entries of an answer.
const MOST: u32 = 1_000;

pub(super) async fn list(
    State(state): State<WebState>,
    query: Query,
) -> Result<Json<List<AuditEntry>>, Problem> {
    let limit = query.limit(50, MOST)?;
    Ok(Json(List::whole(state.control.audit.newest(limit).await?)))
}
