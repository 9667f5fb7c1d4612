//! Answers go into the job's journal: with the settlement where one is due, by themselves otherwise.

use crate::agent::ask::{Ask, CallEnd};
use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::settlement::{Note, Rider};
use anvil_store::{JournalEntry, JournalKind, JournalWrite, Settled, SettlementOutcome, StoreError};
use anvil_types::{CallError, Json, Reply, Timestamp};

type Answer = Result<Reply, CallError>;

/// Settles a flight and journals its answer, in one transaction.
pub(crate) async fn answer_with(
    door: &GatewayDoor,
    ask: &Ask,
    flight: &mut Flight<'_>,
    outcome: SettlementOutcome,
    note: Note,
    answer: Answer,
) -> CallEnd {
    let at = door.clock.now();
    let rider = rider(ask, &answer, at);
    let rode = rider.is_some();
    let settled = flight.settle(outcome, note, rider).await;
    end(settled, rode, answer, at)
}

/// How a call ended whose settlement took its answer with it, where it had to.
pub(crate) fn end(
    settled: Result<Settled, StoreError>,
    rode: bool,
    answer: Answer,
    at: Timestamp,
) -> CallEnd {
    match settled {
        Ok(settled) if settled.journalled || !rode => CallEnd::Answered { answer, at },
        Ok(_) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

/// An answer that cost nothing goes into the journal by itself.
pub(crate) async fn journalled(door: &GatewayDoor, ask: &Ask, error: CallError) -> CallEnd {
    let at = door.clock.now();
    let answer = Err(error);
    let Some(Rider::Journal(write)) = rider(ask, &answer, at) else {
        return CallEnd::Answered { answer, at };
    };
    match door.store.journal(write).await {
        Ok(()) => CallEnd::Answered { answer, at },
        Err(StoreError::LeaseLost) => CallEnd::LeaseLost,
        Err(error) => CallEnd::StoreFailed(error.to_string()),
    }
}

/// What goes into the journal. None where no job asks: whoever did watches.
pub(crate) fn rider(ask: &Ask, answer: &Answer, at: Timestamp) -> Option<Rider> {
    let job = ask.asker.as_job()?;
    let entry = JournalEntry {
        position: job.position,
        kind: JournalKind::Call,
        request_hash: ask.request_hash,
        answer: Json::of(answer),
        at,
    };
    Some(Rider::Journal(JournalWrite { lease: job.lease, entry }))
}
