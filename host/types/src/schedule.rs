//! Schedules: jobs that come again and again.

use crate::{JobId, Json, Nanodollars, Priority, ScheduleId, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What becomes of times that came while nobody could submit their jobs: the host was not running, or
/// asked another kind of upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MissedRuns {
    /// They are left out.
    #[default]
    Skip,
    /// One job for all of them, that of the last.
    RunOnce,
    /// A job for each, the newest hundred at most.
    RunAll,
}

impl MissedRuns {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Skip, Self::RunOnce, Self::RunAll];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::RunOnce => "run_once",
            Self::RunAll => "run_all",
        }
    }
}

impl fmt::Display for MissedRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MissedRuns {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|missed| missed.name() == text)
            .ok_or_else(|| format!("`{text}` is none of skip, run_once and run_all"))
    }
}

/// What becomes of a time that comes while the job of an earlier one is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It makes its job all the same.
    #[default]
    Allow,
    /// It is left out.
    Skip,
    /// It waits until the earlier job has finished; of several that come meanwhile the last one counts.
    OneAtATime,
}

impl Overlap {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Skip, Self::OneAtATime];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Skip => "skip",
            Self::OneAtATime => "one_at_a_time",
        }
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Overlap {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|overlap| overlap.name() == text)
            .ok_or_else(|| format!("`{text}` is none of allow, skip and one_at_a_time"))
    }
}

/// What a schedule's jobs are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JobTemplate {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Json,
    /// Their priority.
    pub priority: Priority,
    /// Their tags.
    pub tags: Vec<String>,
    /// The most that each may spend; the limit `job_usd` at its time where absent.
    #[serde(rename = "max_cost_usd")]
    pub max_cost: Option<Nanodollars>,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Schedule {
    /// Part of the idempotency key of each of its jobs: one that is deleted and made anew has another.
    pub id: ScheduleId,
    /// Its name.
    pub name: String,
    /// When, as minute, hour, day of the month, month and day of the week.
    pub cron: String,
    /// Where it is that time, as in `Europe/Berlin`.
    pub time_zone: String,
    /// What becomes of times that were missed.
    pub missed: MissedRuns,
    /// What becomes of a time that comes while the job of an earlier one is unfinished.
    #[serde(default)]
    pub overlap: Overlap,
    /// What its jobs are made of.
    pub job: JobTemplate,
    /// Whether it makes jobs; not while it is paused.
    pub enabled: bool,
    /// The next time that has no job yet; none where no time will ever come, and while it is paused.
    pub next_at: Option<Timestamp>,
    /// Why the job of `next_at`, which has come, could not be submitted; it is tried again.
    pub blocked: Option<String>,
    /// Up to when its times have come while the host was there: each of them is owed its job.
    #[serde(skip)]
    pub owed_to: Option<Timestamp>,
    /// The upstream that its jobs may spend on; it rests while the host asks another kind.
    pub upstream: UpstreamKind,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its newest job.
    pub last_job: Option<JobId>,
}
