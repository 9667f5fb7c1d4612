//! Hours of use, as they are kept: what has ended by week, and with the newest
//! of them the flight under way.

use crate::engine::{Db, params};
use crate::rules::tx::Tx;
use crate::{StoreError, WeekStanding};
use anvil_budget::{WeekUse, Windows};
use anvil_types::{Limits, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The last week of which anything is known, with the flight under way.
pub(crate) const NEWEST: &str =
    "SELECT start, micros, flight FROM week_use WHERE upstream = ?1 ORDER BY start DESC LIMIT 1";

/// A flight begins.
pub(crate) const FLIGHT_BEGINS: &str =
    "INSERT INTO week_use (upstream, start, micros, flight) VALUES (?1, ?2, 0, ?3)
    ON CONFLICT (upstream, start) DO UPDATE SET flight = excluded.flight";

/// A flight, or the part of it that lies in a week, has ended.
pub(crate) const FLIGHT_ENDS: &str = "INSERT INTO week_use (upstream, start, micros) VALUES (?1, ?2, ?3)
    ON CONFLICT (upstream, start) DO UPDATE SET micros = micros + excluded.micros, flight = NULL";

/// No flight is under way.
pub(crate) const NO_FLIGHT: &str =
    "UPDATE week_use SET flight = NULL WHERE upstream = ?1 AND flight IS NOT NULL";

/// The hours of use of every upstream.
pub(crate) fn load(db: &Db) -> Result<BTreeMap<UpstreamKind, WeekUse>, StoreError> {
    UpstreamKind::ALL.into_iter().map(|upstream| Ok((upstream, of(db, upstream)?))).collect()
}

fn of(db: &Db, upstream: UpstreamKind) -> Result<WeekUse, StoreError> {
    let newest = db.first(NEWEST, [upstream.name()], |row| {
        let flight: Option<i64> = row.get(2)?;
        Ok(WeekUse {
            start: Timestamp::from_micros(row.get(0)?),
            past: row.get(1)?,
            flight: flight.map(Timestamp::from_micros),
        })
    })?;
    Ok(newest.unwrap_or_default())
}

/// A first call goes out.
pub(crate) fn flight_begins(tx: &mut Tx<'_>, upstream: UpstreamKind) -> Result<(), StoreError> {
    let now = tx.now;
    tx.policy.moved = true;
    let account = &mut tx.policy.account;
    let row = account.weeks.entry(upstream).or_default().flight_begins(&mut account.calendar, now);
    tx.run(FLIGHT_BEGINS, params![upstream.name(), row.micros(), now.micros()]).map(drop)
}

/// The last call that was in flight has ended, at `end`.
pub(crate) fn flight_ends(tx: &mut Tx<'_>, upstream: UpstreamKind, end: Timestamp) -> Result<(), StoreError> {
    tx.policy.moved = true;
    let account = &mut tx.policy.account;
    let used = account.weeks.entry(upstream).or_default();
    let row = used.start;
    let added = used.flight_ends(&mut account.calendar, end);
    // Most flights end in the week of the row that they are kept on: one statement then.
    let ends_there = matches!(added.as_slice(), [(week, _)] if *week == row);
    for (week, micros) in added {
        tx.run(FLIGHT_ENDS, params![upstream.name(), week.micros(), micros])?;
    }
    if !ends_there {
        tx.run(NO_FLIGHT, [upstream.name()])?;
    }
    Ok(())
}

/// How the week stands, a flight under way included.
pub(crate) fn standing(
    db: &Db,
    upstream: UpstreamKind,
    limits: &Limits,
    windows: &Windows,
    now: Timestamp,
) -> Result<WeekStanding, StoreError> {
    let week = windows.week(now);
    let used = of(db, upstream)?.used(week, now);
    Ok(WeekStanding { used, limit_hours: limits.week_hours, resets_at: week.end })
}
