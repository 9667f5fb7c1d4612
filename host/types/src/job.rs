//! Jobs, their states, and the one function that moves them from one to the next.

use crate::{
    ArtifactInfo, AttemptUse, InputInfo, JobId, Json, Nanodollars, NewInput, Timestamp, UpstreamKind,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which jobs go first. Ordered from the most urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// A slot and places in the queue are kept for these.
    Critical,
    /// Before normal ones.
    High,
    /// The usual.
    #[default]
    Normal,
    /// When nothing else waits; rises with age.
    Low,
}

impl Priority {
    /// All, from the most urgent.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// 0 for critical to 3 for low: what the store sorts by.
    pub fn rank(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Priority {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.name() == text)
            .ok_or_else(|| format!("`{text}` is no priority; there are critical, high, normal and low"))
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its `run_at`, or for the jobs that it comes after.
    Scheduled,
    /// Waits for a slot.
    Queued,
    /// An attempt runs under a lease.
    Running,
    /// Waits, not in memory, its paid work kept.
    Parked,
    /// Done.
    Succeeded,
    /// Given up.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Queued,
        Self::Running,
        Self::Parked,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen to the job by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// The state after `event`, or the reason why there is none. Every write to a job's state goes
    /// through here.
    pub fn after(self, event: JobEvent) -> Result<Self, TransitionRefused> {
        use JobEvent as E;
        match (self, event) {
            (Self::Scheduled, E::Due)
            | (Self::Parked, E::Resume)
            | (Self::Running, E::LeaseLost)
            | (Self::Failed | Self::Cancelled, E::RetryByPerson) => Ok(Self::Queued),
            (Self::Queued | Self::Parked, E::Claim) => Ok(Self::Running),
            (Self::Running, E::Park) => Ok(Self::Parked),
            // A retry waits out its back-off as a scheduled job does.
            (Self::Running, E::AttemptFailed)
            | (Self::Scheduled, E::ParentsDone)
            | (Self::Scheduled | Self::Queued, E::PutOff)
            | (Self::Failed | Self::Cancelled, E::ParentRetried) => Ok(Self::Scheduled),
            (Self::Running, E::Succeed) => Ok(Self::Succeeded),
            (Self::Running, E::Fail) | (Self::Scheduled, E::ParentFailed) => Ok(Self::Failed),
            (Self::Scheduled | Self::Queued | Self::Running | Self::Parked, E::Cancel) => Ok(Self::Cancelled),
            (from, event) => Err(TransitionRefused { from, event }),
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for JobState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|state| state.name()).collect();
            format!("`{text}` is no state; there are {}", names.join(", "))
        })
    }
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// Its time has come.
    Due,
    /// A runner takes it.
    Claim,
    /// Its reason to wait is gone.
    Resume,
    /// It has to wait.
    Park,
    /// The attempt failed; another follows.
    AttemptFailed,
    /// The host that ran it is gone.
    LeaseLost,
    /// It is done.
    Succeed,
    /// It is given up.
    Fail,
    /// A person stops it.
    Cancel,
    /// A person wants it run again.
    RetryByPerson,
    /// The jobs that it comes after have succeeded; its `run_at` is still to come.
    ParentsDone,
    /// A job that it comes after failed or was cancelled.
    ParentFailed,
    /// It is to run after all: a job that it comes after is run again.
    ParentRetried,
    /// A person gives it a time that is still to come.
    PutOff,
}

impl JobEvent {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Due,
        Self::Claim,
        Self::Resume,
        Self::Park,
        Self::AttemptFailed,
        Self::LeaseLost,
        Self::Succeed,
        Self::Fail,
        Self::Cancel,
        Self::RetryByPerson,
        Self::ParentsDone,
        Self::ParentFailed,
        Self::ParentRetried,
        Self::PutOff,
    ];
}

/// A job in this state cannot take this turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {from} job cannot take the turn {event:?}")]
pub struct TransitionRefused {
    /// Where the job stands.
    pub from: JobState,
    /// What was to happen.
    pub event: JobEvent,
}

/// The right to write an attempt's results: a claim raises the number, and a write that carries an
/// older one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The claim's number, from 1.
    pub number: u64,
}

/// Why a job waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// Every slot is busy.
    Slot,
    /// Its `run_at` has not come.
    Schedule,
    /// Its last attempt failed; it waits before the next.
    Backoff,
    /// A money window has no room for its next call.
    Money,
    /// Room comes when calls that are under way settle.
    Holds,
    /// Requests or tokens a minute.
    Pace,
    /// The upstream fails again and again: the circuit is open, or the job's own call failed beyond its retries.
    Circuit,
    /// The brake is engaged.
    Brake,
    /// There is no agent of that name now.
    AgentMissing,
    /// The agent is switched off.
    AgentDisabled,
    /// It comes after jobs that have not succeeded yet.
    Parents,
    /// The job belongs to another kind of upstream than the host asks now.
    Upstream,
    /// A person paused the queue.
    Paused,
    /// The host could not go on with it, by no fault of the job, and tries again.
    Trouble,
    /// It asked people, and nobody has answered yet.
    Person,
    /// It leads jobs of other agents that are not done.
    Team,
    /// What it asked is in a batch, or waits for one to be made.
    Batch,
}

impl WaitReason {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Slot,
        Self::Schedule,
        Self::Backoff,
        Self::Money,
        Self::Holds,
        Self::Pace,
        Self::Circuit,
        Self::Brake,
        Self::AgentMissing,
        Self::AgentDisabled,
        Self::Parents,
        Self::Upstream,
        Self::Paused,
        Self::Trouble,
        Self::Person,
        Self::Team,
        Self::Batch,
    ];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slot => "slot",
            Self::Schedule => "schedule",
            Self::Backoff => "backoff",
            Self::Money => "money",
            Self::Holds => "holds",
            Self::Pace => "pace",
            Self::Circuit => "circuit",
            Self::Brake => "brake",
            Self::AgentMissing => "agent_missing",
            Self::AgentDisabled => "agent_disabled",
            Self::Parents => "parents",
            Self::Upstream => "upstream",
            Self::Paused => "paused",
            Self::Trouble => "trouble",
            Self::Person => "person",
            Self::Team => "team",
            Self::Batch => "batch",
        }
    }
}

/// What a job waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Wait {
    /// The kind of reason.
    pub reason: WaitReason,
    /// A sentence for people: what it waits for and what would end it.
    pub detail: String,
    /// When it ends by itself, where that is known.
    pub until: Option<Timestamp>,
    /// When it was told to wait, on its way to being parked: what changed since may have ended the reason.
    #[serde(skip)]
    pub refused_at: Option<Timestamp>,
}

/// Why a job or an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[error("{kind}: {message}")]
pub struct JobError {
    /// `invalid-input`, `bad-reply`, `over-budget`, `trap`, `memory`, `stack`, `cpu-time`,
    /// `wall-time`, `poison`, `parent-failed`, … : the guest's own word or the host's.
    pub kind: String,
    /// For people; untrusted where the guest said it.
    pub message: String,
}

/// The most jobs that one job may come after.
pub const MOST_PARENTS: usize = 32;

/// The most tags of one job: each is a row of its own, and all stand in every list.
pub const MOST_TAGS: usize = 50;
/// The longest tag, in bytes.
pub const LONGEST_TAG: usize = 255;

/// Whether a job may have these tags; a sentence says why not.
pub fn check_tags(tags: &[String]) -> Result<(), String> {
    if tags.len() > MOST_TAGS {
        return Err(format!("a job has at most {MOST_TAGS} tags; these are {}", tags.len()));
    }
    for tag in tags {
        if tag.trim().is_empty() {
            return Err("a tag is not blank, and one of these is".to_owned());
        }
        if tag.len() > LONGEST_TAG {
            return Err(format!("a tag has at most {LONGEST_TAG} bytes; one of these has {}", tag.len()));
        }
        if let Some(odd) = tag.chars().find(|c| c.is_control()) {
            return Err(format!(
                "a tag has no control characters; one of these has {}",
                odd.escape_unicode()
            ));
        }
    }
    Ok(())
}

/// A job as it is submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Its id, made by the submitter so that it can be retried.
    pub id: JobId,
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// Its priority.
    pub priority: Priority,
    /// Not before this time.
    pub run_at: Option<Timestamp>,
    /// A second submission with the same key and the same content is the first.
    pub idempotency_key: Option<String>,
    /// The most that it may spend.
    pub max_cost: Nanodollars,
    /// Tags.
    pub tags: Vec<String>,
    /// The jobs that it comes after, each once, at most [`MOST_PARENTS`]: it starts when all of them have
    /// succeeded.
    pub after: Vec<JobId>,
    /// The name of the schedule that makes it.
    pub schedule: Option<String>,
    /// The files that it comes with, each name once.
    pub inputs: Vec<NewInput>,
    /// Whether its calls go out in batches, at half price and with time; none: as its agent's setting says.
    pub economy: Option<bool>,
    /// The upstream it may spend on.
    pub upstream: UpstreamKind,
}

/// One attempt at a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<JobError>,
    /// What it has used so far: a run that is under way counts when it ends or waits.
    #[serde(default)]
    pub used: AttemptUse,
}

/// What a parent gave its child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParentResult {
    /// The parent.
    pub id: JobId,
    /// Its agent.
    pub agent: String,
    /// Its result.
    pub result: Json,
    /// Its files.
    pub artifacts: Vec<ArtifactInfo>,
}

/// A job that comes after, or before, another: as much of it as a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Relative {
    /// Its id.
    pub id: JobId,
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// Where it stands.
    pub state: JobState,
}

/// The jobs beside a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relatives {
    /// Those that it comes after, as it named them; one that is deleted is missing here.
    pub after: Vec<Relative>,
    /// Those that come after it, the oldest first.
    pub followed_by: Vec<Relative>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// Where it stands.
    pub state: JobState,
    /// Its priority.
    pub priority: Priority,
    /// Attempts that failed by the guest's own doing, the running one included.
    pub attempts: u32,
    /// How many it may have.
    pub max_attempts: u32,
    /// Settled and unknown cost.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
    /// The part of the cost that is unknown: counted at the most it can be.
    #[serde(rename = "unknown_usd")]
    pub unknown: Nanodollars,
    /// Held by calls under way.
    #[serde(rename = "held_usd")]
    pub held: Nanodollars,
    /// What the jobs that it leads take of the most that it may spend: what they spent, and of those that are not over
    /// all that they may.
    #[serde(rename = "team_usd", default)]
    pub team: Nanodollars,
    /// The most that it may spend, those that it leads included.
    #[serde(rename = "max_cost_usd")]
    pub max_cost: Nanodollars,
    /// Calls that were sent.
    pub calls: u32,
    /// What it waits for.
    pub waiting_for: Option<Wait>,
    /// Its result.
    #[cfg_attr(feature = "schema", schema(value_type = Json))]
    pub result: Option<Json>,
    /// Why it failed; of the last attempt while more follow.
    pub error: Option<JobError>,
    /// How far it is, from 0 to 1.
    pub progress: Option<f64>,
    /// The last line that it said of its progress; untrusted text.
    pub progress_line: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The jobs that it comes after; it gets their results and files.
    pub after: Vec<JobId>,
    /// The job that it is done for, where another job leads it.
    #[serde(default)]
    pub lead: Option<JobId>,
    /// The root of the tree, where it is led: what it has of that one are priority, tags and its place in the queue.
    #[serde(default)]
    pub root: Option<JobId>,
    /// The name of the schedule that made it.
    pub schedule: Option<String>,
    /// The files that it was submitted with, by name.
    #[serde(default)]
    pub inputs: Vec<InputInfo>,
    /// Whether its calls go out in batches, at half price and with time; none: as its agent's setting says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub economy: Option<bool>,
    /// The upstream it may spend on.
    pub upstream: UpstreamKind,
    /// The digest of the plugin that its journal belongs to.
    pub plugin_digest: Option<String>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// Not before this time.
    pub run_at: Option<Timestamp>,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it came to its final state.
    pub finished_at: Option<Timestamp>,
    /// The number of its newest lease.
    #[serde(skip_serializing, default)]
    pub lease: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_person_moves_a_finished_job() {
        let by_a_person = [JobEvent::RetryByPerson, JobEvent::ParentRetried];
        for state in JobState::ALL.into_iter().filter(|state| state.is_final()) {
            for event in JobEvent::ALL.into_iter().filter(|event| !by_a_person.contains(event)) {
                assert!(state.after(event).is_err(), "{state} {event:?}");
            }
        }
    }

    #[test]
    fn tags_are_few_short_and_printable() {
        let tags = |count: usize, length: usize| vec!["ü".repeat(length / 2); count];
        assert_eq!(check_tags(&tags(MOST_TAGS, 254)), Ok(()));
        assert_eq!(check_tags(&["a b".into(), "x,y".into(), "<b>".into()]), Ok(()));
        for (bad, says) in [
            (tags(MOST_TAGS + 1, 2), "at most 50"),
            (tags(1, 256), "256"),
            (vec![String::new()], "blank"),
            (vec!["\u{3000}".into()], "blank"),
            (vec!["a\0b".into()], "\\u{0}"),
            (vec!["a\nb".into()], "\\u{a}"),
        ] {
            let why = check_tags(&bad).expect_err(says);
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn priorities_sort_from_the_most_urgent() {
        assert!(Priority::Critical < Priority::Low);
        assert_eq!("high".parse(), Ok(Priority::High));
        assert!("urgent".parse::<Priority>().is_err());
    }
}
