//! A smoke call of an agent.

use crate::request::given_json;
use anvil_types::{AttemptUse, JobError, Json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// `POST /agents/{name}/smoke`: what is tried.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SmokeRequest {
    /// The action; the agent's first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The payload; an example of what the action's schema asks for where absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_json")]
    #[schema(value_type = anvil_types::Json, required = false)]
    pub payload: Option<Box<RawValue>>,
}

/// How a smoke call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmokeEnd {
    /// The agent gave a result.
    Succeeded,
    /// The agent says that it failed.
    Failed,
    /// It broke a limit or trapped.
    Broke,
    /// The host stopped it.
    Stopped,
}

/// What came of a smoke call: nothing of it was sent, spent or kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SmokeReport {
    /// The agent.
    pub agent: String,
    /// The version in force.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// How it ended.
    pub end: SmokeEnd,
    /// Its result.
    #[schema(value_type = Json)]
    pub result: Option<Json>,
    /// Why it gave none.
    pub error: Option<JobError>,
    /// Why it cannot describe itself any more, where it cannot.
    pub description_fault: Option<String>,
    /// Calls that the played Claude answered.
    pub calls: u32,
    /// Questions to people that were answered for them.
    pub questions: u32,
    /// Tasks for other agents, which were refused.
    pub tasks: u32,
    /// Files that it handed over.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// The beginning of its log.
    pub log: Vec<String>,
    /// What it used.
    pub used: AttemptUse,
}
