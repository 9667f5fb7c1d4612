//! Sums of the ledger by window. All go by the time of the hold, so that a settlement within its hold
//! can never raise a window.

use super::columns::{Columns, all, first, meta, set_meta};
use super::policy::Policy;
use super::tx::Tx;
use super::week;
use crate::{SpendSnapshot, StoreError, WindowStanding};
use anvil_budget::{Amounts, LimitName, Standing, WindowKind, WindowSpan, Windows};
use anvil_types::{Limits, Nanodollars, Timestamp, UpstreamKind};
use rusqlite::{Connection, Row, named_params, params};

/// The sums of the rolling hour.
pub(super) const MINUTES: &str = "SELECT start, settled, unknown, held FROM spend
    WHERE upstream = ?1 AND scope = 'all' AND period = 'minute' AND start >= ?2 ORDER BY start";

/// One sum.
pub(super) const CALENDAR: &str = "SELECT settled, unknown, held FROM spend
    WHERE upstream = ?1 AND scope = 'all' AND period = ?2 AND start = ?3";

/// Moves money in the four sums of a scope.
pub(super) const ADD: &str =
    "INSERT INTO spend (upstream, scope, period, start, settled, unknown, held) VALUES
    (?1, ?2, 'minute', ?3, ?6, ?7, ?8), (?1, ?2, 'day', ?4, ?6, ?7, ?8),
    (?1, ?2, 'month', ?5, ?6, ?7, ?8), (?1, ?2, 'total', 0, ?6, ?7, ?8)
    ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
    settled = settled + excluded.settled, unknown = unknown + excluded.unknown,
    held = held + excluded.held
    RETURNING period = 'total', held";

/// What a hold, a settlement or a release adds to each amount.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    pub(super) settled: i64,
    pub(super) unknown: i64,
    pub(super) held: i64,
}

/// Moves money in all sums that a hold of this time counts in. Answers what is held of this upstream
/// after it.
pub(super) fn add(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    agent: Option<&str>,
    held_at: Timestamp,
    moved: Moved,
) -> Result<Nanodollars, StoreError> {
    let minute = Windows::bucket(held_at);
    let day = tx.policy.day(held_at).start;
    let month = tx.policy.month(held_at).start;
    let scope = |scope: &str| -> Result<i64, StoreError> {
        let mut upsert = tx.statement(ADD)?;
        let mut rows = upsert.query(params![
            upstream.name(),
            scope,
            minute.micros(),
            day.micros(),
            month.micros(),
            moved.settled,
            moved.unknown,
            moved.held,
        ])?;
        let mut held = 0;
        while let Some(row) = rows.next()? {
            if row.get::<_, bool>(0)? {
                held = row.get(1)?;
            }
        }
        Ok(held)
    };
    if let Some(agent) = agent {
        scope(&format!("agent:{agent}"))?;
    }
    Ok(Nanodollars::new(scope("all")?))
}

/// One row of the sums.
fn amounts(row: &Row<'_>, from: usize) -> rusqlite::Result<Amounts> {
    Ok(Amounts {
        settled: Nanodollars::new(row.get(from)?),
        unknown: Nanodollars::new(row.get(from + 1)?),
        held: Nanodollars::new(row.get(from + 2)?),
    })
}

/// A calendar window's sum, or the total's.
pub(super) fn calendar(
    conn: &Connection,
    upstream: UpstreamKind,
    period: &str,
    start: Timestamp,
) -> Result<Amounts, StoreError> {
    let select = CALENDAR;
    let found = first(conn, select, params![upstream.name(), period, start.micros()], |row| amounts(row, 0))?;
    Ok(found.unwrap_or_default())
}

/// The minutes of the rolling hour in which anything counts, the oldest first.
fn minutes(
    conn: &Connection,
    upstream: UpstreamKind,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Amounts)>, StoreError> {
    let select = MINUTES;
    let oldest = Windows::first_bucket(now).micros();
    let rows = all(conn, select, params![upstream.name(), oldest], |row| {
        Ok((Timestamp::from_micros(row.get(0)?), amounts(row, 1)?))
    })?;
    Ok(rows.into_iter().filter(|(_, amounts)| amounts.committed() > Nanodollars::ZERO).collect())
}

/// How hour, day and month stand for admission.
pub(super) fn standings(tx: &mut Tx<'_>, upstream: UpstreamKind) -> Result<Vec<Standing>, StoreError> {
    let limits = tx.policy.force.clone();
    let limits = &limits.limits;
    let mut hour = Amounts::default();
    let mut leaves = Vec::new();
    for (bucket, amounts) in minutes(tx.conn, upstream, tx.now)? {
        hour += amounts;
        if amounts.spent() > Nanodollars::ZERO {
            leaves.push((Windows::bucket_leaves(bucket), amounts.spent()));
        }
    }
    let mut standings = Vec::with_capacity(4);
    standings.push(Standing { limit_name: LimitName::Hour, limit: limits.hour_usd, amounts: hour, leaves });
    let mut calendar_standing = |name, limit, period, span: WindowSpan| -> Result<(), StoreError> {
        let amounts = calendar(tx.conn, upstream, period, span.start)?;
        standings.push(Standing {
            limit_name: name,
            limit,
            amounts,
            leaves: vec![(span.end, amounts.spent())],
        });
        Ok(())
    };
    let (day, month) = (tx.policy.day(tx.now), tx.policy.month(tx.now));
    calendar_standing(LimitName::Day, limits.day_usd, "day", day)?;
    calendar_standing(LimitName::Month, limits.month_usd, "month", month)?;
    Ok(standings)
}

/// How all windows of an upstream stand, for people.
pub(super) fn snapshot(
    conn: &Connection,
    upstream: UpstreamKind,
    limits: &Limits,
    windows: &Windows,
    now: Timestamp,
) -> Result<SpendSnapshot, StoreError> {
    let minutes = minutes(conn, upstream, now)?;
    let mut hour = Amounts::default();
    for (_, amounts) in &minutes {
        hour += *amounts;
    }
    let oldest = minutes.first().map_or(Windows::bucket(now), |(bucket, _)| *bucket);
    let calendar_standing = |kind, period, limit, span: WindowSpan| -> Result<_, StoreError> {
        Ok(WindowStanding {
            kind,
            amounts: calendar(conn, upstream, period, span.start)?,
            limit,
            resets_at: span.end,
        })
    };
    Ok(SpendSnapshot {
        windows: [
            WindowStanding {
                kind: WindowKind::Hour,
                amounts: hour,
                limit: limits.hour_usd,
                resets_at: Windows::bucket_leaves(oldest),
            },
            calendar_standing(WindowKind::Day, "day", limits.day_usd, windows.day(now))?,
            calendar_standing(WindowKind::Month, "month", limits.month_usd, windows.month(now))?,
        ],
        week: week::standing(conn, upstream, limits, windows, now)?,
        total: calendar(conn, upstream, "total", Timestamp::default())?,
        bounds_broken: meta::<i64>(conn, broken_key(upstream))?.map_or(0, i64::unsigned_abs),
    })
}

/// Counts a cost that was above its hold.
pub(super) fn count_broken_bound(conn: &Connection, upstream: UpstreamKind) -> Result<(), StoreError> {
    let count = meta::<i64>(conn, broken_key(upstream))?.unwrap_or(0);
    Ok(set_meta(conn, broken_key(upstream), count + 1)?)
}

fn broken_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "bounds_broken:live",
        UpstreamKind::Simulated => "bounds_broken:simulated",
    }
}

/// Where the time zone is another than the sums were made for, makes them anew from the ledger.
pub(super) fn rebuild_for_zone(conn: &Connection, policy: &mut Policy) -> Result<(), StoreError> {
    let zone = policy.windows.zone();
    let name = zone.iana_name().map_or_else(|| format!("{zone:?}"), str::to_owned);
    let before: Option<String> = meta(conn, "time_zone")?;
    if before.as_deref() == Some(name.as_str()) {
        return Ok(());
    }
    if before.is_some() {
        tracing::info!(zone = %name, "days and months are summed up anew for another time zone");
        rebuild(conn, policy)?;
    }
    Ok(set_meta(conn, "time_zone", name)?)
}

fn rebuild(conn: &Connection, policy: &mut Policy) -> Result<(), StoreError> {
    conn.execute("DELETE FROM spend WHERE period IN ('day', 'month')", [])?;
    let mut calls = conn
        .prepare("SELECT upstream, agent, held_at, state, hold, cost FROM calls WHERE state <> 'released'")?;
    let mut upsert = conn.prepare(
        "INSERT INTO spend (upstream, scope, period, start, settled, unknown, held) VALUES
             (:upstream, :scope, 'day', :day, :settled, :unknown, :held),
             (:upstream, :scope, 'month', :month, :settled, :unknown, :held)
         ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
             settled = settled + excluded.settled, unknown = unknown + excluded.unknown,
             held = held + excluded.held",
    )?;
    let mut rows = calls.query([])?;
    while let Some(row) = rows.next()? {
        let held_at = row.time("held_at")?;
        let state: String = row.get("state")?;
        let (hold, cost): (i64, i64) = (row.get("hold")?, row.get("cost")?);
        let mut scopes = vec!["all".to_owned()];
        if let Some(agent) = row.get::<_, Option<String>>("agent")? {
            scopes.push(format!("agent:{agent}"));
        }
        for scope in scopes {
            upsert.execute(named_params! {
                ":upstream": row.get::<_, String>("upstream")?,
                ":scope": scope,
                ":day": policy.day(held_at).start.micros(),
                ":month": policy.month(held_at).start.micros(),
                ":settled": if state == "settled" { cost } else { 0 },
                ":unknown": if state == "unknown" { cost } else { 0 },
                ":held": if state == "held" { hold } else { 0 },
            })?;
        }
    }
    Ok(())
}
