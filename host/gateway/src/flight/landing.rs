//! What a flight comes to: pace, throttle, circuit, account and estimates hear of it before it is settled.

use crate::flight::admit::FlightCourse;
use crate::flight::bill::Bill;
use crate::flight::settlement::cost_of;
use crate::flight::strikes::COSTLY;
use crate::flight::watcher::Watcher;
use crate::flight::{Flight, Stage};
use crate::line::paced::Paced;
use crate::pace::{Pace, Spent};
use crate::upstream::answer::Answer;
use crate::upstream::circuit::Passed;
use crate::upstream::class::Class;
use crate::upstream::failed::{Failed, Money};
use anvil_budget::BrakeCause;
use anvil_store::SettlementOutcome;
use anvil_types::{Asker, CallErrorKind, CallState};

/// A flight without a whole answer.
#[derive(Debug)]
pub(crate) struct BrokenFlight {
    /// How its hold ends.
    pub outcome: SettlementOutcome,
    pub trouble: Trouble,
}

/// Whose trouble it is that no whole answer came.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nobody waits for the call any more, and it was given up: nothing is learnt of it.
    Unwatched,
    /// The asker's own.
    Own,
    /// The upstream's, the model's, or the pace's.
    Other(Class),
    /// The account's: what stops calls now.
    Account(Vec<BrakeCause>),
}

impl<'d> Flight<'d> {
    // Its share of the pace, which is over.
    fn paced(&mut self) -> Option<Paced<'d>> {
        match &mut self.stage {
            Stage::Sent(aloft) => aloft.paced.take(),
            Stage::Held | Stage::Ended => None,
        }
    }

    /// A whole answer came. Answers what it counts as.
    pub(crate) async fn answered(&mut self, answer: &Answer) -> Bill {
        let door = self.door;
        let bill = Bill::whole(&self.held, &door.prices(), answer);
        let believable = bill.believable(&self.bid.row);
        if let Some(paced) = self.paced() {
            paced.ended(&Spent::Usage(&believable, self.progress.parts()));
        }
        if bill.doubt.is_none() {
            let (name, model, bound) = (self.bid.who.name(), self.bid.model(), &self.bid.bound);
            let came = (bound.max_tokens, self.progress.bytes());
            if door.learner.learn(name, model, bound.size, &bill.usage, came) {
                door.admission.with_pace(|pace| pace.surprised(self.bid.expected.kind));
            }
        }
        self.correct_throttle(bill.cost);
        door.tell_without_price(self.id, &bill).await;
        door.strikes().succeeded(self.bid.place(), self.bid.model());
        if self.passed.take().is_some_and(Passed::answered) {
            door.account_answers().await;
        }
        if door.admission.with_pace(Pace::take_back) {
            door.pace_is_back().await;
        }
        bill
    }

    /// No whole answer came.
    pub(crate) async fn broke(
        &mut self,
        failed: &Failed,
        answer: &Answer,
        course: &FlightCourse,
        watcher: &impl Watcher,
    ) -> BrokenFlight {
        let door = self.door;
        if let Some(paced) = self.paced() {
            paced.ended(&match &failed.money {
                Money::Unknown => Spent::Unknown(self.bid.bound.max_tokens),
                Money::Released if failed.error.request_sent => Spent::Refused,
                Money::Released => Spent::NotSent,
            });
        }
        let outcome = match &failed.money {
            Money::Released => SettlementOutcome::Released,
            Money::Unknown => {
                let bill = Bill::broken(&self.held, &door.prices(), answer);
                door.tell_without_price(self.id, &bill).await;
                bill.outcome()
            }
        };
        self.correct_throttle(cost_of(&outcome));
        let passed = self.passed.take();
        if watcher.is_gone() {
            drop(passed);
            return BrokenFlight { outcome, trouble: Trouble::Unwatched };
        }
        let (class, why) = (failed.class(), &failed.error.message);
        if passed.is_some_and(|passed| passed.failed(class, why)) {
            door.account_answers().await;
        }
        let own = match class {
            Class::Request => true,
            Class::Upstream => self.is_its_own(course, &outcome).await,
            Class::Account(_) | Class::Model | Class::Pace => false,
        };
        let trouble = match class {
            _ if own => {
                door.strikes().ended(self.bid.place());
                Trouble::Own
            }
            Class::Account(account) => {
                Trouble::Account(door.engage_for_account(account, why, self.held.at).await)
            }
            class => Trouble::Other(class),
        };
        BrokenFlight { outcome, trouble }
    }

    // Whether an upstream's failure is taken to be the call's own doing.
    async fn is_its_own(&self, course: &FlightCourse, outcome: &SettlementOutcome) -> bool {
        let (door, model) = (self.door, self.bid.model());
        // A client's call is not asked again: nothing is laid to its charge.
        if matches!(self.bid.who, Asker::Client(_)) {
            return false;
        }
        if door.strikes().failed(self.bid.place(), model, course.since.unwrap_or_default()) {
            return true;
        }
        if matches!(outcome, SettlementOutcome::Released) {
            return false;
        }
        let Some(asker) = self.bid.who.as_job() else { return false };
        let failures = [CallErrorKind::UnknownOutcome, CallErrorKind::Upstream, CallErrorKind::Overloaded];
        let earlier = door.store.calls(asker.lease.job).await.unwrap_or_default();
        let ours = earlier.iter().filter(|call| {
            call.state == CallState::Unknown
                && call.attempt == Some(asker.attempt)
                && call.position == Some(asker.position)
                && failures.iter().any(|kind| call.detail.as_deref() == Some(kind.name()))
        });
        let paid = u32::try_from(ours.count()).unwrap_or(u32::MAX);
        paid.saturating_add(1) >= COSTLY
    }
}
