//! `POST /api/v1/jobs`.

use crate::ask::{Key, Object, WithFiles};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::Submission;
use anvil_types::{Job, Json, Nanodollars, Priority, Timestamp};
use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

/// Takes a job in: 201 where it is new, 200 where its idempotency key had been used for the same.
pub(super) async fn submit(
    State(state): State<WebState>,
    Key(key): Key,
    WithFiles { body, files }: WithFiles<Object>,
) -> Result<Response, Problem> {
    let submission = Submission { inputs: files?, ..read(key, body)? };
    let submitted = state.control.intake.submit(submission).await?;
    let status = if submitted.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(LOCATION, location(&submitted.job))], Answer(submitted.job)).into_response())
}

fn location(job: &Job) -> String {
    format!("/api/v1/jobs/{}", job.id)
}

fn read(header: Option<String>, mut body: Object) -> Result<Submission, Problem> {
    let mut submission = fields(&mut body);
    if let (Some(key), Some(header)) = (&submission.idempotency_key, &header)
        && key != header
    {
        body.wrong("idempotency_key", "differs from the Idempotency-Key header; give one of them");
    }
    submission.files_of = body.field("files_of", "a job's id");
    submission.after = body.field("after", "a list of jobs' ids").unwrap_or_default();
    body.finish()?;
    submission.idempotency_key = submission.idempotency_key.or(header);
    Ok(submission)
}

/// Fields in which somebody may look for a place for files.
const FILES: [&str; 4] = ["file", "files", "inputs", "input_files"];

/// Says where files go, to whoever sends them where none can be.
pub(super) fn no_files(body: &mut Object) {
    for name in FILES {
        if body.take_out(name) {
            body.wrong(
                name,
                "is no field: files come beside the job, as parts `file` of a `multipart/form-data` body of POST \
                 /api/v1/jobs, whose part `job` is the JSON; the jobs of a bulk submission and of a schedule have none",
            );
        }
    }
}

/// What a job is made of, but for what it comes after and the files that it comes with.
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
    let economy = body.field::<bool>("economy", "true or false");
    no_files(body);
    Submission {
        agent,
        action,
        payload,
        priority,
        run_at,
        idempotency_key: key,
        max_cost,
        tags,
        economy,
        after: Vec::new(),
        inputs: Vec::new(),
        files_of: None,
    }
}
