//! How the jobs of a stretch of time ended, by the tier that answered them.

use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use anvil_api::TierOutcome;
use askama::Template;
use askama::filters::HtmlSafe;

/// The part of the page.
#[derive(Template)]
#[template(path = "spend/tiers.html")]
pub(crate) struct Tiers {
    rows: Vec<TierRow>,
}

impl HtmlSafe for Tiers {}

/// Jobs of one agent and action that one tier answered.
struct TierRow {
    agent: String,
    action: String,
    tier: String,
    jobs: String,
    succeeded: String,
    retries: String,
    calls: String,
    success: Option<Money>,
}

impl Tiers {
    /// From the outcomes of the stretch.
    pub(crate) fn new(outcomes: &[TierOutcome]) -> Self {
        Self { rows: outcomes.iter().map(TierRow::new).collect() }
    }
}

impl TierRow {
    fn new(outcome: &TierOutcome) -> Self {
        Self {
            agent: outcome.agent.clone(),
            action: outcome.action.clone(),
            tier: outcome.tier.to_string(),
            jobs: thousands(outcome.jobs),
            succeeded: format!("{} %", outcome.succeeded_percent()),
            retries: thousands(outcome.retries),
            calls: each(outcome.calls, outcome.jobs),
            success: outcome.success.map(Into::into),
        }
    }
}

/// So many for each, to a tenth.
fn each(many: u64, of: u64) -> String {
    let tenths = (many * 10 + of / 2).checked_div(of).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}
