//! What an address names, as the host has it; or that there is no such thing, with the names that there are.

use super::Near;
use super::id::{Id, part};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{ScheduleView, WebhookView};
use anvil_store::StoreError;
use anvil_types::{
    AgentInfo, Alert, AlertId, ArtifactInfo, ArtifactName, InputInfo, Job, JobId, PersonQuestion, QuestionId,
};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// What a route's path names, and is there.
#[derive(Clone, Debug)]
pub(crate) struct Known<T>(pub(crate) T);

impl FromRequestParts<WebState> for Known<Job> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let Id(id) = Id::<JobId>::from_request_parts(parts, state).await?;
        find_job(state, id).await.map(Self)
    }
}

impl FromRequestParts<WebState> for Known<Alert> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let Id(id) = Id::<AlertId>::from_request_parts(parts, state).await?;
        Ok(Self(state.control.alerts.get(id).await?.ok_or(StoreError::NoSuchAlert(id))?))
    }
}

impl FromRequestParts<WebState> for Known<PersonQuestion> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let Id(id) = Id::<QuestionId>::from_request_parts(parts, state).await?;
        Ok(Self(state.control.questions.get(id).await?.ok_or(StoreError::NoSuchQuestion(id))?))
    }
}

impl FromRequestParts<WebState> for Known<ScheduleView> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let name = part(parts, state, "name").await.unwrap_or_default();
        find_schedule(state, &name).await.map(Self)
    }
}

impl FromRequestParts<WebState> for Known<WebhookView> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let name = part(parts, state, "name").await.unwrap_or_default();
        let found = state.control.webhooks.all().await?.into_iter().find(|webhook| webhook.name == name);
        match found {
            Some(webhook) => Ok(Self(webhook)),
            None => Err(missing_webhook(state, &name).await),
        }
    }
}

/// A file that a job handed over.
#[derive(Clone, Debug)]
pub(crate) struct Artifact {
    pub(crate) job: JobId,
    pub(crate) info: ArtifactInfo,
    pub(crate) bytes: Vec<u8>,
}

impl FromRequestParts<WebState> for Artifact {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let missing =
            |detail: String| Problem::not_found("no-such-artifact", "There is no such file", detail);
        let Id(job) = Id::<JobId>::from_request_parts(parts, state).await?;
        let name = part(parts, state, "name").await.map_err(missing)?;
        let name: ArtifactName = name.parse().map_err(|error| missing(format!("{error}")))?;
        find_job(state, job).await?;
        let found = state.control.jobs.artifact(job, &name).await?;
        let (info, bytes) =
            found.ok_or_else(|| missing(format!("job {job} has handed over no file `{name}`")))?;
        Ok(Self { job, info, bytes })
    }
}

/// A file that a job was submitted with.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) job: JobId,
    pub(crate) info: InputInfo,
    pub(crate) bytes: Vec<u8>,
}

impl FromRequestParts<WebState> for Input {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let missing = |detail: String| Problem::not_found("no-such-input", "There is no such file", detail);
        let Id(job) = Id::<JobId>::from_request_parts(parts, state).await?;
        let name = part(parts, state, "name").await.map_err(missing)?;
        let name: ArtifactName = name.parse().map_err(|error| missing(format!("{error}")))?;
        find_job(state, job).await?;
        let found = state.control.jobs.input(job, &name).await?;
        let (info, bytes) =
            found.ok_or_else(|| missing(format!("job {job} was submitted with no file `{name}`")))?;
        Ok(Self { job, info, bytes })
    }
}

/// The job, or that there is none.
pub(crate) async fn find_job(state: &WebState, id: JobId) -> Result<Job, Problem> {
    Ok(state.control.jobs.get(id).await?.ok_or(StoreError::NoSuchJob(id))?)
}

/// The schedule, or that there is none.
pub(crate) async fn find_schedule(state: &WebState, name: &str) -> Result<ScheduleView, Problem> {
    match state.control.schedules.get(name).await? {
        Some(schedule) => Ok(schedule),
        None => Err(missing_schedule(state, name).await),
    }
}

/// That there is no such agent.
pub(crate) fn missing_agent(name: &str, agents: &[AgentInfo]) -> Problem {
    let near = Near::of(name, agents.iter().map(|agent| agent.name.as_str()));
    let names = near.names("none; drop a plugin into the plugins folder");
    let detail = format!("there is no agent `{name}`{}; the agents are: {names}", near.aside());
    near.told(Problem::not_found("no-such-agent", "There is no such agent", detail))
}

/// That there is no such schedule.
pub(crate) async fn missing_schedule(state: &WebState, name: &str) -> Problem {
    let schedules = state.control.schedules.all().await.unwrap_or_default();
    let near = Near::of(name, schedules.into_iter().map(|view| view.schedule.name));
    let detail = format!("there is no schedule `{name}`{}", near.at_the_end());
    near.told(Problem::not_found("no-such-schedule", "There is no such schedule", detail))
}

/// That there is no such webhook.
pub(crate) async fn missing_webhook(state: &WebState, name: &str) -> Problem {
    let webhooks = match state.control.webhooks.all().await {
        Ok(webhooks) => webhooks,
        Err(error) => return error.into(),
    };
    let near = Near::of(name, webhooks.into_iter().map(|webhook| webhook.name));
    let names = near.names("none yet");
    let detail = format!("there is no webhook `{name}`{}; the webhooks are: {names}", near.aside());
    near.told(Problem::not_found("no-such-webhook", "There is no such webhook", detail))
}
