//! An agent's call, as a task of its own, until it is answered, or its job is better parked.
//!
//! Whoever asked only watches: when the watcher goes, a call that waits leaves the queue, and one that
//! was sent is drained for a bounded time to learn what it cost.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::fate::{after_a_fault, said};
use crate::agent::journal::{answer_with, journalled};
use crate::agent::plan::{Planned, Unplanned, plan, whose};
use crate::agent::reply::reply;
use crate::agent::tried::{Tried, Tries};
use crate::agent::waits;
use crate::batch::gather as batch;
use crate::batch::terms::BatchTerms;
use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::{FlightCourse, admit};
use crate::flight::landing::{BrokenFlight, Trouble};
use crate::flight::settlement::Note;
use crate::line::denied::Denied;
use crate::refresh::offer;
use crate::stage::compress::Shortened;
use crate::stage::follow::follow;
use crate::stage::mark::{learn, refused, refuses_marks};
use crate::stage::replies::Reusable;
use crate::upstream::answer::Answer;
use crate::upstream::failed::Failed;
use crate::upstream::reading::Reading;
use anvil_types::Wait;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::oneshot;

type Watcher = oneshot::Sender<CallEnd>;

/// Runs a call to its end and tells the watcher, whatever becomes of it: a fault of the host on the way settles
/// what is held and is the answer.
pub(crate) async fn run(door: Arc<GatewayDoor>, ask: Ask, mut watcher: Watcher) {
    // Both outlive the task's fault: the flight with what it holds, and what was told of it.
    let (mut flight, mut answer) = (None, Answer::default());
    let running = to_its_end(&door, &ask, &mut flight, &mut answer, &mut watcher);
    let end = match AssertUnwindSafe(running).catch_unwind().await {
        Ok(end) => end,
        Err(panic) => {
            door.sender.redactor().clean_answer(&mut answer);
            after_a_fault(&door, &ask, flight.as_mut(), &answer, &said(panic.as_ref())).await
        }
    };
    // Nobody may be watching any more; the money is settled all the same.
    let _ = watcher.send(end);
}

async fn to_its_end<'d>(
    door: &'d GatewayDoor,
    ask: &Ask,
    flight: &mut Option<Flight<'d>>,
    answer: &mut Answer,
    watcher: &mut Watcher,
) -> CallEnd {
    let mut tries = Tries::new(FlightCourse::begin(door));
    // Each try is planned anew: limits and prices may have changed while the call waited.
    loop {
        let asked_at = door.clock.now();
        let way = match batch::way(door, ask, &tries).await {
            Ok(way) => way,
            Err(end) => return end,
        };
        let tried = match plan(door, ask, way).await {
            Ok(planned) => attempt(door, ask, planned, flight, answer, &mut tries, watcher).await,
            Err(Unplanned::Refused(error)) => return journalled(door, ask, error).await,
            Err(Unplanned::StoreFailed(error)) => return CallEnd::StoreFailed(error),
        };
        match tried {
            Tried::End(end) => {
                return match *end {
                    CallEnd::Park(wait) => CallEnd::Park(Wait { refused_at: Some(asked_at), ..wait }),
                    end => end,
                };
            }
            Tried::Again(wait) => {
                tokio::select! {
                    () = door.clock.sleep(wait) => {}
                    () = watcher.closed() => return CallEnd::LeaseLost,
                }
            }
            Tried::Stale => {}
        }
    }
}

async fn attempt<'d>(
    door: &'d GatewayDoor,
    ask: &Ask,
    planned: Planned,
    flight: &mut Option<Flight<'d>>,
    answer: &mut Answer,
    tries: &mut Tries,
    watcher: &mut Watcher,
) -> Tried {
    let Planned { bid, prompt, is_marked, key, shortened, again } = planned;
    let shortened = shortened.as_ref();
    let reusable = key.map(|key| Reusable { door, ask, key, shortened });
    if let Some(reusable) = &reusable
        && let Some(answered) = reusable.before(&bid, tries, watcher).await
    {
        return answered;
    }
    if bid.batched {
        let terms = BatchTerms::of(&bid, key, shortened.map(Shortened::kept));
        return batch::gather(door, ask, &bid, &terms, tries).await;
    }
    let (model, amount) = (bid.row.model.clone(), bid.bound.amount);
    let granted = match admit(door, bid, &mut tries.course, watcher).await {
        Ok(granted) => granted,
        // A few bytes of the host's own are no reason to refuse what an agent asked for.
        Err(Denied::Never { .. }) if is_marked => {
            tries.unmarked = true;
            return Tried::Stale;
        }
        Err(denied) => return waits::denied(door, ask, denied, &model, amount, tries).await,
    };
    // Others that ask the same wait until this goes.
    let (granted, _first) = match &reusable {
        Some(reusable) => match reusable.last_look(granted, tries).await {
            Ok(goes) => goes,
            Err(answered) => return answered,
        },
        None => (granted, None),
    };
    let flight = flight.insert(granted);
    if let Err(denied) = follow(door, flight, prompt.as_ref(), watcher).await {
        return waits::denied(door, ask, denied, &model, amount, tries).await;
    }
    *answer = Answer::default();
    let redactor = door.sender.redactor();
    let mut reading = Reading::new(answer, ask.text.as_ref(), redactor, door.config.patience.idle);
    let sent = flight.send(&mut reading, watcher).await;
    let read = reading.verdict();
    match flight.verdict(sent, read, answer) {
        Ok(()) => {
            let bill = flight.answered(answer).await;
            let certain = prompt.as_ref().filter(|_| bill.doubt.is_none());
            let at = flight.held().at;
            let miss = certain.and_then(|prompt| {
                let row = &flight.bid().row;
                // What is told beyond what the model can take teaches nothing.
                learn(door, whose(ask), prompt, row, &bill.believable(row), at)
            });
            if let Some(prompt) = certain {
                offer::answered(door, ask, flight.bid(), prompt, again);
            }
            let mut reply = reply(door, &flight.bid().tier, flight.bid().model(), answer, &bill);
            reply.extras.extend(shortened.and_then(Shortened::extra));
            let note = Note {
                detail: bill.detail(&reply.stop_reason),
                model: Some(reply.model.clone()),
                cache: bill.cache(miss),
                compression: shortened
                    .map(|shortened| shortened.ended(door, ask, &flight.bid().row, &bill, at)),
                keep: reusable.as_ref().and_then(|reusable| reusable.keep(&bill, answer, &reply)),
            };
            Tried::end(answer_with(door, ask, flight, bill.outcome(), note, Ok(reply)).await)
        }
        Err(failed) => {
            let broken = flight.broke(&failed, answer, &tries.course, watcher).await;
            if is_marked && refuses_marks(&failed) {
                refused(door, ask.asker.name());
                tries.unmarked = true;
                let detail = failed.error.kind.name().to_owned();
                let note = Note { detail, ..Note::default() };
                return match flight.settle(broken.outcome, note, None).await {
                    Ok(_) => Tried::Stale,
                    Err(error) => Tried::end(CallEnd::StoreFailed(error.to_string())),
                };
            }
            after(door, ask, flight, *failed, broken, tries).await
        }
    }
}

// The hold ends; whether the call does too depends on whose trouble it was.
async fn after(
    door: &GatewayDoor,
    ask: &Ask,
    flight: &mut Flight<'_>,
    failed: Failed,
    broken: BrokenFlight,
    tries: &mut Tries,
) -> Tried {
    let BrokenFlight { outcome, trouble } = broken;
    let detail = failed.error.kind.name().to_owned();
    let note = Note { detail, ..Note::default() };
    if matches!(trouble, Trouble::Own) {
        return Tried::end(answer_with(door, ask, flight, outcome, note, Err(failed.error)).await);
    }
    if let Err(error) = flight.settle(outcome, note, None).await {
        return Tried::end(CallEnd::StoreFailed(error.to_string()));
    }
    match trouble {
        Trouble::Own | Trouble::Unwatched => Tried::end(CallEnd::LeaseLost),
        Trouble::Account(causes) => Tried::end(waits::account(door, &causes, failed.error.message)),
        Trouble::Other(class) => waits::troubled(door, class, failed, &flight.bid().row.model, tries),
    }
}
