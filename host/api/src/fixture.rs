//! A finished job as a test of its plugin.

use anvil_types::{AgentValues, ArtifactName, Job, JobId, JournalKind, Json, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A finished job as a test of its plugin: what it was given, what it was answered, and how it ended. Nobody is asked when
/// it is run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fixture {
    /// The version of this form, 1.
    pub anvil_fixture: u32,
    /// The job, as it ended.
    pub job: Job,
    /// What its agent read as its settings: their values are in here.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub settings: AgentValues,
    /// When the run began that came to its end: what was answered before, it had out of its journal too.
    pub live_since: Timestamp,
    /// The bytes of the files that it came with.
    pub inputs: Vec<FixtureFile>,
    /// Jobs whose results or files it was given: those that it came after, and those that did its tasks.
    pub others: Vec<FixtureJob>,
    /// What it was answered, in order.
    pub journal: Vec<FixtureAnswer>,
}

impl Fixture {
    /// The version of the form that is written and read.
    pub const VERSION: u32 = 1;
    /// The most bytes of files and answers that are written.
    pub const MOST_BYTES: usize = 64 * 1024 * 1024;
}

/// A file, with what stands in it: text where that is UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FixtureFile {
    /// Its name.
    pub name: ArtifactName,
    /// Its media type; untrusted.
    pub media_type: String,
    /// Its bytes, where they are UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in base64, where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// Another job that it was given something of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FixtureJob {
    /// The job.
    pub job: Job,
    /// The files that it handed over.
    pub files: Vec<FixtureFile>,
}

impl FixtureJob {
    /// Its id.
    pub fn id(&self) -> JobId {
        self.job.id
    }
}

/// An answer of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FixtureAnswer {
    /// Its place, from 0.
    pub position: u32,
    /// What was asked for.
    pub kind: JournalKind,
    /// The digest of what was asked, 64 hexadecimal digits.
    pub request_hash: String,
    /// What was asked, where the version that asked it could still say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Json)]
    pub request: Option<Json>,
    /// The answer.
    #[schema(value_type = Json)]
    pub answer: Json,
    /// When it came.
    pub at: Timestamp,
}
