//! A call that waited for a batch, or was in one, comes to its end: by its answer, or undone.

use crate::engine::{Id, params};
use crate::rules::batches::find;
use crate::rules::jobs::journal;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::money::hold_row::{FIND, Hold};
use crate::rules::money::settle;
use crate::rules::money::usage_hours::hour_of;
use crate::rules::tx::Tx;
use crate::{BatchEnd, JournalEntry, JournalKind, Settled, SettlementOutcome, StoreError};
use anvil_types::{JobEvent, JobId, JobState, Nanodollars, WaitReason};

/// The most saved by one call that is taken over: what sums can hold thousands of.
const MOST_SAVED: i64 = 1 << 52;
/// What is kept of a call.
pub(crate) const KEPT: &str =
    "SELECT seq, batch, position, request_hash FROM batch_calls WHERE upstream = ?1 AND call = ?2";
/// A call of a batch in the sums of its hour.
const COUNT: &str = "UPDATE usage_hours SET batched = batched + 1,
    batch_saved = max(min(batch_saved + ?6, 9000000000000000000), -9000000000000000000)
    WHERE upstream = ?1 AND hour = ?2 AND agent = ?3 AND api_key = ?4 AND model = ?5";
/// A batch of which nothing is left.
const OVER: &str = "UPDATE batches SET state = 'ended', ended_at = ?2 WHERE seq = ?1 AND state <> 'ended'
    AND NOT EXISTS (SELECT 1 FROM batch_calls WHERE batch = ?1)";
/// A job that waits for what it has in batches.
const WAITS: &str = select_heads!("WHERE id = ?1 AND state = 'parked' AND wait_reason = ?2");

struct Kept {
    seq: i64,
    batch: Option<i64>,
    position: u32,
    request_hash: [u8; 32],
}

/// Ends the call; one that has ended before stays as it is.
pub(crate) fn end(tx: &mut Tx<'_>, end: &BatchEnd) -> Result<Settled, StoreError> {
    let call = end.settlement.call;
    let hold = tx.first(FIND, [call.bytes()], Hold::read)?.ok_or(StoreError::NoSuchCall(call))?;
    let kept = tx.first(KEPT, params![hold.upstream.name(), call.bytes()], |row| {
        Ok(Kept {
            seq: row.get("seq")?,
            batch: row.get("batch")?,
            position: row.get("position")?,
            request_hash: row.get("request_hash")?,
        })
    })?;
    let mut settled = settle::settle(tx, &end.settlement)?;
    let Some(kept) = kept else { return Ok(settled) };
    if settled.first {
        count(tx, &hold, end)?;
    }
    tx.run("DELETE FROM batch_calls WHERE seq = ?1", [kept.seq])?;
    tx.run("DELETE FROM batch_bodies WHERE seq = ?1", [kept.seq])?;
    if let Some(batch) = kept.batch {
        tx.run(OVER, params![batch, tx.now.micros()])?;
    }
    if let Some(job) = hold.asked.job() {
        settled.journalled = answer(tx, job, &kept, end)?;
        go_on(tx, job)?;
    }
    Ok(settled)
}

fn count(tx: &Tx<'_>, hold: &Hold, end: &BatchEnd) -> Result<(), StoreError> {
    let is_billed = !matches!(end.settlement.outcome, SettlementOutcome::Released);
    let saved = if is_billed { end.saved } else { Nanodollars::ZERO };
    let saved = saved.get().clamp(-MOST_SAVED, MOST_SAVED);
    let batched = if end.goes_alone { 2 } else { 1 };
    tx.run(
        "UPDATE calls SET batched = ?3, batch_saved = ?4 WHERE upstream = ?1 AND id = ?2",
        params![hold.upstream.name(), hold.id.bytes(), batched, saved],
    )?;
    if is_billed {
        let asked = &hold.asked;
        let (agent, key) = (asked.agent().unwrap_or_default(), asked.api_key().unwrap_or_default());
        tx.run(COUNT, params![hold.upstream.name(), hour_of(hold.held_at), agent, key, hold.model, saved])?;
    }
    Ok(())
}

// No lease is asked for: the job waits, or comes to ask it again. What stands there already was answered otherwise.
fn answer(tx: &Tx<'_>, job: JobId, kept: &Kept, end: &BatchEnd) -> Result<bool, StoreError> {
    let Some(answer) = &end.answer else { return Ok(false) };
    let Ok(head) = JobHead::find(tx, job) else { return Ok(false) };
    let there = "SELECT 1 FROM journal WHERE job = ?1 AND position = ?2";
    let is_there = tx.first(there, params![head.seq, kept.position], |_| Ok(()))?.is_some();
    if is_there || head.state == JobState::Succeeded {
        return Ok(false);
    }
    let entry = JournalEntry {
        position: kept.position,
        kind: JournalKind::Call,
        request_hash: kept.request_hash,
        answer: answer.clone(),
        at: tx.now,
    };
    journal::put(tx, head.seq, &entry)?;
    tx.run(journal::PROGRESS, [head.seq])?;
    Ok(true)
}

// Where all that it asked has come back the job goes on.
fn go_on(tx: &mut Tx<'_>, job: JobId) -> Result<(), StoreError> {
    if find::has_any(tx.db, job)? {
        return Ok(());
    }
    let waits = heads(tx, WAITS, params![job.bytes(), WaitReason::Batch.name()])?;
    for head in &waits {
        transition::go(tx, head, JobEvent::Resume, &Move::default())?;
    }
    Ok(())
}
