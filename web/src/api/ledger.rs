//! `GET /api/v1/ledger`, as JSON or as CSV.

use super::list::List;
use super::{Object, Query};
use crate::guard::name_of;
use crate::problem::Problem;
use crate::scope::Caller;
use crate::state::WebState;
use anvil_store::Correction;
use anvil_types::{CallId, CallRecord, Nanodollars};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use std::fmt::Write as _;

/// The columns of the CSV, in their order.
const COLUMNS: &str = "id,state,held_at,settled_at,job,agent,attempt,position,api_key,session,tags,tier_asked,\
                       tier_given,model,input_tokens,output_tokens,cache_read_tokens,cache_write_5m_tokens,\
                       cache_write_1h_tokens,price_row,hold_usd,cost_usd,duration_ms,detail\n";

pub(super) async fn list(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let query = query.only(&["after", "limit", "format"])?;
    let after: Option<CallId> = query.value("after")?;
    match query.text("format") {
        None | Some("json") => {
            let limit = query.limit(100, 1_000)?;
            let items = state.runner.ledger(after, limit).await?;
            let full = items.len() >= limit as usize;
            let next = items.last().filter(|_| full).map(|call| call.id);
            Ok(Json(List { items, next }).into_response())
        }
        Some("csv") => {
            let calls = state.runner.ledger(after, query.limit(10_000, 100_000)?).await?;
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8"),
                (CONTENT_DISPOSITION, "attachment; filename=\"anvil-ledger.csv\""),
            ];
            Ok((headers, csv(&calls)).into_response())
        }
        Some(other) => Err(Problem::bad_request(
            "bad-query",
            "The query makes no sense",
            format!("`format={other}`: the formats are json and csv"),
        )),
    }
}

/// `POST /api/v1/ledger/{id}/correct`: an entry of its own beside the call's.
pub(super) async fn correct(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    Path(id): Path<String>,
    mut body: Object,
) -> Result<Json<CallRecord>, Problem> {
    let cost = body.required::<Option<Nanodollars>>("cost_usd", "the dollars that the call really cost");
    let reason: String = body.required("reason", "a few words on how you know: the ledger keeps them");
    if body.fits() && reason.trim().is_empty() {
        body.wrong("reason", "is empty; it must be a few words on how you know: the ledger keeps them");
    }
    body.finish()?;
    let call = id.parse().map_err(|_| {
        Problem::not_found("no-such-call", "There is no such call", format!("`{id}` is the id of no call"))
    })?;
    let by = name_of(caller.map(|caller| caller.0)).to_owned();
    let correction =
        Correction { call, cost: cost.unwrap_or_default(), by, reason: reason.trim().to_owned() };
    Ok(Json(state.runner.correct(correction).await?))
}

fn csv(calls: &[CallRecord]) -> String {
    let mut text = COLUMNS.to_owned();
    for call in calls {
        let show = |value: Option<String>| value.unwrap_or_default();
        let usage = &call.usage;
        let row = [
            call.id.to_string(),
            call.state.name().to_owned(),
            call.held_at.to_string(),
            show(call.settled_at.map(|at| at.to_string())),
            show(call.job.map(|job| job.to_string())),
            cell(call.agent.as_deref().unwrap_or_default()),
            show(call.attempt.map(|n| n.to_string())),
            show(call.position.map(|n| n.to_string())),
            cell(call.api_key.as_deref().unwrap_or_default()),
            cell(call.session.as_deref().unwrap_or_default()),
            cell(&call.tags.join(" ")),
            call.tier_asked.to_string(),
            call.tier_given.to_string(),
            cell(&call.model),
            usage.input_tokens.to_string(),
            usage.output_tokens.to_string(),
            usage.cache_read_tokens.to_string(),
            usage.cache_write_5m_tokens.to_string(),
            usage.cache_write_1h_tokens.to_string(),
            cell(&call.price_row),
            call.hold.to_string().replace('$', ""),
            call.cost.to_string().replace('$', ""),
            show(call.duration_ms.map(|ms| ms.to_string())),
            cell(call.detail.as_deref().unwrap_or_default()),
        ];
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row.join(","));
    }
    text
}

/// A cell of untrusted text: quoted (RFC 4180), and not a formula for the spreadsheet that opens it.
fn cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_neither_two_cells_nor_a_formula() {
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("plain"), "plain");
    }
}
