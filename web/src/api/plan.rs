//! `POST /api/v1/plan`: what limits and work would come to; `GET /api/v1/plan/predictions`: what the host said of itself.

use crate::ask::{Object, Query};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{FieldError, PlanAnswer, PlanQuestion, PlannedJobs, Predictions};
use anvil_control::PlanRefused;
use anvil_types::LimitsPatch;
use axum::Json;
use axum::extract::State;

pub(super) async fn plan(State(state): State<WebState>, body: Object) -> Result<Json<PlanAnswer>, Problem> {
    Ok(Json(state.control.plan.answer(read(body)?).await?))
}

pub(super) async fn predictions(
    State(state): State<WebState>,
    query: Query,
) -> Result<Json<Predictions>, Problem> {
    let limit = query.limit(14, 400)?;
    Ok(Json(state.control.predictions.list(limit).await?))
}

fn read(mut body: Object) -> Result<PlanQuestion, Problem> {
    let preset = body.field("preset", "the name of a preset");
    let limits = body.nested::<LimitsPatch>("limits", "an object of limits, as in {\"hour_usd\": 20}");
    let jobs = body.nested::<Vec<PlannedJobs>>(
        "jobs",
        "a list of kinds of jobs, as in [{\"per_day\": 200, \"calls\": 3, \"input_tokens\": 3000}]",
    );
    let measured = body.field("measured", "true or false").unwrap_or(false);
    let days = body.field("days", "a whole number of days");
    let from = body.field("from", "a time (RFC 3339)");
    let seed = body.field("seed", "a whole number");
    let what_if = body.field("what_if", "true or false").unwrap_or(false);
    let (limits, jobs) = (limits.unwrap_or_default(), jobs.unwrap_or_default());
    if measured && !jobs.is_empty() {
        body.wrong("jobs", "is given beside measured; give one of them");
    }
    body.finish()?;
    Ok(PlanQuestion { preset, limits, jobs, measured, days, from, seed, what_if })
}

impl From<PlanRefused> for Problem {
    fn from(refused: PlanRefused) -> Self {
        let (slug, title) = ("bad-plan", "That cannot be planned");
        match refused {
            PlanRefused::Plan(error) => {
                let pointer = PlanRefused::pointer(&error);
                let detail = error.to_string();
                let problem = Problem::invalid(slug, title, detail.clone());
                match pointer {
                    Some(pointer) => problem.with_errors(vec![FieldError { pointer, message: detail }]),
                    None => problem,
                }
            }
            PlanRefused::Unmeasured => Problem::invalid(
                slug,
                title,
                "no job of this host has asked Claude anything yet, so nothing was measured; tell what jobs there are to be",
            ),
            PlanRefused::TooLong(longest) => Problem::invalid(
                slug,
                title,
                format!(
                    "planning it took longer than {} s, the most that it may take of this host: plan fewer days or fewer jobs \
                     a day, or leave out what_if; `anvil plan` plans on your own machine and has no such bound",
                    longest.as_secs()
                ),
            ),
            PlanRefused::Fallen => Problem::internal("the plan's task died of a fault of the host"),
            PlanRefused::Store(error) => error.into(),
        }
    }
}
