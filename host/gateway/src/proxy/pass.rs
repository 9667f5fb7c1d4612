//! A client's request goes out as it came, and the answer's bytes come back as they came.

use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::{FlightCourse, admit};
use crate::flight::settlement::{Note, cost_of};
use crate::flight::told::{Sentence, told};
use crate::proxy::bid::{NoBid, bid};
use crate::proxy::tee::Tee;
use crate::upstream::answer::Answer;
use anvil_types::{CacheEffect, CallError, ClientAsker, Nanodollars, Priority, Timestamp, Wait};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A client's request.
#[derive(Clone, Debug)]
pub struct ClientAsk {
    /// Whose key it came with.
    pub client: ClientAsker,
    /// For the ledger.
    pub tags: Vec<String>,
    /// Its place among calls that wait.
    pub priority: Priority,
    /// When it came.
    pub since: Timestamp,
    /// The body of `POST /v1/messages`, which is sent as it is.
    pub body: Bytes,
}

/// A part of an answer, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerPiece {
    /// What comes first.
    Head {
        /// The upstream's status.
        status: u16,
        /// Those of its headers that are the answer's own.
        headers: Vec<(String, String)>,
    },
    /// The next of its bytes.
    Bytes(Bytes),
}

/// How a client's request ended.
#[derive(Clone, Debug)]
pub enum PassEnd {
    /// A whole answer went through, at this cost.
    Passed(Nanodollars),
    /// No whole answer came, at this cost. Where upstream answered with an error, that went through.
    Broke(CallError, Nanodollars),
    /// The request is refused; nothing was sent.
    Refused(CallError),
    /// It can't go out now; nothing was sent.
    Wait(Wait),
    /// Nobody waited for it any more; nothing was sent.
    Gone,
    /// The store failed; what happened is not certain to be kept.
    StoreFailed(String),
}

/// A request under way. Dropped, what was sent is read to its end for a bounded time, and settled all the same.
#[derive(Debug)]
#[must_use]
pub struct Passing {
    pieces: mpsc::UnboundedReceiver<AnswerPiece>,
    end: oneshot::Receiver<PassEnd>,
}

impl Passing {
    /// The next part of the answer; none after the last, which is settled by then.
    pub async fn next(&mut self) -> Option<AnswerPiece> {
        self.pieces.recv().await
    }

    /// How it ended.
    pub async fn end(self) -> PassEnd {
        self.end.await.unwrap_or_else(|_| PassEnd::StoreFailed("the gateway has shut down".to_owned()))
    }
}

/// Passes a request on, in a task of its own.
pub(crate) fn pass(door: Arc<GatewayDoor>, ask: ClientAsk) -> Passing {
    let (sender, pieces) = mpsc::unbounded_channel();
    let (told, end) = oneshot::channel();
    tokio::spawn(async move {
        // A fault of the host on the way drops the flight, which settles what it holds.
        let ended = to_its_end(&door, &ask, &sender).await;
        let _ = told.send(ended);
    });
    Passing { pieces, end }
}

async fn to_its_end(
    door: &GatewayDoor,
    ask: &ClientAsk,
    pieces: &mpsc::UnboundedSender<AnswerPiece>,
) -> PassEnd {
    let mut course = FlightCourse::begin(door);
    loop {
        let bid = match bid(door, ask).await {
            Ok(bid) => bid,
            Err(NoBid::Refused(error)) => return PassEnd::Refused(error),
            Err(NoBid::Failed(error)) => return PassEnd::StoreFailed(error.to_string()),
        };
        let (model, amount) = (bid.row.model.clone(), bid.bound.amount);
        let denied = match admit(door, bid, &mut course, &mut pieces.clone()).await {
            Ok(mut flight) => return fly(door, &mut flight, &course, pieces).await,
            Err(denied) => denied,
        };
        return match told(door, denied, &model, amount) {
            Sentence::Stale => continue,
            Sentence::Wait(wait) => PassEnd::Wait(wait),
            Sentence::Refused(error) => PassEnd::Refused(error),
            Sentence::Gone => PassEnd::Gone,
            Sentence::Forgotten(error) | Sentence::StoreFailed(error) => PassEnd::StoreFailed(error),
        };
    }
}

async fn fly(
    door: &GatewayDoor,
    flight: &mut Flight<'_>,
    course: &FlightCourse,
    pieces: &mpsc::UnboundedSender<AnswerPiece>,
) -> PassEnd {
    let mut answer = Answer::default();
    let mut watcher = pieces.clone();
    let mut tee = Tee::new(&mut answer, door.sender.redactor(), door.config.patience.idle, pieces);
    let sent = flight.send(&mut tee, &mut watcher).await;
    let read = tee.verdict();
    let (outcome, note, failed) = match flight.verdict(sent, read, &mut answer) {
        Ok(()) => {
            let bill = flight.answered(&answer).await;
            let detail = bill.detail(answer.stop_reason().unwrap_or("unknown"));
            let model = answer.models().last().cloned();
            (
                bill.outcome(),
                Note { detail, model, cache: bill.cache(None), compression: None, keep: None },
                None,
            )
        }
        Err(failed) => {
            let broken = flight.broke(&failed, &answer, course, &watcher).await;
            let detail = failed.error.kind.name().to_owned();
            let note =
                Note { detail, model: None, cache: CacheEffect::default(), compression: None, keep: None };
            (broken.outcome, note, Some(failed.error))
        }
    };
    let cost = cost_of(&outcome);
    match (flight.settle(outcome, note, None).await, failed) {
        (Ok(_), None) => PassEnd::Passed(cost),
        (Ok(_), Some(error)) => PassEnd::Broke(error, cost),
        (Err(error), _) => PassEnd::StoreFailed(error.to_string()),
    }
}
