//! All that is left of a batch comes to one end.

use crate::door::GatewayDoor;
use crate::flight::settlement::{cost_of, released, unknown};
use anvil_store::{BatchEnd, StoreError};
use anvil_types::{CallError, CallErrorKind, CallId, Json, Nanodollars, Reply};
use futures_util::stream::{self, StreamExt as _};

/// How many calls are ended at once: they share the store's commits.
pub(crate) const AT_ONCE: usize = 64;
/// How many are looked at at once.
const PAGE: u32 = 1_000;

/// To what end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// Nothing was billed; each call goes out by itself.
    GoesAlone(&'static str),
    /// Nothing was billed; each call is asked for anew, in a batch again.
    AskedAnew(&'static str),
    /// Nobody knows: it counts at its hold.
    Unknown(&'static str),
}

/// Ends a call so.
pub(crate) async fn end(door: &GatewayDoor, call: CallId, to: Undone) -> Result<(), StoreError> {
    let amount = match to {
        Undone::Unknown(_) => door.store.batch_call(call).await?.map(|call| call.amount),
        Undone::GoesAlone(_) | Undone::AskedAnew(_) => Some(Nanodollars::ZERO),
    };
    // It has come to its end.
    let Some(amount) = amount else { return Ok(()) };
    let end = match to {
        Undone::Unknown(why) => unknown_end(call, amount, why),
        Undone::GoesAlone(why) => undone(call, why, true),
        Undone::AskedAnew(why) => undone(call, why, false),
    };
    write(door, end).await
}

fn undone(call: CallId, why: &str, goes_alone: bool) -> BatchEnd {
    BatchEnd { settlement: released(call, why), saved: Nanodollars::ZERO, answer: None, goes_alone }
}

/// The end of a call of which nobody knows what became, at its hold.
pub(crate) fn unknown_end(call: CallId, amount: Nanodollars, why: &str) -> BatchEnd {
    let error = CallError {
        kind: CallErrorKind::UnknownOutcome,
        message: format!("{why}; the call may have been billed"),
        retry_after_ms: None,
        request_sent: true,
    };
    let answer: Result<Reply, CallError> = Err(error);
    BatchEnd {
        settlement: unknown(call, amount, why),
        saved: Nanodollars::ZERO,
        answer: Some(Json::of(&answer)),
        goes_alone: false,
    }
}

/// Ends all that is left of a batch so.
pub(crate) async fn all(door: &GatewayDoor, batch: u64, to: Undone) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let left = door.store.batch_left(batch, after, PAGE).await?;
        let Some((last, _)) = left.last() else { return Ok(()) };
        after = *last;
        these(door, left.into_iter().map(|(_, call)| call).collect(), to).await?;
    }
}

/// Ends these so.
pub(crate) async fn these(door: &GatewayDoor, calls: Vec<CallId>, to: Undone) -> Result<(), StoreError> {
    let ends = stream::iter(calls).map(|call| end(door, call, to)).buffer_unordered(AT_ONCE);
    ends.fold(Ok(()), async |all, one| all.and(one)).await
}

/// Writes a call's end. What is free again is for those who wait.
pub(crate) async fn write(door: &GatewayDoor, end: BatchEnd) -> Result<(), StoreError> {
    let (call, cost) = (end.settlement.call, cost_of(&end.settlement.outcome));
    let settled = door.store.end_batched(end).await?;
    if settled.first {
        door.pressure.settled(cost);
        door.admission.room();
    }
    if settled.over_hold > Nanodollars::ZERO {
        tracing::error!(%call, over = %settled.over_hold, "a call of a batch cost more than its hold: the bound is wrong");
    }
    Ok(())
}
