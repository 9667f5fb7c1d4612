//! `GET /api/v1/spend/compression`.

use crate::ask::Query;
use crate::compressed::items;
use crate::problem::Problem;
use crate::spending::Stretch;
use crate::state::WebState;
use anvil_api::CompressionReport;
use axum::Json;
use axum::extract::State;

pub(super) async fn show(
    State(state): State<WebState>,
    query: Query,
) -> Result<Json<CompressionReport>, Problem> {
    let ledger = &state.control.ledger;
    let stretch = Stretch::of(&query, &ledger.windows(), state.control.clock.now())?;
    let (items, total) = items(ledger.compressed(stretch.from, stretch.to).await?);
    Ok(Json(CompressionReport {
        from: stretch.from,
        to: stretch.to,
        upstream: state.config.upstream,
        items,
        total,
        latest: ledger.replayed(),
    }))
}
