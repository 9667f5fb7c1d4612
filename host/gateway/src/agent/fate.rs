//! What becomes of a call whose task dies of a fault of the host.
//!
//! Whatever it had come to, its hold is settled (as unknown where the request had left: at its amount, and at what
//! was told beyond it) and it has one answer, which stands in the journal: it is not asked, and paid, again and
//! again.

use crate::agent::ask::{Ask, CallEnd};
use crate::agent::journal::{end, journalled, rider};
use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::bill::{Bill, Held};
use crate::flight::settlement::Note;
use crate::upstream::answer::Answer;
use anvil_store::SettlementOutcome;
use anvil_types::{CallError, CallErrorKind, Nanodollars, Usage};
use futures_util::FutureExt as _;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no word of why".to_owned())
}

/// The end of a call whose task panicked.
pub(crate) async fn after_a_fault(
    door: &GatewayDoor,
    ask: &Ask,
    flight: Option<&mut Flight<'_>>,
    answer: &Answer,
    why: &str,
) -> CallEnd {
    tracing::error!(job = ?ask.asker.job(), agent = ask.asker.name(), why, "a call's task died of a fault of the host");
    let flight = flight.filter(|flight| flight.is_open());
    let end = AssertUnwindSafe(settled(door, ask, flight, answer)).catch_unwind().await;
    end.unwrap_or_else(|_| CallEnd::StoreFailed("a call's end could not be written".to_owned()))
}

async fn settled(door: &GatewayDoor, ask: &Ask, flight: Option<&mut Flight<'_>>, told: &Answer) -> CallEnd {
    let Some(flight) = flight else { return journalled(door, ask, error(false)).await };
    let (at, sent) = (door.clock.now(), flight.was_sent());
    let answer = Err(error(sent));
    let rider = rider(ask, &answer, at);
    let rode = rider.is_some();
    let detail = "a fault of the host";
    let settled = if sent {
        let (usage, cost) = bill(door, flight.held(), told);
        let note = Note { detail: detail.to_owned(), ..Note::default() };
        flight.settle(SettlementOutcome::Unknown { usage, cost }, note, rider).await
    } else {
        flight.release(detail, rider).await
    };
    end(settled, rode, answer, at)
}

fn error(sent: bool) -> CallError {
    CallError {
        kind: if sent { CallErrorKind::UnknownOutcome } else { CallErrorKind::Internal },
        message: if sent {
            "a fault of the host ended the call; it may have been billed".to_owned()
        } else {
            "a fault of the host ended the call before anything was sent".to_owned()
        },
        retry_after_ms: None,
        request_sent: sent,
    }
}

// Where the fault is in the counting itself, the hold's amount is what is known.
fn bill(door: &GatewayDoor, held: &Held, told: &Answer) -> (Usage, Nanodollars) {
    let counted = AssertUnwindSafe(|| Bill::broken(held, &door.prices(), told));
    let bill = std::panic::catch_unwind(counted).ok();
    bill.map_or((Usage::default(), held.amount), |bill| (bill.usage, bill.cost.max(held.amount)))
}
