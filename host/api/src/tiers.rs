//! How jobs ended, by the tier of the models that answered them.

use anvil_types::{Nanodollars, Tier, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How jobs of one agent and action ended, of which this is the strongest tier that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierOutcome {
    /// The agent.
    pub agent: String,
    /// The action.
    pub action: String,
    /// The strongest tier that answered a call of each of these jobs.
    pub tier: Tier,
    /// How many ended by themselves: what a person cancelled, and what asked nothing, is not among them.
    pub jobs: u64,
    /// How many of them succeeded; the others failed.
    pub succeeded: u64,
    /// Attempts beyond the first of each.
    pub retries: u64,
    /// Their calls. A job that has a bad reply repaired, or whose tools the model uses again and again, has more of them.
    pub calls: u64,
    /// Output tokens of these.
    pub output_tokens: u64,
    /// What all of them cost.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
    /// What one cost that succeeded: all of them, over those that did; null where none did.
    #[serde(rename = "success_usd")]
    pub success: Option<Nanodollars>,
}

impl TierOutcome {
    /// Percent of its jobs that succeeded, rounded down: a hundred are all.
    pub fn succeeded_percent(&self) -> u64 {
        (self.succeeded * 100).checked_div(self.jobs).unwrap_or(0)
    }

    /// What one success cost, of jobs that cost this together.
    pub fn success_of(cost: Nanodollars, succeeded: u64) -> Option<Nanodollars> {
        let succeeded = i64::try_from(succeeded).ok().filter(|succeeded| *succeeded > 0)?;
        Some(Nanodollars::new(cost.get() / succeeded))
    }
}

/// How the jobs of a stretch of time ended, by agent, action and tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierOutcomes {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is not in it.
    pub to: Timestamp,
    /// Whose answers.
    pub upstream: UpstreamKind,
    /// The outcomes: of the last 20,000 jobs that ended in this time and are still kept.
    pub items: Vec<TierOutcome>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_costs_what_all_of_them_cost() {
        let cost = Nanodollars::from_dollars(3);
        assert_eq!(TierOutcome::success_of(cost, 2), Some(Nanodollars::new(1_500_000_000)));
        assert_eq!(TierOutcome::success_of(cost, 0), None);
    }
}
