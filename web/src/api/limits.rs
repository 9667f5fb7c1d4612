//! `GET` and `PUT /api/v1/limits`.

use super::Object;
use crate::guard::name_of;
use crate::nearest::nearest;
use crate::permission::Caller;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::LimitsView;
use anvil_types::LimitsPatch;
use axum::extract::State;
use axum::{Extension, Json};

const DOLLARS: &str = "a number of dollars, as in 160 or 0.5";
const NUMBER: &str = "a whole number from 0 on";

pub(super) async fn show(State(state): State<WebState>) -> Result<Json<LimitsView>, Problem> {
    Ok(Json(state.control.limits.in_force().await?))
}

pub(super) async fn change(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    body: Object,
) -> Result<Json<LimitsView>, Problem> {
    let (patch, reset) = read(body)?;
    Ok(Json(state.control.limits.set(patch, &reset, name_of(caller.map(|c| c.0))).await?))
}

fn read(mut body: Object) -> Result<(LimitsPatch, Vec<String>), Problem> {
    let reset: Vec<String> = body.field("reset", "a list of limits").unwrap_or_default();
    for name in &reset {
        if !LimitsPatch::NAMES.contains(&name.as_str()) {
            let near = nearest(name, LimitsPatch::NAMES.iter().copied());
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            body.wrong("reset", format!("there is no limit `{name}`{hint}"));
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
