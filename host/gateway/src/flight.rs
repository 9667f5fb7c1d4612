//! One call's life, whatever face it came in by: bytes in, bytes out, and the money for it.
//!
//! A face makes a [`bid::Bid`] and an observer of the answer's bytes. [`admit::admit`] turns the bid into a
//! [`Flight`], which owns the hold and what was taken of pace and throttle until it is released or settled. There is no
//! other way out, and so no other path to Claude.

pub(crate) mod account;
pub(crate) mod admit;
pub(crate) mod bid;
pub(crate) mod bill;
pub(crate) mod burn;
pub(crate) mod landing;
pub(crate) mod progress;
mod sending;
pub(crate) mod settlement;
pub(crate) mod strikes;
pub(crate) mod told;
pub(crate) mod unpriced;
pub(crate) mod watcher;

use crate::choice::pressure::Running;
use crate::door::{GatewayDoor, UnderWay};
use crate::flight::bid::Bid;
use crate::flight::bill::Held;
use crate::flight::progress::Progress;
use crate::flight::settlement::{Note, Rider, released, unknown};
use crate::line::paced::Paced;
use crate::prompt_cache::leads::Lead;
use crate::upstream::circuit::Passed;
use anvil_pace::PaceTaken;
use anvil_store::{Settled, Settlement, SettlementOutcome, StoreError};
use anvil_types::{CallId, Nanodollars, Timestamp};
use std::fmt;

/// A call whose money is held. It ends by [`Flight::release`] before it is sent, or by [`Flight::settle`].
///
/// Dropped before that, it is released where nothing was sent, and counts as unknown at its hold's amount where
/// something was: what was held is never forgotten.
#[must_use]
pub(crate) struct Flight<'d> {
    door: &'d GatewayDoor,
    bid: Bid,
    id: CallId,
    held: Held,
    taken: PaceTaken,
    /// The circuit's leave, until the upstream was heard of.
    passed: Option<Passed<'d>>,
    progress: Progress,
    /// What it writes into its model's cache, while others wait for that.
    lead: Option<Lead>,
    stage: Stage<'d>,
}

/// How far it has come.
enum Stage<'d> {
    /// Its money is held.
    Held,
    /// It may be billed.
    Sent(Aloft<'d>),
    /// Its hold is settled, or the store takes nothing more.
    Ended,
}

/// What counts a call that was sent, until it is settled.
struct Aloft<'d> {
    /// Its share of the pace, until it is known what it took.
    paced: Option<Paced<'d>>,
    _under_way: UnderWay<'d>,
    _running: Running<'d>,
}

impl fmt::Debug for Flight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("id", &self.id).field("held", &self.held).finish_non_exhaustive()
    }
}

impl<'d> Flight<'d> {
    fn new(
        door: &'d GatewayDoor,
        bid: Bid,
        id: CallId,
        at: Timestamp,
        taken: PaceTaken,
        passed: Passed<'d>,
    ) -> Self {
        let held = bid.held(at);
        let (passed, progress, stage) = (Some(passed), Progress::default(), Stage::Held);
        Self { door, bid, id, held, taken, passed, progress, lead: None, stage }
    }

    /// It goes out before others that write the same.
    pub(crate) fn lead(&mut self, lead: Lead) {
        self.lead = Some(lead);
    }

    /// Nobody waits for it any more: it was settled or released.
    fn over(&mut self) {
        (self.stage, self.lead) = (Stage::Ended, None);
    }

    pub(crate) fn bid(&self) -> &Bid {
        &self.bid
    }

    /// What its hold was made for.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// Whether it may be billed.
    pub(crate) fn was_sent(&self) -> bool {
        matches!(self.stage, Stage::Sent(_))
    }

    /// Whether its hold is still to be ended.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Ended)
    }

    /// Ends it before it is sent: nothing can have been billed, and what was taken is given back. What was sent all
    /// the same counts at its hold's amount.
    pub(crate) async fn release(&mut self, why: &str, rider: Option<Rider>) -> Result<Settled, StoreError> {
        let ended = self.left(why);
        let journal = rider.map(|Rider::Journal(write)| write);
        let settled = self.door.settle(Settlement { journal, ..ended }).await;
        self.over();
        settled
    }

    /// How it ends where nobody knows more of it than how far it has come.
    fn left(&self, why: &str) -> Settlement {
        if self.was_sent() {
            return unknown(self.id, self.held.amount, why);
        }
        self.door.admission.take_back(self.taken);
        released(self.id, why)
    }

    /// Ends it, whatever it came to, with what goes into the same transaction.
    pub(crate) async fn settle(
        &mut self,
        outcome: SettlementOutcome,
        note: Note,
        rider: Option<Rider>,
    ) -> Result<Settled, StoreError> {
        let journal = rider.map(|Rider::Journal(write)| write);
        let Note { detail, model, cache, compression, keep } = note;
        let (call, detail) = (self.id, Some(detail));
        let settlement = Settlement { call, outcome, detail, model, cache, compression, journal, keep };
        let settled = self.door.settle(settlement).await;
        self.over();
        settled
    }

    fn correct_throttle(&self, cost: Nanodollars) {
        self.door.admission.with_throttle(|throttle| throttle.correct(self.taken.charge, cost));
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if self.is_open() {
            let why = if self.was_sent() { "its task was gone" } else { "the asker was gone" };
            self.door.admission.leave(self.left(why));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
