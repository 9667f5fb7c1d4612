//! A call that wants to go out, and what becomes of it.

use crate::line::grant::{GiveBack, Grant, Taken};
use crate::line::order::Place;
use crate::pace::Expected;
use crate::pace::throttle::Turn;
use anvil_budget::{Admission as Verdict, EvenBurn, LimitName};
use anvil_store::{HoldDecision, HoldRequest, StoreError};
use anvil_types::{CallId, Nanodollars, Priority, Timestamp};

/// A call that wants to go out.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub priority: Priority,
    /// When the job first came.
    pub since: Timestamp,
    /// When the call itself first came, among others: kept over its retries.
    pub arrival: u64,
    pub hold: HoldRequest,
    pub expected: Expected,
    /// What it will probably cost.
    pub cost: Nanodollars,
}

impl Candidate {
    pub(crate) fn turn(&self) -> Turn {
        Turn::new(self.priority, self.since, self.hold.job)
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(self.priority, self.since, self.arrival)
    }
}

/// What became of a candidate.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// The money is set aside; the request may go out.
    Granted(Grant),
    /// It would wait too long for the pace.
    PaceUntil(Timestamp),
    /// It would wait too long for the throttle.
    ThrottledUntil(Timestamp, EvenBurn),
    /// The store's answer, other than a grant.
    Refused(HoldDecision),
    Failed(StoreError),
    /// The queue fell with it in it, and begins anew; nothing is set aside.
    Forgotten,
}

/// What the store's decision comes to.
pub(crate) enum Decided {
    Answer(Admitted),
    /// Nothing is taken: the call waits until there is room under this limit.
    WaitForHolds(LimitName),
}

pub(crate) fn decided(
    decision: Result<HoldDecision, StoreError>,
    hold: CallId,
    taken: Taken,
    give_back: &GiveBack,
) -> Decided {
    if let Ok(HoldDecision::Granted { at }) = decision {
        return Decided::Answer(Admitted::Granted(Grant::new(hold, at, taken, give_back.clone())));
    }
    give_back.take_back(taken);
    match decision {
        Ok(HoldDecision::Refused(Verdict::WaitForHolds { limit })) => Decided::WaitForHolds(limit),
        Ok(refused) => Decided::Answer(Admitted::Refused(refused)),
        Err(error) => Decided::Answer(Admitted::Failed(error)),
    }
}
