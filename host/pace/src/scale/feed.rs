//! How many agents the pace can feed: the measured use of each limit a minute, per agent that works.

use anvil_types::words::PaceLimit;
use std::collections::VecDeque;

/// How many minutes are looked back on.
const MINUTES: usize = 10;
/// Nothing is concluded from less work than this, in seconds of one agent.
const LEAST_WORK_S: f64 = 120.0;

/// What agents did in one minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FedMinute {
    /// How long agents worked, in seconds, added up; waiting for the pace or money is not work.
    pub worked_s: f64,
    /// What was taken of each limit a minute, and the limit.
    pub used: Vec<LimitTaken>,
}

/// What was taken of a limit in one minute.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitTaken {
    /// The limit.
    pub limit: PaceLimit,
    /// What was taken.
    pub taken: u64,
    /// The most.
    pub most: u64,
}

/// The last minutes.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    minutes: VecDeque<FedMinute>,
}

impl Feed {
    pub(crate) fn add(&mut self, minute: FedMinute) {
        self.minutes.push_back(minute);
        if self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
    }

    /// Of all limits the one that the fewest agents use up, and how many those are: rounded up, so that
    /// nothing of it is left over.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a ratio of small figures, clamped"
    )]
    pub(crate) fn ceiling(&self) -> Option<(u32, &PaceLimit)> {
        let worked_s: f64 = self.minutes.iter().map(|minute| minute.worked_s).sum();
        if worked_s < LEAST_WORK_S {
            return None;
        }
        // By the newest limits: they may have been changed.
        let newest = &self.minutes.back()?.used;
        let agents = |used: &LimitTaken| -> Option<u32> {
            let of_limit = |minute: &FedMinute| {
                minute
                    .used
                    .iter()
                    .filter(|other| other.limit == used.limit)
                    .map(|other| other.taken)
                    .sum::<u64>()
            };
            let taken: u64 = self.minutes.iter().map(of_limit).sum();
            // Agents that work for `worked_s` take `taken`; how many take `most` in 60 seconds?
            let agents = used.most as f64 * (worked_s / 60.0) / taken as f64;
            (taken > 0).then(|| agents.ceil().clamp(1.0, 1e6) as u32)
        };
        let fed = newest.iter().filter_map(|used| Some((agents(used)?, &used.limit)));
        fed.min_by_key(|(agents, _)| *agents)
    }
}
