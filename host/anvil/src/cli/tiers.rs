//! `anvil spend --tiers`: how jobs ended, by the tier that answered them.

use crate::show::Table;
use anvil_api::TierOutcomes;

/// Outcomes by agent, action and tier.
pub(super) fn shown(outcomes: &TierOutcomes, mark: &str) -> String {
    let head = format!("{} to {}{mark}\n\n", outcomes.from, outcomes.to);
    if outcomes.items.is_empty() {
        return format!("{head}no job that ended in this time was answered by a model\n");
    }
    let columns = [
        "AGENT",
        "ACTION",
        "TIER",
        "JOBS",
        "SUCCEEDED",
        "RETRIES",
        "CALLS",
        "OUTPUT TOKENS",
        "COST",
        "A SUCCESS",
    ];
    let mut table = Table::new(&columns).right(&[3, 4, 5, 6, 7, 8, 9]);
    for one in &outcomes.items {
        table.row([
            one.agent.clone(),
            one.action.clone(),
            one.tier.to_string(),
            one.jobs.to_string(),
            format!("{} ({} %)", one.succeeded, one.succeeded_percent()),
            one.retries.to_string(),
            one.calls.to_string(),
            one.output_tokens.to_string(),
            one.cost.to_string(),
            one.success.map_or_else(|| "-".to_owned(), |cost| cost.to_string()),
        ]);
    }
    format!("{head}{table}")
}
