//! A call that wants to go out, and what becomes of it.

use crate::line::denied::Denied;
use crate::line::grant::{GiveBack, Grant};
use crate::pace::Expected;
use anvil_budget::{Denial, LimitName, WarmPrompt};
use anvil_pace::{InLine, LinePlace, PaceTaken, PaceTurn};
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
    /// What its prompt begins with, where that is in its model's cache.
    pub warm: Option<WarmPrompt>,
}

impl Candidate {
    /// Its hold, where it goes out with what it has taken.
    pub(crate) fn hold_with(&self, taken: &PaceTaken) -> HoldRequest {
        let early = taken.early.map(|early| early.to_string());
        HoldRequest { early, ..self.hold.clone() }
    }
}

impl InLine for Candidate {
    fn place(&self) -> LinePlace {
        LinePlace::new(self.priority, self.since, self.arrival)
    }

    fn turn(&self) -> PaceTurn {
        PaceTurn::new(self.priority, self.since, self.hold.asker.job())
    }

    fn priority(&self) -> Priority {
        self.priority
    }

    fn cost(&self) -> Nanodollars {
        self.cost
    }

    fn model(&self) -> &str {
        &self.hold.model
    }

    fn expected(&self) -> Expected {
        self.expected
    }

    fn warm(&self) -> Option<WarmPrompt> {
        self.warm
    }
}

/// What became of a candidate: the request may go out, or why it may not.
pub(crate) type Admitted = Result<Grant, Denied>;

/// What the store's decision comes to.
pub(crate) enum Decided {
    Answer(Admitted),
    /// Nothing is taken: the call waits until there is room under this limit.
    WaitForHolds(LimitName),
}

pub(crate) fn decided(
    decision: Result<HoldDecision, StoreError>,
    hold: CallId,
    taken: PaceTaken,
    give_back: &GiveBack,
) -> Decided {
    let denied = match decision {
        Ok(HoldDecision::Granted { at }) => {
            return Decided::Answer(Ok(Grant::new(hold, at, taken, give_back.clone())));
        }
        Ok(HoldDecision::Refused(Denial::WaitForHolds { limit })) => {
            give_back.take_back(taken);
            return Decided::WaitForHolds(limit);
        }
        Ok(HoldDecision::Refused(Denial::ParkUntil { at, limit })) => Denied::NotBefore { at, limit },
        Ok(HoldDecision::Refused(Denial::Never { limit, allowed, spent })) => {
            Denied::Never { limit, allowed, spent }
        }
        Ok(HoldDecision::Refused(Denial::Braked(causes))) => Denied::Braked(causes),
        Ok(HoldDecision::LeaseLost) => Denied::LeaseLost,
        Err(error) => Denied::Failed(error),
    };
    give_back.take_back(taken);
    Decided::Answer(Err(denied))
}
