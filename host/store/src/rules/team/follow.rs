//! What follows in a tree when one of its jobs ends or is changed.

use crate::StoreError;
use crate::engine::params;
use crate::rules::jobs::logs;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::money::tree;
use crate::rules::tx::Tx;
use anvil_types::words::JobNote;
use anvil_types::{JobEvent, JobState, Priority, WaitReason};

/// The jobs that one leads and that are not over.
pub(crate) const UNFINISHED: &str =
    select_heads!("INDEXED BY jobs_by_lead WHERE lead = ?1 AND finished_at IS NULL ORDER BY seq");
/// Whoever is parked for a job waits for it no more.
pub(crate) const WAITED_FOR: &str = "UPDATE tasks SET waits = 0 WHERE job = ?1 AND waits = 1";
/// Whether a lead waits for others still.
pub(crate) const WAITS: &str = "SELECT 1 FROM tasks WHERE lead = ?1 AND waits = 1 LIMIT 1";
/// All below a job.
pub(crate) const BELOW: &str = "WITH RECURSIVE below (seq) AS (
         SELECT led.seq FROM jobs led INDEXED BY jobs_by_lead WHERE led.lead = ?1
         UNION ALL SELECT led.seq FROM below CROSS JOIN jobs led INDEXED BY jobs_by_lead ON led.lead = below.seq
     ) SELECT seq FROM below";

/// A job came to its end: nothing that it leads goes on, and whoever leads it goes on where this was the last that it
/// waited for.
pub(crate) fn ended(tx: &mut Tx<'_>, job: &JobHead, state: JobState) -> Result<(), StoreError> {
    for led in heads(tx, UNFINISHED, [job.seq])? {
        transition::stop(tx, &led)?;
    }
    let Some(lead) = job.lead else { return Ok(()) };
    let Some(lead) = heads(tx, select_heads!("WHERE seq = ?1"), [lead])?.pop() else { return Ok(()) };
    let cost = tree::spent(tx.db, job.seq)?;
    let note = JobNote::TaskEnded { job: job.id, agent: &job.agent, state, cost };
    logs::note(tx, &lead, &note)?;
    tx.run(WAITED_FOR, [job.seq])?;
    if lead.state == JobState::Parked
        && waits_for_its_team(tx, &lead)?
        && tx.first(WAITS, [lead.seq], |_| Ok(()))?.is_none()
    {
        transition::go(tx, &lead, JobEvent::Resume, &Move::default())?;
    }
    Ok(())
}

fn waits_for_its_team(tx: &Tx<'_>, lead: &JobHead) -> Result<bool, StoreError> {
    let reason: Option<String> =
        tx.first("SELECT wait_reason FROM jobs WHERE seq = ?1", [lead.seq], |row| row.get(0))?.flatten();
    Ok(reason.as_deref() == Some(WaitReason::Team.name()))
}

/// Refuses to run a job alone that is led: its lead has had its answer, or is over itself.
pub(crate) fn is_run_with_its_lead(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let Some(lead) = job.lead else { return Ok(()) };
    let lead = heads(tx, select_heads!("WHERE seq = ?1"), [lead])?.pop();
    Err(StoreError::Led { job: job.id, lead: lead.map_or(job.id, |lead| lead.id) })
}

/// The places of all below a job.
pub(crate) fn all_below(tx: &Tx<'_>, job: i64) -> Result<Vec<i64>, StoreError> {
    tx.all(BELOW, [job], |row| row.get(0))
}

/// A job has another priority: so have all that are done for it.
pub(crate) fn priority(tx: &Tx<'_>, job: i64, priority: Priority) -> Result<(), StoreError> {
    for led in all_below(tx, job)? {
        tx.run("UPDATE jobs SET priority = ?2 WHERE seq = ?1", params![led, priority.rank()])?;
    }
    Ok(())
}
