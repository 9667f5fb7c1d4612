//! `/api/v1/prices`: what tokens cost, and setting a price at run time.

use crate::ask::{Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{List, PriceView};
use anvil_budget::NewBand;
use anvil_control::PriceWish;
use anvil_types::Timestamp;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

const DOLLARS: &str = "US dollars per million tokens";

pub(super) async fn list(State(state): State<WebState>) -> Result<Json<List<PriceView>>, Problem> {
    Ok(Json(List::whole(state.control.prices.all().await?)))
}

pub(super) async fn set(
    State(state): State<WebState>,
    Who(by): Who,
    body: Object,
) -> Result<(StatusCode, Json<PriceView>), Problem> {
    let wish = read(body)?;
    let price = state.control.prices.set(wish, by).await?;
    Ok((StatusCode::CREATED, Json(price)))
}

pub(super) async fn reset(
    State(state): State<WebState>,
    Who(by): Who,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if state.control.prices.reset(&id, by).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(
        "no-such-price",
        "There is no such price",
        format!("no price `{id}` was set at run time; those of the built-in table and of a file stay"),
    ))
}

fn read(mut body: Object) -> Result<PriceWish, Problem> {
    let model: String = body.required("model", "the exact id of a model");
    let speed = body.field("speed", "`fast`, or nothing for the ordinary speed");
    let from: Option<Timestamp> = body.field("from", "a time (RFC 3339); without it, from now on");
    let context = body.field("context", "the longest context in tokens");
    let max_output = body.field("max_output", "the longest answer in tokens");
    let free: Option<bool> =
        body.field("free", "true where a price of 0 is meant, so that nothing is to be paid");
    let bands: Option<Vec<NewBand>> = body.field(
        "bands",
        "a list of bands by prompt length, each with up_to (absent in the last), input, output, cache_write_5m, \
         cache_write_1h and cache_read in dollars per million tokens",
    );
    let mut flat = |name| body.field::<f64>(name, DOLLARS);
    let kinds =
        [flat("input"), flat("output"), flat("cache_write_5m"), flat("cache_write_1h"), flat("cache_read")];
    let bands = match (bands, kinds) {
        (bands, [None, None, None, None, None]) => bands,
        (None, [Some(input), Some(output), Some(write_short), Some(write_long), Some(cache_read)]) => {
            Some(vec![NewBand {
                up_to: None,
                input,
                output,
                cache_write_5m: write_short,
                cache_write_1h: write_long,
                cache_read,
            }])
        }
        (Some(_), _) => {
            body.wrong("bands", "is given beside single prices; give one of them");
            None
        }
        (None, _) => {
            body.wrong(
                "input",
                "without bands, all of input, output, cache_write_5m, cache_write_1h and cache_read have to be given",
            );
            None
        }
    };
    body.finish()?;
    Ok(PriceWish { model, speed, from, context, max_output, bands, free: free.unwrap_or(false) })
}
