//! A batch is made of what waits, before anything of it is sent.

use crate::engine::{number, params};
use crate::rules::batches::{end, find};
use crate::rules::duties::{self, Duty};
use crate::rules::tx::Tx;
use crate::{BatchEnd, BatchWish, OpenBatch, Settlement, SettlementOutcome, StoreError};
use anvil_budget::{BatchRule, BrakeCause};
use anvil_types::{BatchState, CacheEffect, CallId, Nanodollars};

/// Batches that are over are kept in such a number.
const KEPT: i64 = 1_000;
/// How many calls of jobs that have ended a look takes out.
const AT_ONCE: u32 = 500;

/// What waits although its job has ended, or is gone.
pub(crate) const OF_ENDED: &str = "SELECT b.call AS call FROM batch_calls AS b INDEXED BY batch_calls_waiting
    LEFT JOIN jobs AS j ON j.id = b.job
    WHERE b.upstream = ?1 AND b.batch IS NULL AND (j.seq IS NULL OR j.finished_at IS NOT NULL) LIMIT ?2";

/// Makes a batch, where one is due and it is this host that sends them: its calls are in it from now on, whether anything
/// of it is sent or not.
pub(crate) fn make(tx: &mut Tx<'_>, wish: &BatchWish) -> Result<Option<OpenBatch>, StoreError> {
    let (upstream, rule) = (tx.policy.upstream, &wish.rule);
    if !is_ours(tx)? {
        return Ok(None);
    }
    while withdraw(tx)? == u64::from(AT_ONCE) {}
    let gathered = find::gathered(tx.db, upstream)?;
    let is_due = rule.due(&gathered).is_some_and(|due| due <= tx.now);
    // Whoever pulls the brake means what has not been sent.
    let causes = tx.policy.causes(upstream);
    let stops = |cause: &BrakeCause| !(wish.tries_account && cause.kind.is_of_account());
    if !is_due || causes.iter().any(stops) {
        return Ok(None);
    }
    let most = rule.calls.min(BatchRule::MOST_CALLS);
    let mut waiting: Vec<(i64, u64)> =
        tx.all(find::WAITING, params![upstream.name(), number(most)], |row| {
            Ok((row.get("seq")?, row.count("bytes")?))
        })?;
    if !wish.apart.is_empty() {
        waiting.truncate(together(tx, wish, most)?);
    }
    let calls = rule.fits(waiting.iter().map(|(_, bytes)| *bytes));
    let Some((last, _)) = calls.checked_sub(1).and_then(|last| waiting.get(last)) else { return Ok(None) };
    tx.run(
        "INSERT INTO batches (upstream, state, calls, made_at) VALUES (?1, ?2, ?3, ?4)",
        params![upstream.name(), BatchState::Sending.name(), number(calls as u64), tx.now.micros()],
    )?;
    let batch = tx.db.last_row();
    tx.run(
        "UPDATE batch_calls SET batch = ?3 WHERE upstream = ?1 AND batch IS NULL AND seq <= ?2",
        params![upstream.name(), last, batch],
    )?;
    tx.run("DELETE FROM batches WHERE state = 'ended' AND seq <= ?1", [batch.saturating_sub(KEPT)])?;
    Ok(Some(OpenBatch {
        number: batch.unsigned_abs(),
        state: BatchState::Sending,
        upstream_id: None,
        calls: calls as u64,
        made_at: tx.now,
        expires_at: None,
    }))
}

// How many of the first that wait may go in one batch.
fn together(tx: &Tx<'_>, wish: &BatchWish, most: u64) -> Result<usize, StoreError> {
    let upstream = tx.policy.upstream.name();
    let calls: Vec<CallId> =
        tx.all(find::WAITING_CALLS, params![upstream, number(most)], |row| row.id("call"))?;
    let most_of = |call: &CallId| wish.apart.get(call).copied();
    let first = calls.first().and_then(most_of);
    let alike = calls.iter().take_while(|call| most_of(call) == first).count();
    Ok(first.map_or(alike, |most| alike.min(usize::try_from(most).unwrap_or(usize::MAX).max(1))))
}

/// Whether this host sends the batches of all.
pub(crate) fn is_ours(tx: &Tx<'_>) -> Result<bool, StoreError> {
    duties::is_of(tx.db, tx.policy.upstream, tx.policy.host, Duty::Batches)
}

/// Releases what waits although its job has ended: some of it. Answers how many.
pub(crate) fn withdraw(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let upstream = tx.policy.upstream.name();
    let calls: Vec<CallId> = tx.all(OF_ENDED, params![upstream, AT_ONCE], |row| row.id("call"))?;
    for call in &calls {
        end::end(tx, &released(*call, "its job has ended"))?;
    }
    Ok(calls.len() as u64)
}

/// The end of a call that was never sent.
fn released(call: CallId, why: &str) -> BatchEnd {
    BatchEnd {
        settlement: Settlement {
            call,
            outcome: SettlementOutcome::Released,
            detail: Some(why.to_owned()),
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            journal: None,
            keep: None,
        },
        saved: Nanodollars::ZERO,
        answer: None,
        goes_alone: false,
    }
}
