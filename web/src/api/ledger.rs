//! `GET /api/v1/ledger`, as JSON or as CSV.

use crate::ask::{Filter, Id, Object, Query, Who, bad_query};
use crate::csv::{self, cell, dollars};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::Ledger;
use anvil_store::{Correction, LedgerFilter, StoreError};
use anvil_types::{CallId, CallRecord};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// Entries that are read at once for a download.
const BATCH: u32 = 1_000;

/// The columns of the CSV, in their order.
const COLUMNS: [&str; 40] = [
    "id",
    "state",
    "held_at",
    "settled_at",
    "job",
    "agent",
    "attempt",
    "position",
    "api_key",
    "session",
    "tags",
    "tier_asked",
    "tier_given",
    "tier_reason",
    "model",
    "model_answered",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "service_tier",
    "inference_geo",
    "speed",
    "price_row",
    "hold_usd",
    "cost_usd",
    "duration_ms",
    "detail",
    "saved_usd",
    "miss",
    "miss_at",
    "miss_tokens",
    "miss_usd",
    "reply_of",
    "reply_saved_usd",
    "batch_saved_usd",
    "compressed_tokens",
    "compressed_saved_usd",
    "early",
];

pub(super) async fn list(
    State(state): State<WebState>,
    headers: HeaderMap,
    Filter(filter): Filter<LedgerFilter>,
    query: Query,
) -> Result<Response, Problem> {
    let after: Option<CallId> = query.value("after")?;
    if csv::wanted(query.text("format"), &headers).map_err(bad_query)? {
        let most = query.value::<u64>("limit")?.unwrap_or(u64::MAX);
        return Ok(csv::download("anvil-ledger.csv", lines(state, filter, after, most)));
    }
    let limit = query.limit(100, 1_000)?;
    let page = state.control.ledger.page(filter.clone(), after, limit).await?;
    let total = state.control.ledger.totals(filter).await?;
    Ok(Json(Ledger { items: page.items, next: page.next, total }).into_response())
}

/// `POST /api/v1/ledger/{id}/correct`: an entry of its own beside the call's.
pub(super) async fn correct(
    State(state): State<WebState>,
    Who(by): Who,
    Id(call): Id<CallId>,
    mut body: Object,
) -> Result<Json<CallRecord>, Problem> {
    let cost = body.dollars("cost_usd", "the dollars that the call really cost");
    if cost.is_none() && body.fits() {
        body.wrong("cost_usd", "is missing; it must be the dollars that the call really cost");
    }
    let reason: String = body.required("reason", "a few words on how you know: the ledger keeps them");
    if body.fits() && reason.trim().is_empty() {
        body.wrong("reason", "is empty; it must be a few words on how you know: the ledger keeps them");
    }
    body.finish()?;
    let (by, reason) = (by.to_owned(), reason.trim().to_owned());
    let correction = Correction { call, cost: cost.unwrap_or_default(), by, reason };
    Ok(Json(state.control.ledger.correct(correction).await?))
}

/// Where a download is.
struct Place {
    state: WebState,
    filter: LedgerFilter,
    after: Option<CallId>,
    left: u64,
    begun: bool,
    done: bool,
}

/// The lines of a download, a batch at a time, so that no more than a batch is ever in memory.
fn lines(
    state: WebState,
    filter: LedgerFilter,
    after: Option<CallId>,
    most: u64,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> + Send {
    let begin = Place { state, filter, after, left: most, begun: false, done: false };
    stream::unfold(begin, |mut place| async move {
        if !place.begun {
            place.begun = true;
            return Some((Ok(csv::line(COLUMNS.map(str::to_owned)).into()), place));
        }
        if place.done || place.left == 0 {
            return None;
        }
        let batch = u32::try_from(place.left).unwrap_or(BATCH).min(BATCH);
        match place.state.control.ledger.page(place.filter.clone(), place.after, batch).await {
            Ok(page) => {
                place.done = page.next.is_none();
                place.after = page.next;
                place.left -= page.items.len() as u64;
                let text: String = page.items.iter().map(line).collect();
                Some((Ok(text.into()), place))
            }
            Err(error) => {
                // The connection breaks off, so that nobody takes this for all of it.
                tracing::error!(%error, "a download of the ledger broke off");
                place.done = true;
                Some((Err(error), place))
            }
        }
    })
}

fn line(call: &CallRecord) -> String {
    let show = |value: Option<String>| value.unwrap_or_default();
    let text = |value: &Option<String>| cell(value.as_deref().unwrap_or_default());
    let usage = &call.usage;
    csv::line([
        call.id.to_string(),
        call.state.name().to_owned(),
        call.held_at.to_string(),
        show(call.settled_at.map(|at| at.to_string())),
        show(call.job.map(|job| job.to_string())),
        text(&call.agent),
        show(call.attempt.map(|n| n.to_string())),
        show(call.position.map(|n| n.to_string())),
        text(&call.api_key),
        text(&call.session),
        cell(&call.tags.join(" ")),
        call.tier_asked.to_string(),
        call.tier_given.to_string(),
        text(&call.tier_reason),
        cell(&call.model),
        text(&call.model_answered),
        usage.input_tokens.to_string(),
        usage.output_tokens.to_string(),
        usage.cache_read_tokens.to_string(),
        usage.cache_write_5m_tokens.to_string(),
        usage.cache_write_1h_tokens.to_string(),
        text(&usage.service_tier),
        text(&usage.inference_geo),
        text(&usage.speed),
        cell(&call.price_row),
        dollars(call.hold),
        dollars(call.cost),
        show(call.duration_ms.map(|ms| ms.to_string())),
        text(&call.detail),
        dollars(call.saved),
        show(call.miss.map(|miss| miss.reason.kind().name().to_owned())),
        show(call.miss.and_then(|miss| miss.reason.at()).map(|at| at.to_string())),
        show(call.miss.map(|miss| miss.tokens.to_string())),
        show(call.miss.map(|miss| dollars(miss.cost))),
        show(call.reply_of.map(|call| call.to_string())),
        dollars(call.reply_saved),
        dollars(call.batch_saved),
        show(call.compressed.map(|by| by.tokens.to_string())),
        show(call.compressed.map(|by| dollars(by.saved))),
        text(&call.early),
    ])
}
