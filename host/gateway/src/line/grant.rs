//! What a call that was let in has taken: its hold, its share of the pace, and of the throttle.

use crate::flight::settlement::released;
use anvil_pace::{Pace, PaceTaken, Throttle};
use anvil_store::Settlement;
use anvil_types::{CallId, Nanodollars, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// A hold that was granted, until its call takes it over. Dropped before that (the one who asked was
/// gone), the hold is released and what it took of pace and throttle is given back: nothing was sent.
#[derive(Debug)]
pub(crate) struct Grant {
    at: Timestamp,
    hold: CallId,
    taken: PaceTaken,
    open: bool,
    give_back: GiveBack,
}

/// Gives back what was taken for calls that do not go out.
#[derive(Clone, Debug)]
pub(crate) struct GiveBack {
    pub pace: Arc<Mutex<Pace>>,
    pub throttle: Arc<Mutex<Throttle>>,
    /// Ends holds whose calls are gone.
    pub left: mpsc::UnboundedSender<Settlement>,
}

impl GiveBack {
    pub(crate) fn take_back(&self, taken: PaceTaken) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).give_back(taken.ticket);
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.correct(taken.charge, Nanodollars::ZERO);
    }
}

impl Grant {
    pub(crate) fn new(hold: CallId, at: Timestamp, taken: PaceTaken, give_back: GiveBack) -> Self {
        Self { at, hold, taken, open: true, give_back }
    }

    /// The hold's time and what the call has taken: it is the call's own from now on.
    pub(crate) fn take(mut self) -> (Timestamp, PaceTaken) {
        self.open = false;
        (self.at, self.taken)
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if self.open {
            self.give_back.take_back(self.taken);
            // Where nobody listens any more the host ends, and the next start finds the hold.
            let _ = self.give_back.left.send(released(self.hold, "the asker was gone"));
        }
    }
}
