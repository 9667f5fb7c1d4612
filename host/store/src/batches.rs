//! Calls that go out in batches.

use crate::Settlement;
use anvil_budget::BatchRule;
use anvil_types::{BatchState, CallId, Json, Nanodollars, Tier, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// What makes a held call one that goes out in a batch. Only a job's call does.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBatchCall {
    /// BLAKE3 of the guest's own request, for the journal.
    pub request_hash: [u8; 32],
    /// What its answer is judged by, in the form of whoever judges it.
    pub terms: Json,
    /// Its request, as it is sent.
    pub body: Arc<[u8]>,
}

/// How a place of a job's journal stands with batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPlace {
    /// Nothing was asked there in a batch.
    New,
    /// The same question waits for a batch, or is in one.
    Waits,
    /// A batch brought it back undone: it is asked by itself.
    CameBack,
}

/// Which batch is to be made of what waits.
#[derive(Clone, Debug)]
pub struct BatchWish {
    /// When one is due, and how much it has at most.
    pub rule: BatchRule,
    /// Whether it tries if the account is taken again: the brake's causes of the account do not stop it.
    pub tries_account: bool,
    /// Calls that go in one with none but such as may be as many together: for each how many.
    pub apart: Arc<HashMap<CallId, u64>>,
}

impl From<BatchRule> for BatchWish {
    fn from(rule: BatchRule) -> Self {
        Self { rule, tries_account: false, apart: Arc::default() }
    }
}

/// A batch that is not over, as whoever sends it knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBatch {
    /// Its number.
    pub number: u64,
    /// How far it has come.
    pub state: BatchState,
    /// Its id at the upstream, once that is known.
    pub upstream_id: Option<String>,
    /// How many calls it was made of.
    pub calls: u64,
    /// When it was made: before anything of it was sent.
    pub made_at: Timestamp,
    /// When what is left of it comes back undone.
    pub expires_at: Option<Timestamp>,
}

/// A call on its way into a batch's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchBody {
    /// Its place.
    pub place: u64,
    /// The call.
    pub call: CallId,
    /// Its request.
    pub body: Vec<u8>,
}

/// A call of a batch that has no end yet.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchCall {
    /// The batch that it is in, where it is in one.
    pub batch: Option<u64>,
    /// The agent that asked.
    pub agent: String,
    /// The tier asked for.
    pub tier_asked: Tier,
    /// The tier given.
    pub tier_given: Tier,
    /// Why it is this one, where money was short.
    pub tier_reason: Option<String>,
    /// The exact model.
    pub model: String,
    /// The price row that the hold pinned.
    pub price_row: String,
    /// What is held.
    pub amount: Nanodollars,
    /// Since when.
    pub held_at: Timestamp,
    /// Bytes of its request.
    pub bytes: u64,
    /// What its answer is judged by.
    pub terms: Json,
}

/// The end of a call that waited for a batch or was in one. Never refused: its job need not have a lease.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchEnd {
    /// What it came to; without a journal's entry of its own.
    pub settlement: Settlement,
    /// What the batch saved it.
    pub saved: Nanodollars,
    /// What its job is answered. None: it asks again.
    pub answer: Option<Json>,
    /// Whether it is asked by itself then.
    pub goes_alone: bool,
}
