//! The hosts that work on this database. Each has a lease, which it renews every minute: what it holds is its
//! own for so long, and what it leaves behind without a word is ended by another afterwards. Hosts that live
//! at the same time must agree on what the sums are made by, and on what they are judged by.

use crate::StoreError;
use crate::engine::{Db, Id, params};
use crate::rules::duties;
use crate::rules::jobs::transition;
use crate::rules::money::hold_row::{Hold, select_holds};
use crate::rules::money::settle::{End, end_hold};
use crate::rules::money::{ledger_time, spend, week, zone};
use crate::rules::tx::Tx;
use anvil_types::{CacheEffect, CallState, HostId, Limits, Nanodollars, Usage, WaitReason};
use std::time::Duration;

/// How long a host is waited for that says nothing: some looks may fail.
const LEASE: Duration = Duration::from_mins(5);

/// Others that live, and ask the same upstream.
const LIVE: &str = "SELECT host, zone, limits FROM hosts WHERE host <> ?1 AND upstream = ?2 AND until > ?3";

/// A host lives, for another lease.
const RENEW: &str =
    "INSERT INTO hosts (host, upstream, boot, zone, limits, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (host, upstream) DO UPDATE SET
    boot = excluded.boot, zone = excluded.zone, limits = excluded.limits, until = excluded.until";

/// Holds that nobody will settle any more: of this host's earlier lives, and of hosts whose lease has run out. What is held
/// for batches is theirs, whoever held it.
pub(crate) const LEFT: &str = select_holds!(
    ", host FROM calls INDEXED BY calls_open
    WHERE state = 'held' AND batched = 0 AND upstream = ?1 AND boot <> ?3 AND (host = ?2 OR NOT EXISTS (
        SELECT 1 FROM hosts WHERE hosts.host = calls.host AND hosts.upstream = ?1 AND hosts.until > ?4))"
);

/// Refuses to begin beside a host that lives with another time zone or other limits of its settings: each would
/// make the other's sums, alerts and limits anew, over and over.
pub(crate) fn agree(tx: &Tx<'_>) -> Result<(), StoreError> {
    let policy = &tx.policy;
    let others =
        tx.all(LIVE, params![policy.host.bytes(), policy.upstream.name(), tx.now.micros()], |row| {
            Ok((HostId::from_bytes(row.get(0)?), row.get::<String>(1)?, row.get::<String>(2)?))
        })?;
    let refuse = |host, setting: &str, theirs, ours| {
        Err(StoreError::OtherHost { host, setting: setting.to_owned(), theirs, ours })
    };
    let zone = zone::name(policy.windows());
    for (host, their_zone, their_limits) in others {
        if their_zone != zone {
            return refuse(host, "time_zone", their_zone, zone);
        }
        // What cannot be read is of another version, whose limits nobody can compare.
        let Ok(theirs) = serde_json::from_str::<Limits>(&their_limits) else { continue };
        if let Some(limit) = policy.base.differences(&theirs).into_iter().next() {
            return refuse(host, limit.name, limit.other, limit.this);
        }
    }
    Ok(())
}

/// This host lives, for another lease, and does what nobody else does for all.
pub(crate) fn renew(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let policy = &tx.policy;
    let limits = serde_json::to_string(&policy.base).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        RENEW,
        params![
            policy.host.bytes(),
            policy.upstream.name(),
            policy.boot.bytes(),
            zone::name(policy.windows()),
            limits,
            (tx.now + LEASE).micros(),
        ],
    )?;
    duties::take(tx)
}

/// This life ends in order: nobody has to wait for its lease.
pub(crate) fn leave(db: &Db, host: HostId, boot: anvil_types::BootId) -> Result<(), StoreError> {
    db.run("DELETE FROM hosts WHERE host = ?1 AND boot = ?2", params![host.bytes(), boot.bytes()])?;
    Ok(())
}

/// Renews this host's lease, and ends what others left whose lease has run out.
pub(crate) fn look(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    renew(tx)?;
    if sweep(tx)? > 0 {
        release_waiting(tx)?;
    }
    Ok(())
}

/// Ends the holds that nobody will settle any more. Whatever was held when its host ended may have been billed:
/// it counts as spent. Answers how many there were.
pub(crate) fn sweep(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let upstream = tx.policy.upstream;
    let (host, boot) = (tx.policy.host, tx.policy.boot);
    let left = params![upstream.name(), host.bytes(), boot.bytes(), tx.now.micros()];
    let holds = tx.all(LEFT, left, |row| Ok((Hold::read(row)?, row.get::<[u8; 16]>("host")?)))?;
    let count = holds.len() as u64;
    let usage = Usage::default();
    for (hold, of) in &holds {
        let detail = if *of == host.bytes() { "host crash" } else { "its host is gone" };
        let end = End {
            state: CallState::Unknown,
            cost: hold.amount,
            usage: &usage,
            detail: Some(detail),
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            progress: false,
        };
        end_hold(tx, hold, &end)?;
        tx.run(
            "INSERT OR IGNORE INTO swept (upstream, call) VALUES (?1, ?2)",
            params![upstream.name(), hold.id.bytes()],
        )?;
    }
    Ok(count)
}

/// At a start: the time for which nobody was there is no use, so a flight that nobody goes on with ended when
/// the ledger was last written.
pub(crate) fn end_flight_of_nobody(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream;
    let left = params![upstream.name(), tx.policy.host.bytes(), tx.policy.boot.bytes(), tx.now.micros()];
    let left = tx.all(LEFT, left, |_| Ok(()))?.len() as u64;
    if spend::flying(tx, upstream, 0)? == left {
        let last = ledger_time::stored(tx.db, upstream)?;
        week::flight_ends(tx, upstream, last)?;
    }
    Ok(())
}

/// Where nothing is held, nobody waits for holds.
pub(crate) fn release_waiting(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if spend::held(tx, tx.policy.upstream)? == Nanodollars::ZERO {
        transition::resume(tx, &[WaitReason::Holds], None)?;
    }
    Ok(())
}
