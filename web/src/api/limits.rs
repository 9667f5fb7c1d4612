//! `GET` and `PUT /api/v1/limits`.

use crate::ask::{Near, Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::LimitsView;
use anvil_types::LimitsPatch;
use axum::Json;
use axum::extract::State;

const DOLLARS: &str = "a number of dollars, as in 160 or 0.5";
const NUMBER: &str = "a whole number from 0 on";

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<LimitsView>, Problem> {
    Ok(Json(state.control.limits.in_force().await?))
}

pub(super) async fn change(
    State(state): State<WebState>,
    Who(by): Who,
    body: Object,
) -> Result<Json<LimitsView>, Problem> {
    let (patch, reset) = read(body)?;
    Ok(Json(state.control.limits.set(patch, &reset, by).await?))
}

fn read(mut body: Object) -> Result<(LimitsPatch, Vec<String>), Problem> {
    let reset: Vec<String> = body.field("reset", "a list of limits").unwrap_or_default();
    for name in &reset {
        if !LimitsPatch::NAMES.contains(&name.as_str()) {
            let near = Near::of(name, LimitsPatch::NAMES.iter().copied());
            body.wrong("reset", format!("there is no limit `{name}`{}", near.at_the_end()));
        }
    }
    let patch = LimitsPatch {
        hour_usd: body.dollars("hour_usd", DOLLARS),
        day_usd: body.dollars("day_usd", DOLLARS),
        month_usd: body.dollars("month_usd", DOLLARS),
        week_hours: body.field("week_hours", NUMBER),
        job_usd: body.dollars("job_usd", DOLLARS),
        requests_per_minute: body.field("requests_per_minute", NUMBER),
        input_tokens_per_minute: body.field("input_tokens_per_minute", NUMBER),
        output_tokens_per_minute: body.field("output_tokens_per_minute", NUMBER),
        max_input_tokens: body.field("max_input_tokens", NUMBER),
        max_output_tokens: body.field("max_output_tokens", NUMBER),
        agents_min: body.field("agents_min", NUMBER),
        agents_max: body.field("agents_max", NUMBER),
        queue_max: body.field("queue_max", NUMBER),
    };
    for name in patch.names() {
        if reset.iter().any(|reset| reset == name) {
            body.wrong(name, "is set and reset at once; do one of them");
        }
    }
    body.finish()?;
    Ok((patch, reset))
}
