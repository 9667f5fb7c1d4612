//! Sums of the ledger by window. All go by the time of the hold, so that a settlement within its hold
//! can never raise a window.

use super::columns::{Columns, all, first, meta, set_meta};
use super::policy::Policy;
use super::tx::Tx;
use super::{scope_limits, week};
use crate::{ScopeStanding, SpendSnapshot, StoreError, WindowStanding};
use anvil_budget::{Amounts, Moved, Tally, WindowKind, Windows};
use anvil_types::{Limits, Nanodollars, Scope, Timestamp, UpstreamKind};
use rusqlite::{Connection, Row, named_params, params};

/// The sums of the rolling hour.
pub(super) const MINUTES: &str = "SELECT start, settled, unknown, held FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = 'minute' AND start >= ?3 ORDER BY start";

/// One sum.
pub(super) const CALENDAR: &str = "SELECT settled, unknown, held FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = ?3 AND start = ?4";

/// Moves money in the four sums of a scope.
pub(super) const ADD: &str =
    "INSERT INTO spend (upstream, scope, period, start, settled, unknown, held) VALUES
    (?1, ?2, 'minute', ?3, ?6, ?7, ?8), (?1, ?2, 'day', ?4, ?6, ?7, ?8),
    (?1, ?2, 'month', ?5, ?6, ?7, ?8), (?1, ?2, 'total', 0, ?6, ?7, ?8)
    ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
    settled = settled + excluded.settled, unknown = unknown + excluded.unknown,
    held = held + excluded.held
    RETURNING period = 'total', held";

/// The scopes that a call of this agent or API key falls under.
pub(super) fn scopes(agent: Option<&str>, api_key: Option<&str>) -> Vec<Scope> {
    let mut scopes = vec![Scope::All];
    scopes.extend(agent.map(|agent| Scope::Agent(agent.to_owned())));
    scopes.extend(api_key.map(|key| Scope::ApiKey(key.to_owned())));
    scopes
}

/// Moves money in all sums that a hold of this time counts in. Answers what is held of this upstream
/// after it.
pub(super) fn add(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    scopes: &[Scope],
    held_at: Timestamp,
    moved: Moved,
) -> Result<Nanodollars, StoreError> {
    tx.policy.moved = true;
    let places = tx.policy.account.add(upstream, scopes, held_at, moved);
    let mut all_held = 0;
    for scope in scopes {
        let mut upsert = tx.statement(ADD)?;
        let mut rows = upsert.query(params![
            upstream.name(),
            scope.to_string(),
            places.minute.micros(),
            places.day.micros(),
            places.month.micros(),
            moved.settled.get(),
            moved.unknown.get(),
            moved.held.get(),
        ])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, bool>(0)? && *scope == Scope::All {
                all_held = row.get(1)?;
            }
        }
    }
    Ok(Nanodollars::new(all_held))
}

/// Opens the account's pages of these scopes where they are not: reads what counts now from the sums.
pub(super) fn open_pages(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    scopes: &[Scope],
) -> Result<(), StoreError> {
    tx.policy.account.roll(tx.now);
    for scope in scopes {
        if tx.policy.account.books.tally(upstream, scope).is_some() {
            continue;
        }
        let places = tx.policy.account.calendar.places(tx.now);
        let tally = Tally::new(
            minutes(tx.conn, upstream, scope, tx.now)?,
            calendar(tx.conn, upstream, scope, "day", places.day)?,
            calendar(tx.conn, upstream, scope, "month", places.month)?,
        );
        tx.policy.account.open(upstream, scope.clone(), tally);
    }
    Ok(())
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
    scope: &Scope,
    period: &str,
    start: Timestamp,
) -> Result<Amounts, StoreError> {
    let place = params![upstream.name(), scope.to_string(), period, start.micros()];
    let found = first(conn, CALENDAR, place, |row| amounts(row, 0))?;
    Ok(found.unwrap_or_default())
}

/// The minutes of the rolling hour in which anything counts, the oldest first.
pub(super) fn minutes(
    conn: &Connection,
    upstream: UpstreamKind,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Amounts)>, StoreError> {
    let oldest = Windows::first_bucket(now).micros();
    let rows = all(conn, MINUTES, params![upstream.name(), scope.to_string(), oldest], |row| {
        Ok((Timestamp::from_micros(row.get(0)?), amounts(row, 1)?))
    })?;
    Ok(rows.into_iter().filter(|(_, amounts)| amounts.committed() > Nanodollars::ZERO).collect())
}

/// How all windows of an upstream stand, for people.
pub(super) fn snapshot(
    conn: &Connection,
    upstream: UpstreamKind,
    limits: &Limits,
    windows: &Windows,
    now: Timestamp,
) -> Result<SpendSnapshot, StoreError> {
    let all = &Scope::All;
    Ok(SpendSnapshot {
        windows: [
            standing(conn, upstream, all, WindowKind::Hour, limits.hour_usd, windows, now)?,
            standing(conn, upstream, all, WindowKind::Day, limits.day_usd, windows, now)?,
            standing(conn, upstream, all, WindowKind::Month, limits.month_usd, windows, now)?,
        ],
        week: week::standing(conn, upstream, limits, windows, now)?,
        total: calendar(conn, upstream, all, "total", Timestamp::default())?,
        bounds_broken: meta::<i64>(conn, broken_key(upstream))?.map_or(0, i64::unsigned_abs),
    })
}

/// How the windows stand that one agent or API key has a limit for.
pub(super) fn scope_standings(
    conn: &Connection,
    upstream: UpstreamKind,
    windows: &Windows,
    now: Timestamp,
) -> Result<Vec<ScopeStanding>, StoreError> {
    let mut standings = Vec::new();
    for (scope, limits) in scope_limits::load(conn)? {
        let windows = limits
            .iter()
            .map(|(kind, limit)| standing(conn, upstream, &scope, kind, limit, windows, now))
            .collect::<Result<_, _>>()?;
        standings.push(ScopeStanding { scope, windows });
    }
    Ok(standings)
}

fn standing(
    conn: &Connection,
    upstream: UpstreamKind,
    scope: &Scope,
    kind: WindowKind,
    limit: Nanodollars,
    windows: &Windows,
    now: Timestamp,
) -> Result<WindowStanding, StoreError> {
    let mut amounts = Amounts::default();
    let resets_at = if kind == WindowKind::Hour {
        let minutes = minutes(conn, upstream, scope, now)?;
        for (_, minute) in &minutes {
            amounts += *minute;
        }
        let oldest = minutes.first().map_or(Windows::bucket(now), |(bucket, _)| *bucket);
        Windows::bucket_leaves(oldest)
    } else {
        let span = windows.span(kind, now);
        amounts = calendar(conn, upstream, scope, kind.name(), span.start)?;
        span.end
    };
    Ok(WindowStanding { kind, amounts, limit, resets_at })
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
    let zone = policy.windows().zone();
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
    policy.account.books.close();
    let mut entries = conn.prepare(
        "SELECT upstream, agent, api_key, held_at,
             CASE state WHEN 'settled' THEN cost ELSE 0 END AS settled,
             CASE state WHEN 'unknown' THEN cost ELSE 0 END AS unknown,
             CASE state WHEN 'held' THEN hold ELSE 0 END AS held
         FROM calls WHERE state <> 'released'
         UNION ALL
         SELECT calls.upstream, agent, api_key, held_at, corrections.settled, corrections.unknown, 0
         FROM corrections JOIN calls ON calls.upstream = corrections.upstream AND calls.id = call",
    )?;
    let mut upsert = conn.prepare(
        "INSERT INTO spend (upstream, scope, period, start, settled, unknown, held) VALUES
             (:upstream, :scope, 'day', :day, :settled, :unknown, :held),
             (:upstream, :scope, 'month', :month, :settled, :unknown, :held)
         ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
             settled = settled + excluded.settled, unknown = unknown + excluded.unknown,
             held = held + excluded.held",
    )?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let places = policy.account.calendar.places(row.time("held_at")?);
        let agent: Option<String> = row.get("agent")?;
        let api_key: Option<String> = row.get("api_key")?;
        for scope in scopes(agent.as_deref(), api_key.as_deref()) {
            upsert.execute(named_params! {
                ":upstream": row.get::<_, String>("upstream")?,
                ":scope": scope.to_string(),
                ":day": places.day.micros(),
                ":month": places.month.micros(),
                ":settled": row.get::<_, i64>("settled")?,
                ":unknown": row.get::<_, i64>("unknown")?,
                ":held": row.get::<_, i64>("held")?,
            })?;
        }
    }
    Ok(())
}
