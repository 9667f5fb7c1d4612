//! Ledger time: one for each upstream, so that driving the simulator's clock never moves live time. It never
//! runs backwards, unless a person says that it was wrong.

use crate::StoreError;
use crate::engine::{Db, meta, params, set_meta};
use crate::rules::audit;
use crate::rules::jobs::turns;
use crate::rules::money::brake;
use crate::rules::questions;
use crate::rules::tx::Tx;
use anvil_budget::BrakeCause;
use anvil_types::{BrakeCauseKind, Clock, EventKind, Nanodollars, Timestamp, UpstreamKind};

/// Which upstream's host writes the events, or wrote the newest: their times are its own.
const WRITES_AS: &str = "writes_as";
/// The key of ledger time before there was one for each upstream.
const OF_ALL: &str = "ledger_time";
/// How many lives the host has had.
const LIVES: &str = "lives";

/// In place of the time that a ledger is set back to: it begins anew.
const FORGOTTEN: i64 = 0;

/// The key of an upstream's ledger time in `meta`.
pub(crate) fn key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "ledger_time:live",
        UpstreamKind::Simulated => "ledger_time:simulated",
    }
}

fn set_back_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "set_back:live",
        UpstreamKind::Simulated => "set_back:simulated",
    }
}

/// The latest time that an upstream's ledger has seen: that of its newest event, or of a later commit that told
/// of nothing.
pub(crate) fn stored(db: &Db, upstream: UpstreamKind) -> Result<Timestamp, StoreError> {
    let kept: i64 = meta(db, key(upstream))?.unwrap_or(0);
    let writes: Option<String> = meta(db, WRITES_AS)?;
    let told = if writes.as_deref() == Some(upstream.name()) { newest_event(db)? } else { 0 };
    Ok(Timestamp::from_micros(kept.max(told)))
}

fn newest_event(db: &Db) -> Result<i64, StoreError> {
    let newest = "SELECT at FROM events ORDER BY seq DESC LIMIT 1";
    Ok(db.first(newest, params![], |row| row.get(0))?.unwrap_or(0))
}

/// What a clock of this upstream must not be behind, by a database of whatever version.
pub(crate) fn floor(db: &Db, upstream: UpstreamKind) -> Result<Timestamp, StoreError> {
    if meta::<i64>(db, set_back_key(upstream))?.is_some() {
        return Ok(Timestamp::default());
    }
    let Some(of_all) = meta::<i64>(db, OF_ALL)? else { return stored(db, upstream) };
    // As the step of the schema that keeps them apart does it.
    let time = match upstream {
        UpstreamKind::Simulated => of_all.max(newest_event(db)?),
        UpstreamKind::Live => db
            .first(
                "SELECT max(max(held_at, coalesce(settled_at, 0))) FROM calls WHERE upstream = 'live'",
                params![],
                |row| row.get::<Option<i64>>(0),
            )?
            .flatten()
            .unwrap_or(0),
    };
    Ok(Timestamp::from_micros(time))
}

/// How many lives the host has had.
pub(crate) fn lives(db: &Db) -> Result<u64, StoreError> {
    Ok(meta::<i64>(db, LIVES)?.map_or(0, i64::unsigned_abs))
}

/// Another life begins: from now on the newest event tells this upstream's time.
pub(crate) fn begin(tx: &Tx<'_>, lives: u64) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream;
    let before: Option<String> = meta(tx.db, WRITES_AS)?;
    for other in UpstreamKind::ALL {
        if other != upstream && before.as_deref() == Some(other.name()) {
            set_meta(tx.db, key(other), stored(tx.db, other)?.micros())?;
        }
    }
    set_meta(tx.db, WRITES_AS, upstream.name())?;
    set_meta(tx.db, LIVES, crate::engine::number(lives))?;
    set_meta(tx.db, key(upstream), tx.now.micros())
}

/// An upstream's time is forgotten: its next start begins at the clock's.
pub(crate) fn forget(tx: &Tx<'_>, upstream: UpstreamKind) -> Result<(), StoreError> {
    set_meta(tx.db, set_back_key(upstream), FORGOTTEN)
}

/// Whether an upstream's time is to begin anew, whatever a mark says of it.
pub(crate) fn is_forgotten(db: &Db, upstream: UpstreamKind) -> Result<bool, StoreError> {
    Ok(meta::<i64>(db, set_back_key(upstream))? == Some(FORGOTTEN))
}

/// A person says that the ledger's time is wrong: the next start takes the wall's clock over. Until then, and
/// until a person has looked, nothing is spent.
pub(crate) fn set_back(
    tx: &mut Tx<'_>,
    clock: &dyn Clock,
    by: &str,
    reason: &str,
) -> Result<Timestamp, StoreError> {
    crate::rules::audit::check_reason(reason)?;
    let Some(wall) = clock.wall() else {
        return Err(StoreError::BadChange(
            "the simulator's clock is driven, and has no wall's clock beside it; wipe what is simulated to begin \
             anew"
                .to_owned(),
        ));
    };
    if wall >= tx.now {
        return Err(StoreError::BadChange(format!(
            "the ledger's time, {}, is not ahead of the wall's clock, {}: there is nothing to set back",
            tx.policy.windows().local(tx.now),
            tx.policy.windows().local(wall),
        )));
    }
    set_meta(tx.db, set_back_key(tx.policy.upstream), wall.micros())?;
    let (from, to) = (tx.policy.windows().local(tx.now), tx.policy.windows().local(wall));
    audit::note(tx, by, "clock.set_back", &format!("{from} to the wall's clock, {to}: {reason}"))?;
    let cause = BrakeCause {
        kind: BrakeCauseKind::Restored,
        reason: format!(
            "{by} sets the ledger's time back from {from} to the wall's clock, which says {to}: {reason}. It counts from \
             the next start on. {} were spent at times after that, which then count in no window. Lower the limits \
             by what belongs to now, restart the host, then release the brake",
            spent_since(tx, wall)?,
        ),
        since: tx.now,
        until: None,
        by: Some(by.to_owned()),
    };
    brake::engage(tx, cause)?;
    Ok(wall)
}

fn spent_since(tx: &Tx<'_>, time: Timestamp) -> Result<Nanodollars, StoreError> {
    let sum = tx.first(
        "SELECT coalesce(sum(settled + unknown), 0) FROM spend
         WHERE upstream = ?1 AND scope = 'all' AND period = 'day' AND start > ?2",
        params![tx.policy.upstream.name(), tx.policy.windows().day(time).start.micros()],
        |row| row.get(0),
    )?;
    Ok(Nanodollars::new(sum.unwrap_or(0)))
}

/// Whether a person has set this upstream's time back, which has to be told; where it is another, all that waits for a time that was
/// wrong looks again, once.
pub(crate) fn take_set_back(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let upstream = tx.policy.upstream;
    let forgotten = is_forgotten(tx.db, upstream)?;
    if tx.run("DELETE FROM meta WHERE key = ?1", [set_back_key(upstream)])? == 0 {
        return Ok(false);
    }
    let (name, now) = (upstream.name(), tx.now.micros());
    tx.run(
        "UPDATE jobs SET ready_at = ?2 WHERE upstream = ?1 AND state = 'queued' AND ready_at > ?2",
        params![name, now],
    )?;
    tx.run(
        "UPDATE jobs SET due_at = ?2 WHERE upstream = ?1 AND due_at > ?2 AND state IN ('parked', 'failed')",
        params![name, now],
    )?;
    // A back-off; whoever submitted a job for a time meant that time.
    tx.run(
        "UPDATE jobs SET due_at = ?2 WHERE upstream = ?1 AND due_at > ?2 AND state = 'scheduled'
             AND (run_at IS NULL OR run_at < due_at)",
        params![name, now],
    )?;
    tx.run(
        "UPDATE deliveries SET next_at = ?2 WHERE upstream = ?1 AND state = 'pending' AND next_at > ?2",
        params![name, now],
    )?;
    tx.run("DELETE FROM week_use WHERE upstream = ?1 AND start > ?2", params![name, now])?;
    turns::time_is_set_back(tx)?;
    questions::set_back::time_is_set_back(tx)?;
    // So that the newest event tells the time.
    tx.tell(None, EventKind::Limits);
    Ok(!forgotten)
}
