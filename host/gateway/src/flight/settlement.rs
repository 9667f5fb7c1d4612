//! What ends a hold.

use anvil_store::{Settlement, SettlementOutcome};
use anvil_types::{CallId, Nanodollars};

/// What counts as spent.
pub(crate) fn cost_of(outcome: &SettlementOutcome) -> Nanodollars {
    match outcome {
        SettlementOutcome::Usage { cost, .. } | SettlementOutcome::Unknown { cost, .. } => *cost,
        SettlementOutcome::Released => Nanodollars::ZERO,
    }
}

/// The settlement of a hold whose request was never sent.
pub(crate) fn released(call: CallId, detail: &str) -> Settlement {
    Settlement {
        call,
        outcome: SettlementOutcome::Released,
        detail: Some(detail.to_owned()),
        model: None,
        journal: None,
    }
}
