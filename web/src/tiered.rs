//! How jobs ended by the tier that answered them: one view for the API and the page, made from the store's sums.

use anvil_api::TierOutcome;
use anvil_store::TierSum;

/// Outcomes for people: of one agent and action from the weakest tier on, jobs of several tiers last.
pub(crate) fn outcomes(sums: Vec<TierSum>) -> Vec<TierOutcome> {
    let mut outcomes: Vec<_> = sums.into_iter().map(outcome).collect();
    let place = |outcome: &TierOutcome| (outcome.tier.is_none(), outcome.tier);
    outcomes.sort_by(|one, other| {
        let names = |outcome: &TierOutcome| (outcome.agent.clone(), outcome.action.clone());
        names(one).cmp(&names(other)).then_with(|| place(one).cmp(&place(other)))
    });
    outcomes
}

fn outcome(sum: TierSum) -> TierOutcome {
    let success = TierOutcome::success_of(sum.cost, sum.succeeded);
    let TierSum { agent, action, tier, jobs, succeeded, retries, calls, output_tokens, cost } = sum;
    TierOutcome { agent, action, tier, jobs, succeeded, retries, calls, output_tokens, cost, success }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Nanodollars, Tier};

    #[test]
    fn they_stand_from_the_weakest_tier_on_and_what_was_mixed_last() {
        let sum = |agent: &str, tier| TierSum {
            agent: agent.to_owned(),
            action: "write".to_owned(),
            tier,
            jobs: 2,
            succeeded: 1,
            retries: 0,
            calls: 3,
            output_tokens: 9,
            cost: Nanodollars::new(7),
        };
        let sums = vec![
            sum("b", Some(Tier::Haiku)),
            sum("a", None),
            sum("a", Some(Tier::Opus)),
            sum("a", Some(Tier::Haiku)),
        ];
        let told: Vec<_> = outcomes(sums).into_iter().map(|one| (one.agent, one.tier)).collect();
        let a = |tier| ("a".to_owned(), tier);
        let expected =
            [a(Some(Tier::Haiku)), a(Some(Tier::Opus)), a(None), ("b".to_owned(), Some(Tier::Haiku))];
        assert_eq!(told, expected);
    }
}
