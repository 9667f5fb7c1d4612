//! `GET /api/v1/spend/tiers`.

use crate::ask::Query;
use crate::problem::Problem;
use crate::spending::Stretch;
use crate::state::WebState;
use crate::tiered::outcomes;
use anvil_api::TierOutcomes;
use axum::Json;
use axum::extract::State;

pub(super) async fn show(State(state): State<WebState>, query: Query) -> Result<Json<TierOutcomes>, Problem> {
    let ledger = &state.control.ledger;
    let stretch = Stretch::of(&query, &ledger.windows(), state.control.clock.now())?;
    let items = outcomes(ledger.tiers(stretch.from, stretch.to).await?);
    Ok(Json(TierOutcomes { from: stretch.from, to: stretch.to, upstream: state.config.upstream, items }))
}
