//! `GET /api/v1/spend`, as JSON or as CSV.

use crate::ask::{Query, bad_query};
use crate::csv::{self, cell, dollars};
use crate::problem::Problem;
use crate::spending::{Grouped, Stretch};
use crate::state::WebState;
use anvil_api::{By, Spend, SpendItem};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

pub(super) async fn show(
    State(state): State<WebState>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let by = query.value("by")?.unwrap_or(By::Agent);
    let stretch = Stretch::of(&query, &state.control.ledger.windows(), state.control.clock.now())?;
    let csv = csv::wanted(query.text("format"), &headers).map_err(bad_query)?;
    let grouped = Grouped::load(&state, stretch, by).await?;
    if csv {
        return Ok(csv::file("anvil-spend.csv", lines(by, &grouped)));
    }
    let items = grouped.groups.into_iter().map(|(name, sum)| SpendItem { name, sum }).collect();
    let spend = Spend {
        from: stretch.from,
        to: stretch.to,
        by,
        upstream: state.config.upstream,
        estimated: by == By::Kind,
        items,
        total: grouped.total,
    };
    Ok(Json(spend).into_response())
}

/// Without a line of totals: a spreadsheet makes its own.
fn lines(by: By, grouped: &Grouped) -> String {
    let names = [
        by.name(),
        "calls",
        "spent_usd",
        "unknown_usd",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "saved_usd",
        "hits",
        "reply_saved_usd",
        "batched",
        "batch_saved_usd",
    ];
    let mut text = csv::line(names.map(str::to_owned));
    for (name, sum) in &grouped.groups {
        let tokens = &sum.tokens;
        text += &csv::line([
            cell(name.as_deref().unwrap_or_default()),
            sum.calls.map(|calls| calls.to_string()).unwrap_or_default(),
            dollars(sum.spent),
            dollars(sum.unknown),
            tokens.input.to_string(),
            tokens.output.to_string(),
            tokens.cache_read.to_string(),
            tokens.cache_write_5m.to_string(),
            tokens.cache_write_1h.to_string(),
            sum.saved.map(dollars).unwrap_or_default(),
            sum.hits.map(|hits| hits.to_string()).unwrap_or_default(),
            sum.reply_saved.map(dollars).unwrap_or_default(),
            sum.batched.map(|batched| batched.to_string()).unwrap_or_default(),
            sum.batch_saved.map(dollars).unwrap_or_default(),
        ]);
    }
    text
}
