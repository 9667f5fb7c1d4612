//! A call of a job that is in no hurry is kept for a batch, in place of its flight.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::plan::CallWay;
use crate::agent::tried::{Tried, Tries};
use crate::agent::waits;
use crate::batch::terms::BatchTerms;
use crate::door::GatewayDoor;
use crate::flight::bid::Bid;
use crate::line::candidate::Candidate;
use crate::line::denied::Denied;
use anvil_budget::{BrakeCause, asks_for_task_budget};
use anvil_store::{BatchPlace, NewBatchCall};
use anvil_types::words::WaitCause;
use anvil_types::{Json, Request, RequestOption};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Options that make a request one that goes out by itself: a batch knows no speed, and no tier but its own.
const ALONE: [RequestOption; 2] = [RequestOption::Speed, RequestOption::ServiceTier];

/// In which way a call goes out now; its end where it is kept for a batch, or in one, already.
pub(crate) async fn way(door: &GatewayDoor, ask: &Ask, tries: &Tries) -> Result<CallWay, CallEnd> {
    let alone = if tries.unmarked { CallWay::Unmarked } else { CallWay::Alone };
    let Some(asker) = ask.asker.as_job() else { return Ok(alone) };
    // What a run before has left there is waited for, whatever the settings say now; a first run finds nothing.
    if !ask.terms.economy && asker.lease.number == 1 {
        return Ok(alone);
    }
    let place = door.store.batch_place(asker.lease.job, asker.position, ask.request_hash).await;
    match place.map_err(|error| CallEnd::StoreFailed(error.to_string()))? {
        BatchPlace::Waits => Err(CallEnd::Park(WaitCause::Batch.wait(None))),
        BatchPlace::CameBack => Ok(alone),
        BatchPlace::New => {
            let is_wanted = ask.terms.economy && door.config.batches.is_some() && !tries.alone;
            Ok(if is_wanted && goes_in_batches(&ask.request) { CallWay::Batch } else { alone })
        }
    }
}

fn goes_in_batches(request: &Request) -> bool {
    // A task budget is a feature that would have to be asked for all of a batch's calls.
    ALONE.iter().all(|option| request.option(*option).is_none()) && !asks_for_task_budget(request)
}

/// Holds a call's money and keeps it, in one step. Its job is to be parked then.
pub(crate) async fn gather(
    door: &GatewayDoor,
    ask: &Ask,
    bid: &Bid,
    terms: &BatchTerms,
    tries: &mut Tries,
) -> Tried {
    let (model, amount) = (bid.row.model.as_str(), bid.bound.amount);
    let denied = match set_aside(door, ask, bid, terms, tries).await {
        Ok(()) => {
            door.batch_news.notify_one();
            return Tried::end(CallEnd::Park(WaitCause::Batch.wait(None)));
        }
        Err(denied) => denied,
    };
    if let Denied::Braked(causes) = &denied
        && is_trial(door, causes)
    {
        // No batch tells soon whether the account is taken again; a call does.
        tries.alone = true;
        return Tried::Stale;
    }
    waits::denied(door, ask, denied, model, amount, tries).await
}

async fn set_aside(
    door: &GatewayDoor,
    ask: &Ask,
    bid: &Bid,
    terms: &BatchTerms,
    tries: &Tries,
) -> Result<(), Denied> {
    if door.closing.load(Ordering::Relaxed) {
        return Err(Denied::Closing);
    }
    if door.store_failed.load(Ordering::Relaxed) {
        return Err(Denied::StoreFailing);
    }
    let batch = NewBatchCall {
        request_hash: ask.request_hash,
        terms: Json::of(terms),
        body: Arc::from(&bid.body[..]),
    };
    let mut hold = bid.hold(door.new_call_id(), door.config.upstream.kind, false);
    hold.batch = Some(batch);
    let candidate = Candidate {
        priority: bid.priority,
        since: bid.since,
        arrival: tries.course.arrival,
        hold,
        expected: bid.expected,
        cost: bid.expected_cost,
        warm: None,
    };
    door.admission.set_aside(candidate).await
}

// Whether the account alone stops calls, and it is time to try whether it is taken again.
fn is_trial(door: &GatewayDoor, causes: &[BrakeCause]) -> bool {
    causes.iter().all(|cause| cause.kind.is_of_account()) && door.breaker.account_trial() <= door.clock.now()
}
