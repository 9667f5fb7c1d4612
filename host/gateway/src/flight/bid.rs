//! What is asked of the door for one call, whatever face it came in by.

use crate::flight::bill::Held;
use crate::pace::Expected;
use anvil_budget::{InputSize, PriceRow, WarmPrompt};
use anvil_store::HoldRequest;
use anvil_types::{Asker, CallId, JobId, Nanodollars, Priority, Tier, Timestamp, UpstreamKind};
use bytes::Bytes;
use std::time::Duration;

/// The feature by which `output_config` has a task budget.
pub(crate) const TASK_BUDGETS: &str = "task-budgets-2026-03-13";

/// One try of a call: who asks, what for, how much it may be, and the bytes that are sent.
#[derive(Clone, Debug)]
pub(crate) struct Bid {
    pub who: Asker,
    /// For the ledger.
    pub tags: Vec<String>,
    pub tier: TierChoice,
    /// The model, and its prices: the hold pins them.
    pub row: PriceRow,
    pub bound: Bound,
    /// What it will probably take of the pace.
    pub expected: Expected,
    /// What it will probably cost.
    pub expected_cost: Nanodollars,
    /// What its prompt begins with, where that is in its model's cache.
    pub warm: Option<WarmPrompt>,
    pub priority: Priority,
    /// When whoever asks first came: the place among others of one priority.
    pub since: Timestamp,
    pub deadline: Deadline,
    /// The features that the request needs to be let in to, by the API's names.
    pub betas: &'static [&'static str],
    /// What is sent, and what was measured.
    pub body: Bytes,
    /// Whether it goes out in a batch, and costs what calls do there.
    pub batched: bool,
}

/// Which tier was asked for and which one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TierChoice {
    pub asked: Tier,
    pub given: Tier,
    /// Why it is this one, where money is short.
    pub reason: Option<String>,
}

/// The most that a call can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Its cost: the hold.
    pub amount: Nanodollars,
    /// Its output, in tokens.
    pub max_tokens: u64,
    /// The sizes that its input follows from.
    pub size: InputSize,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// Until its answer begins.
    pub first_byte: Duration,
    /// As a whole.
    pub whole: Duration,
    /// When nobody waits for it any more.
    pub drain: Duration,
}

impl Bid {
    pub(crate) fn model(&self) -> &str {
        &self.row.model
    }

    /// The job, where one asks, and the place in its journal.
    pub(crate) fn place(&self) -> (Option<JobId>, u32) {
        self.who.as_job().map_or((None, 0), |job| (Some(job.lease.job), job.position))
    }

    /// What the hold was made for, taken at this time.
    pub(crate) fn held(&self, at: Timestamp) -> Held {
        Held {
            row: self.row.clone(),
            at,
            amount: self.bound.amount,
            max_tokens: self.bound.max_tokens,
            size: self.bound.size,
            body_bytes: self.body.len(),
            batched: self.batched,
        }
    }

    /// The hold that it needs.
    pub(crate) fn hold(&self, id: CallId, upstream: UpstreamKind, tries_account: bool) -> HoldRequest {
        HoldRequest {
            id,
            upstream,
            asker: self.who.clone(),
            tags: self.tags.clone(),
            tier_asked: self.tier.asked,
            tier_given: self.tier.given,
            tier_reason: self.tier.reason.clone(),
            model: self.row.model.clone(),
            price_row: self.row.id.clone(),
            amount: self.bound.amount,
            tries_account,
            early: None,
            batch: None,
        }
    }
}
