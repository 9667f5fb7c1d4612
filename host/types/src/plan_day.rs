//! A day that predictions are compared with: what was seen while it went by, and its jobs.

use crate::{JobState, Limits, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many sets of limits, or of settings, are told apart in a day.
const MOST_SETS: usize = 16;

/// What hosts saw of a day while it went by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DaySeen {
    /// For how long any host was up, in microseconds.
    pub up_us: u64,
    /// What jobs waited for, and for how long all of them together did, in microseconds.
    pub waits_us: BTreeMap<String, u64>,
    /// The limits that were in force, those first that were seen first.
    pub limits: Vec<Limits>,
    /// Digests of all else that a plan goes by: settings, prices, the version.
    pub settings: Vec<String>,
}

impl DaySeen {
    /// For how long any host was up.
    pub fn up(&self) -> Duration {
        Duration::from_micros(self.up_us)
    }

    /// Jobs waited for this, for so long together.
    pub fn waited(&mut self, for_what: &str, length: Duration) {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        let sum = self.waits_us.entry(for_what.to_owned()).or_default();
        *sum = sum.saturating_add(micros);
    }

    /// Adds what was seen later of the same day.
    pub fn add(&mut self, later: &Self) {
        self.up_us = self.up_us.saturating_add(later.up_us);
        for (limit, micros) in &later.waits_us {
            self.waited(limit, Duration::from_micros(*micros));
        }
        for limits in &later.limits {
            if !self.limits.contains(limits) && self.limits.len() < MOST_SETS {
                self.limits.push(limits.clone());
            }
        }
        for settings in &later.settings {
            if !self.settings.contains(settings) && self.settings.len() < MOST_SETS {
                self.settings.push(settings.clone());
            }
        }
    }
}

/// A job that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedJob {
    /// Its agent.
    pub agent: String,
    /// The digest of the version that it ran on last.
    pub version: Option<String>,
    /// When it could begin: its submission, or its `run_at`.
    pub since: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub state: JobState,
}

/// The jobs of a stretch of time that asked Claude something, or may yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayJobs {
    /// Those that were submitted in it: agent and time.
    pub came: Vec<(String, Timestamp)>,
    /// Those that ended in it.
    pub ended: Vec<EndedJob>,
    /// Those that have calls in it and are not kept any more.
    pub gone: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_later_is_added_and_what_is_the_same_stands_once() {
        let seen = |up_us, what: &str| {
            let settings = vec![what.to_owned()];
            DaySeen { up_us, waits_us: [(what.to_owned(), 7)].into(), limits: Vec::new(), settings }
        };
        let mut all = seen(5, "slots");
        all.add(&seen(6, "slots"));
        all.add(&seen(u64::MAX, "the day's limit"));
        assert_eq!(all.up_us, u64::MAX);
        assert_eq!(all.waits_us, [("slots".to_owned(), 14), ("the day's limit".to_owned(), 7)].into());
        assert_eq!(all.settings, ["slots", "the day's limit"]);
        for number in 0..100 {
            all.add(&seen(0, &number.to_string()));
        }
        assert_eq!(all.settings.len(), MOST_SETS);
    }
}
