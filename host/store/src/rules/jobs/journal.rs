//! The journal: what the host answered a job, by position.

use crate::engine::{Db, Id, params};
use crate::rules::jobs::row::JobHead;
use crate::rules::replies::failed;
use crate::rules::tx::Tx;
use crate::{JournalEntry, JournalKind, JournalWrite, StoreError};
use anvil_types::{JobId, Lease};

/// A job, where its lease still holds.
pub(crate) const UNDER_LEASE: &str =
    "SELECT seq FROM jobs WHERE id = ?1 AND lease = ?2 AND state = 'running'";

/// Writes an entry.
pub(crate) const PUT: &str =
    "INSERT INTO journal (job, position, kind, request_hash, answer, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (job, position) DO UPDATE SET
    kind = excluded.kind, request_hash = excluded.request_hash, answer = excluded.answer,
    at = excluded.at";

/// The job has come further: what went wrong before was not for nothing.
pub(crate) const PROGRESS: &str = "UPDATE jobs SET crashes = 0, troubles = 0, asks = 0 WHERE seq = ?1";

/// Writes an answer that cost nothing.
pub(crate) fn write(tx: &mut Tx<'_>, write: &JournalWrite) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, write.lease)?;
    put(tx, job.seq, &write.entry)?;
    tx.run(PROGRESS, [job.seq]).map(drop)
}

/// Writes an entry; one of the same position is replaced. Whoever calls it clears the job's crashes.
pub(crate) fn put(tx: &Tx<'_>, job: i64, entry: &JournalEntry) -> Result<(), StoreError> {
    tx.run(
        PUT,
        params![
            job,
            entry.position,
            entry.kind.name(),
            entry.request_hash,
            entry.answer.as_str(),
            entry.at.micros()
        ],
    )
    .map(drop)
}

/// Puts the entries from this position on aside.
pub(crate) fn cut(tx: &mut Tx<'_>, lease: Lease, from: u32) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    put_aside(tx, job.seq, from)
}

/// Notes that a call of the job waits for pace or money; its next answer ends that.
pub(crate) fn note_wait(tx: &mut Tx<'_>, lease: Lease) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    tx.run("UPDATE jobs SET asks = 1 WHERE seq = ?1", [job.seq]).map(drop)
}

/// Notes that the questions of these positions are asked at once.
pub(crate) fn batch(tx: &mut Tx<'_>, lease: Lease, first: u32, last: u32) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    tx.run(
        "INSERT INTO journal_batches (job, first, last) VALUES (?1, ?2, ?3)
         ON CONFLICT (job, first) DO UPDATE SET last = excluded.last",
        params![job.seq, first, last],
    )
    .map(drop)
}

/// The beginning of the questions that were asked at once with one.
pub(crate) const BATCH_OF: &str = "SELECT first FROM journal_batches
    WHERE job = ?1 AND first <= ?2 AND last >= ?2 ORDER BY first DESC LIMIT 1";

/// From a place on no kept reply answers a job, nor from an earlier one that it asked anew from.
const ASK_ANEW: &str = "UPDATE jobs SET fresh_from = min(coalesce(fresh_from, ?2), ?2) WHERE seq = ?1";

/// Puts the last reply aside with all that were asked for at once with it, and what came after: they are asked
/// for anew, since nobody knows which of them the guest could not use.
pub(crate) fn drop_last_call(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let Some(first) = last_asked(tx, job.seq)? else { return Ok(()) };
    // No kept reply answers in their place, here or elsewhere: it may be the one that was of no use.
    failed::take_out_from(tx, job.id, first)?;
    tx.run(ASK_ANEW, params![job.seq, first])?;
    put_aside(tx, job.seq, first)
}

/// The job goes no further: its journal stays, and what is kept of those replies answers nobody else.
pub(crate) fn unkeep_last_call(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let first = last_asked(tx, job.seq)?;
    first.map_or(Ok(()), |first| failed::take_out_from(tx, job.id, first))
}

/// Where the last reply stands, or the first of those that were asked for at once with it.
fn last_asked(tx: &Tx<'_>, job: i64) -> Result<Option<u32>, StoreError> {
    let Some(last) = last_call(tx, job)? else { return Ok(None) };
    Ok(tx.first(BATCH_OF, params![job, last], |row| row.get(0))?.or(Some(last)))
}

/// Puts aside what people were not asked, or did not answer, after the last reply that is left: a job that a person runs
/// again asks anew, and nothing that was paid is lost by it.
pub(crate) fn drop_refusals(tx: &Tx<'_>, job: i64) -> Result<(), StoreError> {
    let first =
        "SELECT min(position) FROM journal WHERE job = ?1 AND kind = ?2 AND answer ->> '$.Err' IS NOT NULL
         AND position > coalesce((SELECT max(position) FROM journal WHERE job = ?1 AND kind = ?3), -1)";
    let kinds = params![job, JournalKind::Question.name(), JournalKind::Call.name()];
    let first = tx.first(first, kinds, |row| row.get::<Option<u32>>(0))?.flatten();
    first.map_or(Ok(()), |first| put_aside(tx, job, first))
}

/// The place of a job's last question to Claude.
pub(crate) fn last_call(tx: &Tx<'_>, job: i64) -> Result<Option<u32>, StoreError> {
    let select = "SELECT max(position) FROM journal WHERE job = ?1 AND kind = ?2";
    let last = tx.first(select, params![job, JournalKind::Call.name()], |row| row.get::<Option<u32>>(0))?;
    Ok(last.flatten())
}

/// Puts one answer aside: it is asked for anew, and what comes after it is kept for as long as the job asks the same.
pub(crate) fn put_one_aside(tx: &Tx<'_>, job: i64, position: u32) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO journal_aside (job, position, kind, request_hash, answer, at, aside_at)
         SELECT job, position, kind, request_hash, answer, at, ?3 FROM journal WHERE job = ?1 AND position = ?2",
        params![job, position, tx.now.micros()],
    )?;
    tx.run("DELETE FROM journal WHERE job = ?1 AND position = ?2", params![job, position]).map(drop)
}

fn put_aside(tx: &Tx<'_>, job: i64, from: u32) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO journal_aside (job, position, kind, request_hash, answer, at, aside_at)
         SELECT job, position, kind, request_hash, answer, at, ?3 FROM journal
         WHERE job = ?1 AND position >= ?2 ORDER BY position",
        params![job, from, tx.now.micros()],
    )?;
    tx.run("DELETE FROM journal_batches WHERE job = ?1 AND last >= ?2", params![job, from])?;
    tx.run("DELETE FROM journal WHERE job = ?1 AND position >= ?2", params![job, from]).map(drop)
}

/// A job's journal, by position.
pub(crate) const ENTRIES: &str =
    "SELECT position, kind, request_hash, answer, at FROM journal WHERE job = ?1 ORDER BY position";

/// A job's journal, by position.
pub(crate) fn entries(db: &Db, job: i64) -> Result<Vec<JournalEntry>, StoreError> {
    db.all(ENTRIES, [job], |row| {
        Ok(JournalEntry {
            position: row.get("position")?,
            kind: row.word("kind")?,
            request_hash: row.get("request_hash")?,
            answer: row.json("answer")?,
            at: row.time("at")?,
        })
    })
}

/// The journal of a job, by position; nothing where there is no such job.
pub(crate) fn of(db: &Db, job: JobId) -> Result<Vec<JournalEntry>, StoreError> {
    let seq = db.first("SELECT seq FROM jobs WHERE id = ?1", [job.bytes()], |row| row.get(0))?;
    seq.map_or(Ok(Vec::new()), |seq| entries(db, seq))
}

/// The row of the job that a settlement belongs to, where its lease still holds.
pub(crate) fn under_lease(tx: &Tx<'_>, lease: Lease) -> Result<Option<i64>, StoreError> {
    tx.first(UNDER_LEASE, params![lease.job.bytes(), crate::engine::number(lease.number)], |row| row.get(0))
}
