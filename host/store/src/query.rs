//! Questions to the store, and their answers.

use anvil_budget::{Amounts, WindowKind};
use anvil_types::{Job, JobId, Nanodollars, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// A page of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPage {
    /// The jobs, without payload (`null`) and result (none) where those have more than 1,024 bytes.
    pub items: Vec<Job>,
    /// Where the next page begins; none on the last.
    pub next: Option<JobId>,
    /// Of a search: how many changes of jobs cannot be found yet.
    pub behind: u64,
}

/// How many jobs there are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// Waiting for their time.
    pub scheduled: u64,
    /// Waiting for a slot.
    pub queued: u64,
    /// Running.
    pub running: u64,
    /// Parked.
    pub parked: u64,
    /// Done.
    pub succeeded: u64,
    /// Given up.
    pub failed: u64,
    /// Stopped by a person.
    pub cancelled: u64,
    /// Since when the job waits that waits longest for a slot: its submission, or its `run_at`.
    pub oldest_queued: Option<Timestamp>,
}

/// Jobs that were there in so many crashes of the host that each runs alone, until it has a new answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspects {
    /// The one that runs now: nothing else is begun beside it.
    pub running: Option<JobId>,
    /// Those that wait for a moment at which nothing else runs, with their agents; that which waits longest first.
    pub waiting: Vec<(JobId, String)>,
    /// They have waited for so long that nothing new is begun before the first of them whose agent is ready.
    pub come_first: bool,
}

/// One window as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowStanding {
    /// Which.
    pub kind: WindowKind,
    /// What counts in it.
    pub amounts: Amounts,
    /// Its limit.
    pub limit: Nanodollars,
    /// When it begins anew; for the rolling hour, when its oldest counting minute leaves.
    pub resets_at: Timestamp,
}

/// The windows of one agent or API key that have a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeStanding {
    /// Whose.
    pub scope: Scope,
    /// How they stand, the shortest first.
    pub windows: Vec<WindowStanding>,
}

/// Hours of use in the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekStanding {
    /// For how long any call was in flight this week.
    pub used: std::time::Duration,
    /// How many hours there may be.
    pub limit_hours: u32,
    /// When the next week begins.
    pub resets_at: Timestamp,
}

/// All windows of one upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendSnapshot {
    /// Hour, day and month.
    pub windows: [WindowStanding; 3],
    /// The week's hours of use.
    pub week: WeekStanding,
    /// All that was ever spent under this upstream, settled and unknown.
    pub total: Amounts,
    /// Calls whose cost was above their hold; a bug in the bound.
    pub bounds_broken: u64,
}
