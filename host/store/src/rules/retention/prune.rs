//! Retention: what is old goes, in batches that are too short for anyone to notice.

use crate::engine::{Id, number, params};
use crate::rules::duties::{self, Duty};
use crate::rules::jobs::pins;
use crate::rules::predictions;
use crate::rules::retention::removal::{self, held_back};
use crate::rules::team::making;
use crate::rules::tx::Tx;
use crate::{Pruned, Retention, StoreError};
use anvil_types::{JobId, Timestamp};
use std::time::{Duration, Instant};

/// How many jobs, or alerts, a batch takes at most.
const BATCH: u32 = 200;
/// For how long a batch keeps the writer from others.
const LONGEST: Duration = Duration::from_millis(8);

/// Finished jobs that may go, those first that finished first.
pub(crate) const OLDEST: &str = concat!(
    "SELECT seq, id, finished_at, leads FROM jobs INDEXED BY jobs_finished
     WHERE upstream = ?1 AND finished_at >= 0 AND (",
    held_back!(),
    ") IS NULL ORDER BY finished_at LIMIT ?2"
);
/// Alerts that were resolved long ago and of which nothing is still to be sent.
pub(crate) const ALERTS: &str = "SELECT id FROM alerts INDEXED BY alerts_resolved
     WHERE upstream = ?1 AND resolved_at < ?2 AND NOT EXISTS (
         SELECT 1 FROM deliveries WHERE alert = alerts.id AND deliveries.state = 'pending'
     ) ORDER BY resolved_at LIMIT ?3";

/// Takes one batch out.
pub(crate) fn prune(tx: &mut Tx<'_>, retention: &Retention) -> Result<Pruned, StoreError> {
    if !duties::is_of(tx.db, tx.policy.upstream, tx.policy.host, Duty::Retention)? {
        return Ok(Pruned::default());
    }
    let began = Instant::now();
    let mut pruned = Pruned::default();
    // What another upstream did is old by that one's time.
    let upstream = tx.policy.upstream.name();
    let cut = (tx.now - retention.finished_for).micros();
    let finished: i64 = tx
        .first(
            "SELECT sum(jobs) FROM job_counts
             WHERE upstream = ?1 AND state IN ('succeeded', 'failed', 'cancelled')",
            [upstream],
            |row| row.get(0),
        )?
        .unwrap_or(0);
    let surplus = u64::try_from(finished.saturating_sub(number(retention.finished_jobs))).unwrap_or(0);
    let oldest: Vec<(i64, [u8; 16], i64, u32)> = tx.all(OLDEST, params![upstream, BATCH], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    for (seq, id, at, leads) in &oldest {
        if *at >= cut && pruned.jobs >= surplus {
            break;
        }
        if began.elapsed() > LONGEST {
            pruned.more = true;
            return Ok(pruned);
        }
        // A tree goes as a whole.
        let below: u64 = match leads {
            0 => 0,
            _ => tx.first(making::IN_TREE, [*seq], |row| row.count(0))?.unwrap_or(0),
        };
        if removal::take_out(tx, *seq, JobId::from_bytes(*id))?.is_none() {
            pruned.jobs += 1 + below;
        }
    }
    let cut = tx.now - retention.alerts_for;
    let alerts: Vec<[u8; 16]> = tx.all(ALERTS, params![upstream, cut.micros(), BATCH], |row| row.get(0))?;
    for id in &alerts {
        tx.run("DELETE FROM deliveries WHERE alert = ?1", [id])?;
        tx.run("DELETE FROM alerts WHERE id = ?1", [id])?;
        pruned.alerts += 1;
    }
    predictions::prune(tx)?;
    pins::forget(tx)?;
    forget_actions(tx, tx.now - retention.finished_for)?;
    pruned.more = pruned.jobs >= u64::from(BATCH) || alerts.len() == BATCH as usize;
    Ok(pruned)
}

/// What was done with many jobs at once is remembered for as long as the jobs are.
fn forget_actions(tx: &Tx<'_>, before: Timestamp) -> Result<(), StoreError> {
    tx.run(
        "DELETE FROM job_actions WHERE id IN (SELECT id FROM job_actions WHERE ended_at < ?1 ORDER BY id LIMIT ?2)",
        params![before.micros(), BATCH],
    )
    .map(drop)
}
