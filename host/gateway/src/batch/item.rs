//! A line of a batch's results becomes its call's end.

use crate::agent::reply::reply;
use crate::batch::release::{self, Undone};
use crate::batch::terms::{BatchTerms, tier};
use crate::batch::wire::{ToldLine, ToldResult, line_text};
use crate::door::GatewayDoor;
use crate::flight::bill::{Bill, Held};
use crate::flight::settlement::released;
use crate::stage::compress::KeptForm;
use crate::stage::replies::{Paid, keep};
use crate::upstream::answer::Answer;
use crate::upstream::class::Class;
use crate::upstream::failed::Failed;
use crate::upstream::fault::Fault;
use anvil_store::{BatchCall, BatchEnd, Settlement, SettlementOutcome, StoreError};
use anvil_types::{CallError, CallId, Json, Nanodollars, Origin, Reply};

/// Statuses by the `type` of an error, as the API's list of errors has them.
const STATUSES: [(&str, u16); 9] = [
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("timeout_error", 504),
    ("overloaded_error", 529),
];
/// Of an error of another type.
const OTHER_STATUS: u16 = 500;

/// What a line has come to.
pub(crate) enum Taken {
    /// It has ended its call, or is of none that waits for it.
    Ended,
    /// It says that there is no answer: another may have it.
    NoAnswer(CallId, NoAnswer),
    /// It cannot be read.
    Unreadable,
}

/// What a call comes to of which no line has an answer. What may be billed goes before what is certain, and that before
/// what is asked again: in this order.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It goes out by itself.
    Alone(&'static str),
    /// It fails, and costs nothing.
    Fails(Box<BatchEnd>),
    /// Nobody knows what it cost, beyond what this says.
    Unknown(Box<BatchEnd>),
}

impl NoAnswer {
    /// Which of two that contradict each other counts.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Alone(_) => 0,
            Self::Fails(_) => 1,
            Self::Unknown(_) => 2,
        }
    }

    /// Ends the call so, where it has no end yet.
    pub(crate) async fn end(self, door: &GatewayDoor, call: CallId) -> Result<(), StoreError> {
        match self {
            Self::Alone(why) => release::end(door, call, Undone::GoesAlone(why)).await,
            Self::Fails(end) | Self::Unknown(end) => release::write(door, *end).await,
        }
    }
}

/// Ends the call of a line that has its answer, where it is one of this batch's that has no end yet.
pub(crate) async fn take(door: &GatewayDoor, batch: u64, line: &[u8]) -> Result<Taken, StoreError> {
    let line = line_text(line);
    let Ok(line) = serde_json::from_str::<ToldLine<'_>>(&line) else { return Ok(Taken::Unreadable) };
    let call = line.custom_id.parse::<CallId>().ok();
    let known = match call {
        Some(call) => door.store.batch_call(call).await?.map(|known| (call, known)),
        None => None,
    };
    match known.filter(|(_, known)| known.batch == Some(batch)) {
        Some((call, known)) => end(door, call, &known, &line.result).await,
        // It has its end already, or nobody sent it.
        None => {
            tracing::debug!(batch, "a line of a batch's results is of no call that waits for it");
            Ok(Taken::Ended)
        }
    }
}

async fn end(
    door: &GatewayDoor,
    call: CallId,
    known: &BatchCall,
    result: &ToldResult<'_>,
) -> Result<Taken, StoreError> {
    let none = match (result.kind.as_str(), result.message, result.error) {
        ("succeeded", Some(message), _) => match succeeded(door, call, known, message.get()).await {
            Ok(end) => {
                release::write(door, end).await?;
                return Ok(Taken::Ended);
            }
            Err(unreadable) => NoAnswer::Unknown(Box::new(unreadable)),
        },
        ("errored", _, error) => {
            errored(door, call, error.map_or("", serde_json::value::RawValue::get)).await?
        }
        // What did not come to its turn costs nothing.
        ("expired", ..) => NoAnswer::Alone("expired"),
        ("canceled", ..) => NoAnswer::Alone("canceled"),
        _ => {
            let why = "its batch tells no result of it that is known";
            NoAnswer::Unknown(Box::new(release::unknown_end(call, known.amount, why)))
        }
    };
    Ok(Taken::NoAnswer(call, none))
}

// An error where the answer cannot be read: what it comes to then.
async fn succeeded(
    door: &GatewayDoor,
    call: CallId,
    known: &BatchCall,
    message: &str,
) -> Result<BatchEnd, BatchEnd> {
    let mut answer = Answer::default();
    answer.status = Some(200);
    let read = answer.take_message(message);
    door.sender.redactor().clean_answer(&mut answer);
    let terms = serde_json::from_str::<BatchTerms>(known.terms.as_str()).ok();
    let held = terms.as_ref().and_then(|terms| terms.held(known, &door.prices()));
    match held {
        Some(held) if read.is_ok() && answer.is_whole() => {
            Ok(whole(door, call, known, &held, &mut answer, terms.as_ref()).await)
        }
        Some(held) => {
            let bill = Bill::broken(&held, &door.prices(), &answer);
            Err(unreadable(call, bill.outcome()))
        }
        None => {
            Err(unreadable(call, SettlementOutcome::Unknown { usage: answer.usage(), cost: known.amount }))
        }
    }
}

async fn whole(
    door: &GatewayDoor,
    call: CallId,
    known: &BatchCall,
    held: &Held,
    answer: &mut Answer,
    terms: Option<&BatchTerms>,
) -> BatchEnd {
    let bill = Bill::whole(held, &door.prices(), answer);
    door.tell_without_price(call, &bill).await;
    let mut reply = reply(door, &tier(known), &known.model, answer, &bill);
    reply.origin = Origin::Batch;
    let form = terms.and_then(BatchTerms::form);
    reply.extras.extend(form.and_then(KeptForm::extra));
    let paid = Paid { bill: &bill, answer, reply: &reply };
    let key = terms.and_then(BatchTerms::reply_key);
    let keep = key.and_then(|key| keep(door, key, &known.agent, &paid));
    let settlement = Settlement {
        call,
        outcome: bill.outcome(),
        detail: Some(bill.detail(&reply.stop_reason)),
        model: Some(reply.model.clone()),
        cache: bill.cache(None),
        compression: form.map(|form| form.ended(&held.row, &bill)),
        journal: None,
        keep,
    };
    let answer: Result<Reply, CallError> = Ok(reply);
    BatchEnd { settlement, saved: bill.batch_saved(), answer: Some(Json::of(&answer)), goes_alone: false }
}

/// The end of a call whose answer says nothing that can be used: it has been paid, and is not asked again.
fn unreadable(call: CallId, outcome: SettlementOutcome) -> BatchEnd {
    let error = Failed::cut(
        "the batch's answer to it cannot be read; the call may have been billed",
        crate::upstream::heard::Heard::answer(true),
    )
    .error;
    let detail = error.kind.name().to_owned();
    let answer: Result<Reply, CallError> = Err(error);
    BatchEnd { answer: Some(Json::of(&answer)), ..ended(call, outcome, &detail) }
}

async fn errored(door: &GatewayDoor, call: CallId, error: &str) -> Result<NoAnswer, StoreError> {
    let fault = Fault::of_error(error);
    let status =
        STATUSES.iter().find(|(kind, _)| *kind == fault.kind).map_or(OTHER_STATUS, |(_, status)| *status);
    let body = door.store.batch_body(call).await?.unwrap_or_default();
    let failed = door.sender.judged(Failed::status(status, None, fault, None), &body);
    // Whatever is not its own fault is for a call by itself to find out: what is to be waited for then is known there.
    if failed.class() != Class::Request {
        return Ok(NoAnswer::Alone("errored"));
    }
    let detail = failed.error.kind.name().to_owned();
    let answer: Result<Reply, CallError> = Err(failed.error);
    let end =
        BatchEnd { answer: Some(Json::of(&answer)), ..ended(call, SettlementOutcome::Released, &detail) };
    Ok(NoAnswer::Fails(Box::new(end)))
}

fn ended(call: CallId, outcome: SettlementOutcome, detail: &str) -> BatchEnd {
    let settlement = Settlement { outcome, ..released(call, detail) };
    BatchEnd { settlement, saved: Nanodollars::ZERO, answer: None, goes_alone: false }
}
