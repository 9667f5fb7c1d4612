//! `POST /api/v1/jobs`.

use super::Object;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::Submission;
use anvil_types::{Job, Json, Nanodollars, Priority, Timestamp};
use axum::Json as Answer;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Takes a job in: 201 where it is new, 200 where its idempotency key had been used for the same.
pub(super) async fn submit(
    State(state): State<WebState>,
    headers: HeaderMap,
    body: Object,
) -> Result<Response, Problem> {
    let submission = read(&headers, body)?;
    let submitted = state.control.intake.submit(submission).await?;
    let status = if submitted.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(LOCATION, location(&submitted.job))], Answer(submitted.job)).into_response())
}

fn location(job: &Job) -> String {
    format!("/api/v1/jobs/{}", job.id)
}

fn read(headers: &HeaderMap, mut body: Object) -> Result<Submission, Problem> {
    let mut submission = fields(&mut body);
    let header = key_of(headers)?;
    if let (Some(key), Some(header)) = (&submission.idempotency_key, &header)
        && key != header
    {
        body.wrong("idempotency_key", "differs from the Idempotency-Key header; give one of them");
    }
    submission.after = body.field("after", "a list of jobs' ids").unwrap_or_default();
    body.finish()?;
    submission.idempotency_key = submission.idempotency_key.or(header);
    Ok(submission)
}

/// Refuses a key where none is looked at: whoever sent it believes that the same request twice makes one job.
pub(super) fn no_key(headers: &HeaderMap, instead: &str) -> Result<(), Problem> {
    if headers.contains_key("idempotency-key") {
        return Err(Problem::bad_request(
            "bad-idempotency-key",
            "The Idempotency-Key header cannot be used",
            format!("it is not looked at here; {instead}"),
        ));
    }
    Ok(())
}

/// The key in the header. One that cannot be read must not be passed over: the submission would be another job.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all("idempotency-key").into_iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let bad = |why: &str| {
        Problem::bad_request("bad-idempotency-key", "The Idempotency-Key header cannot be used", why)
    };
    if keys.next().is_some() {
        return Err(bad("it is there more than once; send one"));
    }
    let text = key.to_str().map_err(|_| {
        bad("it has a character that is not printable ASCII; send such a key as `idempotency_key` in the body")
    })?;
    Ok(Some(text.to_owned()))
}

/// What a job is made of, but for what it comes after.
pub(super) fn fields(body: &mut Object) -> Submission {
    let agent: Option<String> = body.field("agent", "an agent's name");
    let agent_type: Option<String> = body.field("agentType", "an agent's name");
    let agent = match (agent, agent_type) {
        (Some(agent), Some(other)) if agent != other => {
            body.wrong("agentType", format!("says `{other}`, but `agent` says `{agent}`; give one of them"));
            agent
        }
        (Some(agent), _) | (None, Some(agent)) => agent,
        (None, None) => {
            body.wrong("agent", "is missing; it must be an agent's name");
            String::new()
        }
    };
    let action = body.required("action", "the name of one of the agent's actions");
    // A payload of null is a payload; one that is absent is an empty object.
    let payload = body.json("payload").unwrap_or_else(|| "{}".parse().unwrap_or_else(|_| Json::null()));
    let priority = body.field::<Priority>("priority", "critical, high, normal or low").unwrap_or_default();
    let run_at = body.field::<Timestamp>("run_at", "a time as in 2026-11-23T14:00:00Z (RFC 3339)");
    let key = body.field::<String>("idempotency_key", "a text");
    let max_cost = body.dollars("max_cost_usd", "a number of dollars, as in 0.5");
    if max_cost.is_some_and(|most| most <= Nanodollars::ZERO) {
        body.wrong("max_cost_usd", "must be more than 0");
    }
    let tags = body.field("tags", "a list of texts").unwrap_or_default();
    Submission {
        agent,
        action,
        payload,
        priority,
        run_at,
        idempotency_key: key,
        max_cost,
        tags,
        after: Vec::new(),
    }
}
