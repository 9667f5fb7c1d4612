//! How jobs ended by the tier that answered them: one view for the API and the page, made from the store's sums.

use anvil_api::TierOutcome;
use anvil_store::TierSum;

/// Outcomes for people, in the order of the sums: by agent and action, from the weakest tier on.
pub(crate) fn outcomes(sums: Vec<TierSum>) -> Vec<TierOutcome> {
    sums.into_iter().map(outcome).collect()
}

fn outcome(sum: TierSum) -> TierOutcome {
    let success = TierOutcome::success_of(sum.cost, sum.succeeded);
    let TierSum { agent, action, tier, jobs, succeeded, retries, calls, output_tokens, cost } = sum;
    TierOutcome { agent, action, tier, jobs, succeeded, retries, calls, output_tokens, cost, success }
}
