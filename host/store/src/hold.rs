//! Holds and settlements.

use crate::{JournalWrite, NewBatchCall, NewReply};
use anvil_budget::Denial;
use anvil_types::{
    Asker, CacheEffect, CallId, Compressed, Nanodollars, Tier, Timestamp, UpstreamKind, Usage,
};

/// Money to be set aside before a call.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldRequest {
    /// The call's id; a second request with the same id gets the first one's answer.
    pub id: CallId,
    /// The upstream that will bill it; windows are kept apart for each.
    pub upstream: UpstreamKind,
    /// Who asks. An attempt's hold is refused when its lease is lost.
    pub asker: Asker,
    /// Tags for the ledger.
    pub tags: Vec<String>,
    /// The tier asked for.
    pub tier_asked: Tier,
    /// The tier given.
    pub tier_given: Tier,
    /// Why it is this one, where money is short.
    pub tier_reason: Option<String>,
    /// The exact model.
    pub model: String,
    /// The price row that the hold pins.
    pub price_row: String,
    /// The most that the call can cost.
    pub amount: Nanodollars,
    /// Whether it tries if upstream takes the account again: such a one goes out in spite of the causes
    /// that upstream raised for the account, and of no other.
    pub tries_account: bool,
    /// Why it goes out before its turn, where it does.
    pub early: Option<String>,
    /// What makes it a call that goes out in a batch: it is kept with its hold. None: it goes out by itself.
    pub batch: Option<NewBatchCall>,
}

/// What became of a request to hold.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum HoldDecision {
    /// The money is set aside, durably. The hold's time is the ledger time of the transaction.
    Granted {
        /// The hold's time.
        at: Timestamp,
    },
    /// The brake or a limit refuses, now or for good.
    Refused(Denial),
    /// The attempt's lease is lost.
    LeaseLost,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq)]
pub enum SettlementOutcome {
    /// Usage arrived.
    Usage {
        /// What the call used.
        usage: Usage,
        /// What it cost by the pinned price row.
        cost: Nanodollars,
    },
    /// It may have been billed; counted at the most it can have cost.
    Unknown {
        /// What was reported before the end.
        usage: Usage,
        /// The most it can have cost; the whole hold where nothing was reported.
        cost: Nanodollars,
    },
    /// Certainly not billed.
    Released,
}

/// The end of a hold, and the journal entry that belongs to it, in one transaction.
///
/// The settlement itself is never refused, not even for a stale lease; only the journal's part is
/// fenced.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// What it came to.
    pub outcome: SettlementOutcome,
    /// A stop reason, or an error's kind.
    pub detail: Option<String>,
    /// The model that answered, where it is another than was asked.
    pub model: Option<String>,
    /// What the prompt cache did for it; nothing where it was not billed.
    pub cache: CacheEffect,
    /// How its prompt was compressed, where that is looked at.
    pub compression: Option<PromptForm>,
    /// What the job's journal keeps of it.
    pub journal: Option<JournalWrite>,
    /// Its reply, where it is kept to answer the same question again; only with a usage that is certain.
    pub keep: Option<NewReply>,
}

/// How the prompt of a call was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptForm {
    /// In which form each turn of its conversation was sent, in the words of whoever sent it: what goes on with it is sent
    /// in the same.
    pub form: String,
    /// What that did, where it did something.
    pub compressed: Option<Compressed>,
}

/// What a settlement did.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Whether this ended its hold. A later one changes nothing, but where the hold was ended for a host that was
    /// taken for gone: then it corrects what the call counts as.
    pub first: bool,
    /// Whether the journal's entry was written; not where the lease was lost.
    pub journalled: bool,
    /// By how much the cost is above the hold: a bug in the bound, zero otherwise.
    pub over_hold: Nanodollars,
}

/// Later truth about a call, or a person's correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The call, which has ended.
    pub call: CallId,
    /// What it really cost.
    pub cost: Nanodollars,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
}
