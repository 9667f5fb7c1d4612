//! `PATCH /api/v1/jobs/{id}`: a person changes a job that waits.

use crate::ask::{Id, Object, Who};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::{JobEdit, Start};
use anvil_types::{Job, JobId, Json, Nanodollars, Priority, Timestamp};
use axum::Json as Answer;
use axum::extract::State;

pub(super) async fn edit(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<JobId>,
    body: Object,
) -> Result<Answer<Job>, Problem> {
    let edit = read(body)?;
    Ok(Answer(state.control.jobs.edit(id, edit, by).await?))
}

fn read(mut body: Object) -> Result<JobEdit, Problem> {
    // Null is a value for these two: no time, and the payload that is null.
    let start = if body.is_null("run_at") {
        Some(Start::Now)
    } else {
        let at = body.field::<Timestamp>("run_at", "a time as in 2026-11-23T14:00:00Z (RFC 3339), or null");
        at.map(Start::At)
    };
    let payload = if body.is_null("payload") { Some(Json::null()) } else { body.json("payload") };
    let max_cost = body.dollars("max_cost_usd", "a number of dollars, as in 0.5");
    if max_cost.is_some_and(|most| most <= Nanodollars::ZERO) {
        body.wrong("max_cost_usd", "must be more than 0");
    }
    let edit = JobEdit {
        priority: body.field::<Priority>("priority", "critical, high, normal or low"),
        start,
        tags: body.field("tags", "a list of texts"),
        max_cost,
        payload,
    };
    body.finish()?;
    Ok(edit)
}
