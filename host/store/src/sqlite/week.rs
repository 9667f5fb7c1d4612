//! Hours of use, as they are kept: the flight under way in `meta`, what has ended by week.

use super::columns::{Columns, first, meta, set_meta};
use super::evaluate::UPSTREAMS;
use super::tx::Tx;
use crate::{StoreError, WeekStanding};
use anvil_budget::{WeekUse, Windows};
use anvil_types::{Limits, Timestamp, UpstreamKind};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// The hours of use of every upstream.
pub(super) fn load(conn: &Connection) -> Result<BTreeMap<UpstreamKind, WeekUse>, StoreError> {
    UPSTREAMS.into_iter().map(|upstream| Ok((upstream, of(conn, upstream)?))).collect()
}

fn of(conn: &Connection, upstream: UpstreamKind) -> Result<WeekUse, StoreError> {
    let select = "SELECT start, micros FROM week_use WHERE upstream = ?1 ORDER BY start DESC LIMIT 1";
    let last = first(conn, select, [upstream.name()], |row| Ok((row.time("start")?, row.get("micros")?)))?;
    let (start, past) = last.unwrap_or_default();
    let flight = meta::<i64>(conn, flight_key(upstream))?.map(Timestamp::from_micros);
    Ok(WeekUse { start, past, flight })
}

/// A first call goes out.
pub(super) fn flight_begins(tx: &mut Tx<'_>, upstream: UpstreamKind) -> Result<(), StoreError> {
    let now = tx.now;
    tx.policy.moved = true;
    tx.policy.account.weeks.entry(upstream).or_default().flight_begins(now);
    Ok(set_meta(tx.conn, flight_key(upstream), now.micros())?)
}

/// The last call that was in flight has ended, at `end`.
pub(super) fn flight_ends(tx: &mut Tx<'_>, upstream: UpstreamKind, end: Timestamp) -> Result<(), StoreError> {
    tx.policy.moved = true;
    let account = &mut tx.policy.account;
    let added = account.weeks.entry(upstream).or_default().flight_ends(&mut account.calendar, end);
    tx.run("DELETE FROM meta WHERE key = ?1", [flight_key(upstream)])?;
    for (week, micros) in added {
        tx.run(
            "INSERT INTO week_use (upstream, start, micros) VALUES (?1, ?2, ?3)
             ON CONFLICT (upstream, start) DO UPDATE SET micros = micros + excluded.micros",
            params![upstream.name(), week.micros(), micros],
        )?;
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
    let used = of(conn, upstream)?.used(week, now);
    Ok(WeekStanding { used, limit_hours: limits.week_hours, resets_at: week.end })
}

fn flight_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "flight_since:live",
        UpstreamKind::Simulated => "flight_since:simulated",
    }
}
