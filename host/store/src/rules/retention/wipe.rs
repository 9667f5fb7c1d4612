//! Wiping what is simulated: jobs, ledger, limits, prices, time and all that was told and learnt, in batches
//! that are too short for anyone to notice. What is live is never touched.

use crate::engine::params;
use crate::rules::jobs::pins;
use crate::rules::money::{evaluate, ledger_time};
use crate::rules::tx::Tx;
use crate::rules::{audit, reload};
use crate::{StoreError, Wiped};
use anvil_types::{EventKind, UpstreamKind};

/// Whose state is wiped.
const WHOSE: UpstreamKind = UpstreamKind::Simulated;
/// How many jobs, or entries of the ledger, a batch takes at most.
const BATCH: u32 = 200;
/// The tables whose simulated rows go in the last step; each has a column `upstream`.
const SMALL: [&str; 34] = [
    "deliveries",
    "alerts",
    "limit_changes",
    "price_rows",
    "scope_limits",
    "queue_pause",
    "agents_off",
    "brake",
    "brake_muted",
    "brake_history",
    "watches",
    "schedules",
    "spend",
    "usage_hours",
    "miss_hours",
    "compressed_hours",
    "week_use",
    "swept",
    "queue_turns",
    "queue_news",
    "questions",
    "question_rings",
    "agent_state",
    "agent_state_use",
    "agent_use",
    "versions_aside",
    "agent_traps",
    "replies",
    "reply_use",
    "batches",
    "batch_calls",
    "batch_bodies",
    "predictions",
    "plan_days",
];

/// Refuses while anything simulated runs: it would write what is gone.
pub(crate) fn at_rest(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if tx.policy.upstream != WHOSE {
        return Ok(());
    }
    let running = "SELECT (SELECT count(*) FROM jobs WHERE upstream = ?1 AND state = 'running')
        + (SELECT count(*) FROM calls WHERE upstream = ?1 AND state = 'held')";
    let running: i64 = tx.first(running, [WHOSE.name()], |row| row.get(0))?.unwrap_or(0);
    if running > 0 {
        return Err(StoreError::BadChange(
            "simulated jobs or calls are under way: pause the queue (`anvil queue pause`), wait until they have ended, \
             and wipe then"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Takes a batch of jobs out, and where none is left one of the ledger's entries.
pub(crate) fn batch(tx: &mut Tx<'_>) -> Result<(u64, u64), StoreError> {
    at_rest(tx)?;
    let jobs: Vec<(i64, [u8; 16])> = tx.all(
        // Those that are led before those that lead them.
        "SELECT seq, id FROM jobs WHERE upstream = ?1 ORDER BY seq DESC LIMIT ?2",
        params![WHOSE.name(), BATCH],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (seq, id) in &jobs {
        tx.run("DELETE FROM events WHERE job = ?1", [id])?;
        tx.run("DELETE FROM jobs WHERE seq = ?1", [seq])?;
    }
    if !jobs.is_empty() {
        return Ok((jobs.len() as u64, 0));
    }
    let calls: Vec<[u8; 16]> =
        tx.all("SELECT id FROM calls WHERE upstream = ?1 LIMIT ?2", params![WHOSE.name(), BATCH], |row| {
            row.get(0)
        })?;
    for id in &calls {
        tx.run("DELETE FROM corrections WHERE upstream = ?1 AND call = ?2", params![WHOSE.name(), id])?;
        tx.run("DELETE FROM calls WHERE upstream = ?1 AND id = ?2", params![WHOSE.name(), id])?;
    }
    Ok((0, calls.len() as u64))
}

/// What is left, in one step.
pub(crate) fn rest(tx: &mut Tx<'_>, by: &str, wiped: Wiped) -> Result<(), StoreError> {
    at_rest(tx)?;
    for table in SMALL {
        tx.run(&format!("DELETE FROM {table} WHERE upstream = ?1"), [WHOSE.name()])?;
    }
    pins::forget(tx)?;
    tx.run("DELETE FROM meta WHERE key LIKE 'note.simulated.%'", params![])?;
    for key in ["bounds_broken:simulated", "last_limits:simulated"] {
        tx.run("DELETE FROM meta WHERE key = ?1", [key])?;
    }
    // A clock that runs does not go back: the next start with the simulator begins at the machine's time.
    ledger_time::forget(tx, WHOSE)?;
    audit::note(tx, by, "simulator.wipe", &format!("{} jobs, {} calls", wiped.jobs, wiped.calls))?;
    if tx.policy.upstream == WHOSE {
        reload::everything(tx.policy, tx.db)?;
        tx.policy.moved = true;
        evaluate::evaluate_all(tx)?;
        tx.tell(None, EventKind::Limits);
        tx.tell(None, EventKind::Prices);
        tx.tell(None, EventKind::Queue { paused: false });
    }
    Ok(())
}
