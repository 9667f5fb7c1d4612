//! Hours of use: how long any call was in flight in a week.
//!
//! A flight begins with the first hold of an upstream and ends when none stands any more; its length
//! goes to the weeks that it lies in.

use super::columns::{first, meta, set_meta};
use super::tx::Tx;
use crate::{StoreError, WeekStanding};
use anvil_budget::Windows;
use anvil_types::{Limits, Timestamp, UpstreamKind};
use rusqlite::{Connection, params};
use std::time::Duration;

/// A first call goes out.
pub(super) fn flight_begins(tx: &Tx<'_>, upstream: UpstreamKind) -> Result<(), StoreError> {
    Ok(set_meta(tx.conn, flight_key(upstream), tx.now.micros())?)
}

/// The last call that was in flight has ended, at `end`.
pub(super) fn flight_ends(tx: &Tx<'_>, upstream: UpstreamKind, end: Timestamp) -> Result<(), StoreError> {
    let Some(mut from) = flight(tx.conn, upstream)? else { return Ok(()) };
    tx.run("DELETE FROM meta WHERE key = ?1", [flight_key(upstream)])?;
    while from < end {
        let week = tx.policy.windows.week(from);
        let until = week.end.min(end);
        tx.run(
            "INSERT INTO week_use (upstream, start, micros) VALUES (?1, ?2, ?3)
             ON CONFLICT (upstream, start) DO UPDATE SET micros = micros + excluded.micros",
            params![upstream.name(), week.start.micros(), until.micros() - from.micros()],
        )?;
        from = until;
    }
    Ok(())
}

/// How the week stands, a flight under way included.
pub(super) fn standing(
    conn: &Connection,
    upstream: UpstreamKind,
    limits: &Limits,
    windows: &Windows,
    now: Timestamp,
) -> Result<WeekStanding, StoreError> {
    let week = windows.week(now);
    let select = "SELECT micros FROM week_use WHERE upstream = ?1 AND start = ?2";
    let past =
        first(conn, select, params![upstream.name(), week.start.micros()], |row| row.get::<_, i64>(0))?;
    let past = Duration::from_micros(past.map_or(0, i64::unsigned_abs));
    let present = flight(conn, upstream)?.map_or(Duration::ZERO, |since| now.since(since.max(week.start)));
    Ok(WeekStanding { used: past + present, limit_hours: limits.week_hours, resets_at: week.end })
}

fn flight(conn: &Connection, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError> {
    Ok(meta::<i64>(conn, flight_key(upstream))?.map(Timestamp::from_micros))
}

fn flight_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "flight_since:live",
        UpstreamKind::Simulated => "flight_since:simulated",
    }
}
