//! `GET /api/v1/spend/misses`.

use crate::ask::Query;
use crate::missed::grouped;
use crate::problem::Problem;
use crate::spending::Stretch;
use crate::state::WebState;
use anvil_api::{CacheMisses, MissesBy};
use axum::Json;
use axum::extract::State;

pub(super) async fn show(State(state): State<WebState>, query: Query) -> Result<Json<CacheMisses>, Problem> {
    let by = query.value::<MissesBy>("by")?;
    let ledger = &state.control.ledger;
    let stretch = Stretch::of(&query, &ledger.windows(), state.control.clock.now())?;
    let usage = ledger.usage(vec![stretch.from, stretch.to]).await?;
    let (items, total) = grouped(&ledger.misses(stretch.from, stretch.to).await?, by);
    Ok(Json(CacheMisses {
        from: stretch.from,
        to: stretch.to,
        by,
        upstream: state.config.upstream,
        saved: usage.iter().map(|sum| sum.saved).sum(),
        items,
        total,
    }))
}
