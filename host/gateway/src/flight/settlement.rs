//! What ends a hold.

use anvil_store::{JournalWrite, NewReply, PromptForm, Settlement, SettlementOutcome};
use anvil_types::{CacheEffect, CallId, Nanodollars, Usage};

/// What goes into the transaction of a settlement with it: either both are kept, or neither is.
#[derive(Clone, Debug)]
pub(crate) enum Rider {
    /// The answer, in the journal of the job that asked. Fenced by its lease, as the settlement is not.
    Journal(JournalWrite),
}

/// What the ledger says of a call beside its cost.
#[derive(Default, Clone, Debug)]
pub(crate) struct Note {
    /// How it ended.
    pub detail: String,
    /// The model that answered, where one did.
    pub model: Option<String>,
    /// What the prompt cache did for it.
    pub cache: CacheEffect,
    /// How its prompt was compressed.
    pub compression: Option<PromptForm>,
    /// Its reply, where it is kept.
    pub keep: Option<NewReply>,
}

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
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    }
}

/// The settlement of a hold of which nobody knows any more what it came to.
pub(crate) fn unknown(call: CallId, cost: Nanodollars, detail: &str) -> Settlement {
    let outcome = SettlementOutcome::Unknown { usage: Usage::default(), cost };
    Settlement { outcome, ..released(call, detail) }
}
