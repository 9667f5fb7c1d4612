//! `team` in lines: payloads and results stand as JSON itself.

use super::answer::{Answer, ok};
use super::job::{Artifact, Content};
use super::wire::Extras;
use crate::bindings::anvil::agent::team as wit;
use crate::bindings::anvil::agent::team::Host as _;
use crate::guest::Guest;
use anvil_types::Json;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    agent: String,
    action: String,
    payload: Json,
    max_cost_nanodollars: Option<u64>,
    #[serde(default)]
    extras: Extras,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tasks {
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskFile {
    job_id: String,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Done {
    job_id: String,
    agent: String,
    result: Json,
    artifacts: Vec<Artifact>,
    cost_nanodollars: u64,
    extras: Extras,
}

#[derive(Serialize)]
pub(super) struct Undone {
    kind: String,
    message: String,
    job_id: Option<String>,
    extras: Extras,
}

pub(super) async fn run(guest: &mut Guest, with: Task) -> wasmtime::Result<Answer<Done, Undone>> {
    wit::Host::run(guest, with.into()).await.map(told)
}

pub(super) async fn run_many(
    guest: &mut Guest,
    with: Tasks,
) -> wasmtime::Result<Answer<Vec<Answer<Done, Undone>>, ()>> {
    let tasks = with.tasks.into_iter().map(Into::into).collect();
    let answers = guest.run_many(tasks).await?;
    Ok(ok(answers.into_iter().map(told).collect()))
}

pub(super) async fn artifact(guest: &mut Guest, with: TaskFile) -> wasmtime::Result<Answer<Content, String>> {
    Ok(wit::Host::artifact(guest, with.job_id, with.name).await?.map(Content::of).into())
}

fn told(answer: Result<wit::Done, wit::Failure>) -> Answer<Done, Undone> {
    answer.map(Into::into).map_err(Into::into).into()
}

impl From<Task> for wit::Task {
    fn from(said: Task) -> Self {
        Self {
            agent: said.agent,
            action: said.action,
            payload: said.payload.as_str().to_owned(),
            max_cost_nanodollars: said.max_cost_nanodollars,
            extras: said.extras.into(),
        }
    }
}

impl From<wit::Done> for Done {
    fn from(done: wit::Done) -> Self {
        Self {
            job_id: done.job_id,
            agent: done.agent,
            result: done.result.parse().unwrap_or_else(|_| Json::null()),
            artifacts: done.artifacts.into_iter().map(Artifact::from).collect(),
            cost_nanodollars: done.cost_nanodollars,
            extras: done.extras.into(),
        }
    }
}

impl From<wit::Failure> for Undone {
    fn from(failure: wit::Failure) -> Self {
        Self {
            kind: failure.kind,
            message: failure.message,
            job_id: failure.job_id,
            extras: failure.extras.into(),
        }
    }
}
