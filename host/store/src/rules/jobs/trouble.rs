//! Jobs that the host could not go on with, by no fault of theirs: each waits by itself, longer each time in
//! a row, and says why; nobody else notices.

use crate::engine::{Id, params};
use crate::rules::alerts;
use crate::rules::jobs::row::JobHead;
use crate::rules::jobs::transition::{self, Move};
use crate::rules::tx::Tx;
use crate::{NewAlert, StoreError};
use anvil_types::words::{AlertCause, AlertKey, JobTrouble};
use anvil_types::{EventKind, JobEvent, JobId, JobState, Timestamp, UpstreamKind, Wait, WaitReason};
use std::time::Duration;

/// The first wait; each further one in a row is twice as long,
const FIRST: Duration = Duration::from_secs(1);
/// up to this.
const LONGEST: Duration = Duration::from_mins(5);
/// People are told when a job is in trouble for this many times in a row: a moment's trouble ends by itself.
const TOLD_AT: u32 = 3;
/// The longest reason that is kept, in bytes.
const REASON: usize = 500;

/// Jobs that are in trouble.
pub(crate) const TROUBLED: &str = "SELECT 1 FROM jobs INDEXED BY jobs_troubled
    WHERE upstream = ?1 AND troubles > 0 AND finished_at IS NULL LIMIT 1";

/// How long a job waits that is in trouble for this many times in a row.
fn wait_of(troubles: u32) -> Duration {
    FIRST.saturating_mul(1 << troubles.saturating_sub(1).min(16)).min(LONGEST)
}

fn wait(tx: &Tx<'_>, troubles: u32, why: &str) -> Wait {
    let until = tx.now + wait_of(troubles);
    let why = &why[..why.floor_char_boundary(REASON)];
    let again = tx.policy.windows().local(until);
    let times = if troubles > 1 { format!(", {troubles} times in a row now") } else { String::new() };
    Wait {
        reason: WaitReason::Trouble,
        detail: format!("the host could not go on with it{times}: {why}; it is tried again {again}"),
        until: Some(until),
        refused_at: None,
    }
}

/// Puts a running job aside.
pub(crate) fn set_aside(tx: &mut Tx<'_>, job: &JobHead, why: &str) -> Result<JobState, StoreError> {
    let troubles = count(tx, job.seq)?;
    let wait = wait(tx, troubles, why);
    tell(tx, job.seq, troubles, job.id, &wait)?;
    transition::go(tx, job, JobEvent::Park, &Move { wait: Some(&wait), ..Move::default() })
}

/// Puts a waiting job aside whose row, or what hangs on it, cannot be read: no more of it is looked at than is
/// needed for that.
pub(crate) fn set_unreadable_aside(tx: &mut Tx<'_>, seq: i64, why: &StoreError) -> Result<(), StoreError> {
    let troubles = count(tx, seq)?;
    let wait = wait(tx, troubles, &format!("what is stored of it cannot be read ({why})"));
    tx.run(
        "UPDATE jobs SET state = 'parked', due_at = ?2, wait_reason = ?3, wait_detail = ?4, lease_until = NULL
         WHERE seq = ?1",
        params![seq, wait.until.map(Timestamp::micros), wait.reason.name(), wait.detail],
    )?;
    let named = tx.first("SELECT id, agent FROM jobs WHERE seq = ?1", [seq], |row| {
        Ok((JobId::from_bytes(row.get(0)?), row.get::<String>(1)?))
    });
    if let Ok(Some((id, agent))) = named {
        tracing::error!(job = %id, error = %why, "a job cannot be begun; it is tried again");
        tell(tx, seq, troubles, id, &wait)?;
        tx.tell(Some(id), EventKind::Job { state: JobState::Parked, agent });
    }
    Ok(())
}

fn count(tx: &Tx<'_>, seq: i64) -> Result<u32, StoreError> {
    tx.run("UPDATE jobs SET troubles = min(troubles + 1, 1000000) WHERE seq = ?1", [seq])?;
    Ok(tx.first("SELECT troubles FROM jobs WHERE seq = ?1", [seq], |row| row.get(0))?.unwrap_or(1))
}

fn tell(tx: &mut Tx<'_>, seq: i64, troubles: u32, job: JobId, wait: &Wait) -> Result<(), StoreError> {
    if troubles < TOLD_AT {
        return Ok(());
    }
    let upstream: Option<String> =
        tx.first("SELECT upstream FROM jobs WHERE seq = ?1", [seq], |row| row.get(0))?;
    let upstream = if upstream.as_deref() == Some(UpstreamKind::Simulated.name()) {
        UpstreamKind::Simulated
    } else {
        UpstreamKind::Live
    };
    let trouble = JobTrouble { job, waits: &wait.detail };
    alerts::raise(tx, &NewAlert::of(upstream, &AlertCause::JobTrouble(trouble))).map(drop)
}

/// Ends the alert when no job is in trouble any more.
pub(crate) fn look(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for upstream in [UpstreamKind::Live, UpstreamKind::Simulated] {
        if tx.first(TROUBLED, [upstream.name()], |_| Ok(()))?.is_none() {
            alerts::resolve(tx, upstream, &AlertKey::JobTrouble(upstream))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let waits: Vec<u64> = (1..=12).map(|troubles| wait_of(troubles).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(wait_of(u32::MAX), LONGEST);
    }
}
