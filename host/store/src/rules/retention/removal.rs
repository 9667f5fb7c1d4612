//! Taking finished jobs out: what holds one back is said here, and nowhere else.

use crate::StoreError;
use crate::engine::{Db, Id};
use crate::rules::tx::Tx;
use anvil_types::JobId;

/// Why a finished job has to stay for now, as an expression on its row; nothing where it may go.
macro_rules! held_back {
    () => {
        "CASE WHEN jobs.held > 0 THEN 'a call of it is still under way'
             WHEN EXISTS (SELECT 1 FROM job_parents CROSS JOIN jobs c ON c.seq = child
                 WHERE parent = jobs.seq AND c.finished_at IS NULL)
             THEN 'a job that comes after it is not finished'
             WHEN jobs.lead IS NOT NULL THEN 'it is done for another job, with which it goes'
             WHEN jobs.leads > 0 AND EXISTS (SELECT 1 FROM jobs l INDEXED BY jobs_by_root
                 WHERE l.root = jobs.seq AND (l.held > 0 OR l.finished_at IS NULL
                     OR EXISTS (SELECT 1 FROM job_parents CROSS JOIN jobs c ON c.seq = child
                         WHERE parent = l.seq AND c.finished_at IS NULL)))
             THEN 'a job that is done for it is still needed' END"
    };
}
pub(crate) use held_back;

const HELD_BACK: &str = concat!(
    "SELECT CASE WHEN finished_at IS NULL THEN 'not finished: cancel it first' ELSE ",
    held_back!(),
    " END FROM jobs WHERE id = ?1"
);

/// Why a job has to stay for now, where it has.
pub(crate) fn why_kept(db: &Db, id: JobId) -> Result<Option<String>, StoreError> {
    Ok(db.first(HELD_BACK, [id.bytes()], |row| row.get(0))?.flatten())
}

/// Takes a job out with all that hangs on it: bodies, tags, attempts, journal, log, files, tasks, questions, events, all jobs
/// that were done for it, and the files that it came with, where no other job has them too. The
/// ledger's entries stay, and with them every sum. Answers why it has to stay, where it has.
pub(crate) fn take_out(tx: &Tx<'_>, seq: i64, id: JobId) -> Result<Option<String>, StoreError> {
    let held_back = why_kept(tx.db, id)?;
    if held_back.is_none() {
        tx.run("DELETE FROM events WHERE job IN (SELECT id FROM jobs WHERE root = ?1)", [seq])?;
        tx.run("DELETE FROM events WHERE job = ?1", [id.bytes()])?;
        // With a tree's root go all of its jobs.
        tx.run("DELETE FROM jobs WHERE seq = ?1", [seq])?;
    }
    Ok(held_back)
}
