//! What goes into and comes out of the queue.

use crate::JournalEntry;
use anvil_types::{
    AgentValues, ArtifactInfo, Job, JobError, JobId, JobState, Json, Lease, Nanodollars, Priority, Timestamp,
    UpstreamKind,
};
use std::time::Duration;

/// What became of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Enqueued {
    /// It is a new job.
    New(Job),
    /// Its idempotency key belongs to this job, which asked for the same.
    Existing(Job),
}

/// A job of many that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id; that of an earlier job where its idempotency key belongs to that one.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// Whether it is a new job.
    pub new: bool,
}

/// An agent that takes jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyAgent {
    /// Its name.
    pub name: String,
    /// The digest of the plugin that is in force.
    pub digest: String,
    /// What it reads as its settings now.
    pub settings: AgentValues,
    /// Whether what its prompts begin with is in a model's cache: of equal priority, its jobs are taken first within
    /// [`anvil_budget::urgency::WARM_FIRST`].
    pub warm: bool,
}

/// What a runner is ready to take.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The agents that are ready now.
    pub agents: Vec<ReadyAgent>,
    /// The upstream that is asked now.
    pub upstream: UpstreamKind,
    /// The most jobs to take.
    pub most: u32,
    /// Take critical jobs only: what is left is the slot that is kept for them.
    pub critical_only: bool,
    /// The leases of attempts that whoever claims runs itself: one that has run out goes on, since its holder
    /// is alive (the clock was driven ahead, the process stood still). Others that have run out are taken over.
    pub alive: Vec<Lease>,
    /// How long a lease holds without a heartbeat.
    pub lease_for: Duration,
}

/// A job that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The job, running now, on its `plugin_digest`: the one of the claim, unless there are answers already and
    /// nobody has run it again since.
    pub job: Job,
    /// The right to write its results.
    pub lease: Lease,
    /// What its earlier runs were answered.
    pub journal: Vec<JournalEntry>,
    /// The files that its earlier runs have handed over.
    pub files: Vec<ArtifactInfo>,
    /// Bytes of files that this attempt has written in earlier runs, those of files that were replaced too.
    pub written: u64,
    /// The version that it ran on before, where a person runs it again.
    pub ran_on: Option<String>,
    /// From this place of its journal on it is asked anew, and no kept reply answers: its guest failed on what it was
    /// answered there.
    pub fresh_from: Option<u32>,
    /// What its agent reads as its settings: what it read when the job first started, and anew after a person ran it again.
    pub settings: AgentValues,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    /// It is done.
    Succeeded {
        /// The result.
        result: Json,
    },
    /// It failed; another attempt follows, unless this was the last that the job may have: then the
    /// job fails. Puts the journal's last `Call` entry aside, and what came after it, so that a bad
    /// reply is asked for anew: with all that were asked at once with it.
    Retry {
        /// Why.
        error: JobError,
        /// When the next may begin.
        at: Timestamp,
    },
    /// It failed for good.
    Failed {
        /// Why.
        error: JobError,
    },
    /// The host shuts down: back to the queue, no attempt used up.
    Released,
    /// The host could not go on with it, by no fault of the job: it waits, longer each time in a row, and is
    /// tried again. No attempt is used up.
    Trouble {
        /// What could not be done, for people.
        why: String,
    },
}

/// What a heartbeat found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LostLeases {
    /// Jobs that another attempt has taken over.
    pub taken_over: Vec<JobId>,
    /// Jobs that a person cancelled.
    pub cancelled: Vec<JobId>,
}

/// What a start found of the host's earlier lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Jobs put back into the queue.
    pub requeued: u64,
    /// Jobs failed as poison: running in three crashes without a new journal entry, in the last one alone.
    pub poisoned: u64,
    /// Holds whose outcome nobody knows, settled as unknown.
    pub unknown_holds: u64,
}

/// When a job is to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As soon as there is a slot.
    Now,
    /// Not before this time.
    At(Timestamp),
}

/// What a person changes of a job that waits; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobEdit {
    /// Its priority.
    pub priority: Option<Priority>,
    /// When it is to start.
    pub start: Option<Start>,
    /// The tags that it has in place of the old ones.
    pub tags: Option<Vec<String>>,
    /// The most that it may spend.
    pub max_cost: Option<Nanodollars>,
    /// Its payload.
    pub payload: Option<Json>,
}

impl JobEdit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
