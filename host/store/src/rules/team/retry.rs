//! What a job that leads others asks anew when it is run again: tasks that failed are run again where it asks for them,
//! and those that were done are answered as they are.

use crate::StoreError;
use crate::engine::params;
use crate::rules::jobs::journal;
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use anvil_types::JournalKind;

/// Where a job was told that a task was not done.
pub(crate) const FAILED: &str = "SELECT position FROM journal
     WHERE job = ?1 AND kind = ?2 AND position > ?3 AND json_type(answer, '$.Err') IS NOT NULL ORDER BY position";
/// The jobs that were not done are run again where their lead asks once more.
pub(crate) const AGAIN: &str = "UPDATE tasks SET again = 1 WHERE lead = ?1 AND EXISTS (
         SELECT 1 FROM jobs WHERE jobs.seq = tasks.job AND state IN ('failed', 'cancelled'))";

/// An attempt failed by the guest's own doing. Where it heard last that tasks were not done, those are what it failed
/// on; else its last reply is.
pub(crate) fn after_failure(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let last_call = journal::last_call(tx, job.seq)?;
    let failed = failed_after(tx, job, last_call)?;
    if failed.is_empty() {
        return journal::drop_last_call(tx, job);
    }
    ask_anew(tx, job, &failed)
}

/// The last attempt failed by the guest's own doing: where its last reply is what it failed on, that answers nobody else.
pub(crate) fn after_last_failure(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let last_call = journal::last_call(tx, job.seq)?;
    let failed = failed_after(tx, job, last_call)?;
    if failed.is_empty() { journal::unkeep_last_call(tx, job) } else { Ok(()) }
}

/// A person runs it again: with all tasks that were not done, and with the last reply where `failed_by_itself` and it
/// heard nothing of such a task after it.
pub(crate) fn by_person(tx: &Tx<'_>, job: &JobHead, failed_by_itself: bool) -> Result<(), StoreError> {
    let last_call = journal::last_call(tx, job.seq)?;
    let failed = failed_after(tx, job, None)?;
    let heard_last = failed.last().copied() > last_call;
    ask_anew(tx, job, &failed)?;
    if failed_by_itself && !heard_last { journal::drop_last_call(tx, job) } else { Ok(()) }
}

fn failed_after(tx: &Tx<'_>, job: &JobHead, place: Option<u32>) -> Result<Vec<u32>, StoreError> {
    let after = place.map_or(-1, i64::from);
    tx.all(FAILED, params![job.seq, JournalKind::Team.name(), after], |row| row.get(0))
}

fn ask_anew(tx: &Tx<'_>, job: &JobHead, failed: &[u32]) -> Result<(), StoreError> {
    for position in failed {
        journal::put_one_aside(tx, job.seq, *position)?;
    }
    if job.leads > 0 {
        tx.run(AGAIN, [job.seq])?;
    }
    Ok(())
}
