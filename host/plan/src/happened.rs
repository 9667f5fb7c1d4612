//! What jobs of a day came to: what a prediction is compared with.

use anvil_budget::WindowSpan;
use anvil_types::{DayJobs, JobState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A length and the next are so far apart: a percentile is right to half of that.
const STEP: f64 = 1.01;
/// Shorter than this, in seconds, is this.
const SHORTEST: f64 = 0.001;

/// How long jobs took, counted in steps of one percent, so that days can be added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookCounts(BTreeMap<i32, u64>);

impl TookCounts {
    /// One took so many seconds.
    pub fn add(&mut self, seconds: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
        let step = (seconds.max(SHORTEST).ln() / STEP.ln()).round() as i32;
        *self.0.entry(step).or_default() += 1;
    }

    /// How many there are; none where that is no number any more.
    pub(crate) fn count(&self) -> Option<u64> {
        self.0.values().try_fold(0_u64, |sum, count| sum.checked_add(*count))
    }

    /// How long the longest took, in seconds.
    pub(crate) fn longest(&self) -> f64 {
        self.0.keys().next_back().map_or(0.0, |step| STEP.powi(*step))
    }

    /// Adds those of another day.
    pub fn add_all(&mut self, other: &Self) {
        for (step, count) in &other.0 {
            *self.0.entry(*step).or_default() += count;
        }
    }

    /// So many percent take no longer, in seconds; 0 where there is none.
    pub fn part(&self, percent: u64) -> f64 {
        let count: u64 = self.0.values().sum();
        let place = (count * percent / 100).min(count.saturating_sub(1));
        let mut before = 0;
        let step = self.0.iter().find(|(_, count)| {
            before += **count;
            before > place
        });
        step.map_or(0.0, |(step, _)| STEP.powi(*step))
    }

    /// All together, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "jobs of some days")]
    pub fn sum(&self) -> f64 {
        self.0.iter().map(|(step, count)| STEP.powi(*step) * *count as f64).sum()
    }
}

/// An agent's day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDay {
    /// Jobs that came.
    pub came: u64,
    /// The digests of the versions that jobs ended on.
    pub versions: BTreeSet<String>,
}

/// What a day's jobs came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFacts {
    /// Those that came.
    pub came: u64,
    /// Those that succeeded.
    pub done: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that have calls in the day and were not kept until it was over.
    pub gone: u64,
    /// How long those took that succeeded.
    pub took: TookCounts,
    /// By agent.
    pub agents: BTreeMap<String, AgentDay>,
}

/// When jobs came, by agent: in which second of a day, and how many.
pub type Arrivals = BTreeMap<String, BTreeMap<u32, u32>>;

/// What the jobs of a day came to, and when they came.
pub fn facts(jobs: &DayJobs, day: WindowSpan) -> (DayFacts, Arrivals) {
    let mut facts = DayFacts { gone: jobs.gone, ..DayFacts::default() };
    let mut arrivals = Arrivals::new();
    for (agent, at) in &jobs.came {
        facts.came += 1;
        facts.agents.entry(agent.clone()).or_default().came += 1;
        let second = u32::try_from(at.since(day.start).as_secs()).unwrap_or(u32::MAX);
        *arrivals.entry(agent.clone()).or_default().entry(second).or_default() += 1;
    }
    for job in &jobs.ended {
        match job.state {
            JobState::Succeeded => {
                facts.done += 1;
                facts.took.add(job.ended_at.since(job.since).as_secs_f64());
            }
            JobState::Failed => facts.failed += 1,
            _ => {}
        }
        facts.agents.entry(job.agent.clone()).or_default().versions.extend(job.version.clone());
    }
    (facts, arrivals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{EndedJob, Timestamp};
    use std::time::Duration;

    #[test]
    fn a_percentile_is_right_to_half_a_percent_and_days_add_up() {
        let mut all = TookCounts::default();
        assert_eq!((all.part(95), all.sum()), (0.0, 0.0));
        for part in 0..10 {
            let mut day = TookCounts::default();
            (1..=100).for_each(|number| day.add(f64::from(part * 100 + number)));
            all.add_all(&day);
        }
        assert!((all.part(50) - 501.0).abs() < 501.0 * 0.006, "{}", all.part(50));
        assert!((all.part(95) - 951.0).abs() < 951.0 * 0.006, "{}", all.part(95));
        assert!((all.sum() - 500_500.0).abs() < 500_500.0 * 0.006, "{}", all.sum());
        let text = serde_json::to_string(&all).expect("it is plain");
        assert_eq!(serde_json::from_str::<TookCounts>(&text).expect("it is read again"), all);
        let mut none = TookCounts::default();
        none.add(0.0);
        assert!((none.part(95) - SHORTEST).abs() < SHORTEST * 0.006);
    }

    #[test]
    fn what_came_and_what_ended_is_counted_by_agent() {
        let start = Timestamp::from_secs(86_400);
        let day = WindowSpan { start, end: start + Duration::from_hours(24) };
        let at = |seconds| start + Duration::from_secs(seconds);
        let ended = |agent: &str, state, version: &str| EndedJob {
            agent: agent.to_owned(),
            version: Some(version.to_owned()),
            since: at(0),
            ended_at: at(20),
            state,
        };
        let jobs = DayJobs {
            came: [("a", 5), ("a", 5), ("b", 7)].map(|(name, second)| (name.to_owned(), at(second))).into(),
            ended: vec![
                ended("a", JobState::Succeeded, "1"),
                ended("a", JobState::Failed, "2"),
                ended("c", JobState::Cancelled, "3"),
            ],
            gone: 4,
        };
        let (facts, arrivals) = facts(&jobs, day);
        assert_eq!((facts.came, facts.done, facts.failed, facts.gone), (3, 1, 1, 4));
        assert!((facts.took.part(95) - 20.0).abs() < 0.2);
        assert_eq!(facts.agents["a"].came, 2);
        assert_eq!(facts.agents["a"].versions, ["1".to_owned(), "2".to_owned()].into());
        assert_eq!((facts.agents["b"].came, facts.agents["c"].came), (1, 0));
        assert_eq!(arrivals["a"], [(5, 2)].into());
    }
}
