//! The shares of the queue.

use std::collections::BTreeMap;

/// Which percent of all places one agent, or one schedule, may fill; all of them where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueShares {
    /// Any agent without a share of its own.
    pub agent: Option<u32>,
    /// Agents with a share of their own.
    pub agents: BTreeMap<String, u32>,
    /// Any schedule.
    pub schedule: Option<u32>,
}

impl QueueShares {
    /// How many of `places` an agent may fill, where that is bounded; at least one.
    pub(crate) fn of_agent(&self, agent: &str, places: u64) -> Option<u64> {
        self.agents.get(agent).copied().or(self.agent).map(|percent| share(percent, places))
    }

    /// How many of `places` a schedule may fill, where that is bounded; at least one.
    pub(crate) fn of_schedule(&self, places: u64) -> Option<u64> {
        self.schedule.map(|percent| share(percent, places))
    }
}

fn share(percent: u32, places: u64) -> u64 {
    (places.saturating_mul(u64::from(percent)) / 100).max(1)
}
