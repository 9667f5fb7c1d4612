//! Sums of the ledger by window: of what has ended; what is held is summed up where it is wanted. All go
//! by the time of the hold, so that a settlement within its hold can never raise a window.

use super::held::Held;
use super::policy::Policy;
use super::tx::Tx;
use super::{ledger_time, scope_limits, week};
use crate::engine::{Db, Row, meta, params, set_meta};
use crate::{ScopeStanding, SpendSnapshot, StoreError, WindowStanding};
use anvil_budget::{Amounts, Moved, Tally, WindowKind, Windows};
use anvil_types::{AlertWindow, Limits, Nanodollars, Scope, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The sums of the rolling hour.
pub(super) const MINUTES: &str = "SELECT start, settled, unknown FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = 'minute' AND start >= ?3 ORDER BY start";

/// One sum.
pub(super) const CALENDAR: &str = "SELECT settled, unknown FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = ?3 AND start = ?4";

/// How many calls are under way.
pub(super) const FLYING: &str = "SELECT count(*) AS flying FROM calls INDEXED BY calls_open
    WHERE state = 'held' AND upstream = ?1";

/// Adds to the four sums of a scope. A sum that is at its end stays there: no settlement is refused for it.
pub(super) const ADD: &str = "INSERT INTO spend (upstream, scope, period, start, settled, unknown) VALUES
    (?1, ?2, 'minute', ?3, ?6, ?7), (?1, ?2, 'day', ?4, ?6, ?7),
    (?1, ?2, 'month', ?5, ?6, ?7), (?1, ?2, 'total', 0, ?6, ?7)
    ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
    settled = min(settled + excluded.settled, 9000000000000000000),
    unknown = min(unknown + excluded.unknown, 9000000000000000000)";

/// What each entry of the ledger adds to the sums of its time.
const ENTRIES: &str = "SELECT upstream, agent, api_key, held_at,
        CASE state WHEN 'settled' THEN cost ELSE 0 END AS settled,
        CASE state WHEN 'unknown' THEN cost ELSE 0 END AS unknown
    FROM calls WHERE state IN ('settled', 'unknown')
    UNION ALL
    SELECT calls.upstream, agent, api_key, held_at, corrections.settled, corrections.unknown
    FROM corrections JOIN calls ON calls.upstream = corrections.upstream AND calls.id = call";

/// Adds an entry to the sums of its day and month.
const ADD_ENTRY: &str = "INSERT INTO spend (upstream, scope, period, start, settled, unknown) VALUES
    (?1, ?2, 'day', ?3, ?5, ?6), (?1, ?2, 'month', ?4, ?5, ?6)
    ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
    settled = settled + excluded.settled, unknown = unknown + excluded.unknown";

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
    // Whoever moves money has written the entry already: what is summed up now has moved.
    let held = match tx.policy.held.get(&upstream) {
        Some(held) => *held + moved.held,
        None => Held::of(tx.db, upstream)?.all(),
    };
    tx.policy.held.insert(upstream, held);
    let places = tx.policy.account.add(upstream, scopes, held_at, moved);
    if moved.settled == Nanodollars::ZERO && moved.unknown == Nanodollars::ZERO {
        return Ok(held);
    }
    for scope in scopes {
        tx.run(
            ADD,
            params![
                upstream.name(),
                scope.to_string(),
                places.minute.micros(),
                places.day.micros(),
                places.month.micros(),
                moved.settled.get(),
                moved.unknown.get(),
            ],
        )?;
    }
    Ok(held)
}

/// How many holds of an upstream stand; `moved` is by how many their number has changed since the last look.
pub(super) fn flying(tx: &mut Tx<'_>, upstream: UpstreamKind, moved: i64) -> Result<u64, StoreError> {
    let flying = match tx.policy.flying.get(&upstream) {
        Some(flying) => flying.saturating_add_signed(moved),
        // Whoever moves it has written the entry already.
        None => tx.first(FLYING, [upstream.name()], |row| row.count("flying"))?.unwrap_or(0),
    };
    tx.policy.flying.insert(upstream, flying);
    Ok(flying)
}

/// What is held of an upstream.
pub(super) fn held(tx: &mut Tx<'_>, upstream: UpstreamKind) -> Result<Nanodollars, StoreError> {
    if let Some(held) = tx.policy.held.get(&upstream) {
        return Ok(*held);
    }
    let held = Held::of(tx.db, upstream)?.all();
    tx.policy.held.insert(upstream, held);
    Ok(held)
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
        let tally = tally(tx, upstream, scope)?;
        tx.policy.account.open(upstream, scope.clone(), tally);
    }
    Ok(())
}

/// What counts now of a scope, as it is kept.
pub(super) fn tally(tx: &mut Tx<'_>, upstream: UpstreamKind, scope: &Scope) -> Result<Tally, StoreError> {
    let places = tx.policy.account.calendar.places(tx.now);
    let held = Held::of(tx.db, upstream)?;
    let since = |period, start| calendar(tx.db, upstream, scope, period, start, &held);
    let (day, month) = (since("day", places.day)?, since("month", places.month)?);
    Ok(Tally::new(minutes(tx.db, upstream, scope, tx.now, &held)?, day, month))
}

/// One row of the sums, and what is held beside it.
fn amounts(row: &Row<'_>, from: usize, held: Nanodollars) -> Result<Amounts, StoreError> {
    Ok(Amounts {
        settled: Nanodollars::new(row.get(from)?),
        unknown: Nanodollars::new(row.get(from + 1)?),
        held,
    })
}

/// A calendar window's sum, or the total's: of the window that is open now, since what is held counts
/// in it from its start on.
fn calendar(
    db: &Db,
    upstream: UpstreamKind,
    scope: &Scope,
    period: &str,
    start: Timestamp,
    held: &Held,
) -> Result<Amounts, StoreError> {
    let place = params![upstream.name(), scope.to_string(), period, start.micros()];
    let held = held.since(scope, start);
    let found = db.first(CALENDAR, place, |row| amounts(row, 0, held))?;
    Ok(found.unwrap_or(Amounts { held, ..Amounts::default() }))
}

/// The minutes of the rolling hour in which anything counts, the oldest first.
fn minutes(
    db: &Db,
    upstream: UpstreamKind,
    scope: &Scope,
    now: Timestamp,
    held: &Held,
) -> Result<Vec<(Timestamp, Amounts)>, StoreError> {
    let oldest = Windows::first_bucket(now);
    let place = params![upstream.name(), scope.to_string(), oldest.micros()];
    let rows = db.all(MINUTES, place, |row| {
        Ok((Timestamp::from_micros(row.get(0)?), amounts(row, 1, Nanodollars::ZERO)?))
    })?;
    // What lies ahead was counted before a person set the time back.
    let mut minutes: BTreeMap<_, _> = rows.into_iter().filter(|(minute, _)| *minute <= now).collect();
    for (minute, held) in held.by_minute(scope, oldest) {
        minutes.entry(minute).or_default().held = held;
    }
    Ok(minutes.into_iter().filter(|(_, amounts)| amounts.committed() > Nanodollars::ZERO).collect())
}

/// How all windows of an upstream stand, for people.
pub(super) fn snapshot(
    db: &Db,
    upstream: UpstreamKind,
    limits: &Limits,
    windows: &Windows,
    now: Timestamp,
) -> Result<SpendSnapshot, StoreError> {
    let all = &Scope::All;
    let held = Held::of(db, upstream)?;
    let standing = |kind, limit| standing(db, upstream, all, kind, limit, windows, now, &held);
    Ok(SpendSnapshot {
        windows: [
            standing(WindowKind::Hour, limits.hour_usd)?,
            standing(WindowKind::Day, limits.day_usd)?,
            standing(WindowKind::Month, limits.month_usd)?,
        ],
        week: week::standing(db, upstream, limits, windows, now)?,
        total: calendar(db, upstream, all, "total", Timestamp::default(), &held)?,
        bounds_broken: meta::<i64>(db, broken_key(upstream))?.map_or(0, i64::unsigned_abs),
    })
}

/// How the windows stand that one agent or API key has a limit for.
pub(super) fn scope_standings(
    db: &Db,
    upstream: UpstreamKind,
    windows: &Windows,
    now: Timestamp,
) -> Result<Vec<ScopeStanding>, StoreError> {
    let held = Held::of(db, upstream)?;
    let mut standings = Vec::new();
    for (scope, limits) in scope_limits::load(db, upstream)? {
        let windows = limits
            .iter()
            .map(|(kind, limit)| standing(db, upstream, &scope, kind, limit, windows, now, &held))
            .collect::<Result<_, _>>()?;
        standings.push(ScopeStanding { scope, windows });
    }
    Ok(standings)
}

#[expect(clippy::too_many_arguments, reason = "whose window of what, and all that counts in it")]
fn standing(
    db: &Db,
    upstream: UpstreamKind,
    scope: &Scope,
    kind: WindowKind,
    limit: Nanodollars,
    windows: &Windows,
    now: Timestamp,
    held: &Held,
) -> Result<WindowStanding, StoreError> {
    let mut amounts = Amounts::default();
    let resets_at = if kind == WindowKind::Hour {
        let minutes = minutes(db, upstream, scope, now, held)?;
        for (_, minute) in &minutes {
            amounts += *minute;
        }
        let oldest = minutes.first().map_or(Windows::bucket(now), |(bucket, _)| *bucket);
        Windows::bucket_leaves(oldest)
    } else {
        let span = windows.span(kind, now);
        amounts = calendar(db, upstream, scope, kind.name(), span.start, held)?;
        span.end
    };
    Ok(WindowStanding { kind, amounts, limit, resets_at })
}

/// Counts a cost that was above its hold.
pub(super) fn count_broken_bound(db: &Db, upstream: UpstreamKind) -> Result<(), StoreError> {
    let count = meta::<i64>(db, broken_key(upstream))?.unwrap_or(0);
    set_meta(db, broken_key(upstream), count + 1)
}

fn broken_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "bounds_broken:live",
        UpstreamKind::Simulated => "bounds_broken:simulated",
    }
}

/// The name of the time zone that windows go by.
pub(super) fn zone(windows: &Windows) -> String {
    let zone = windows.zone();
    zone.iana_name().map_or_else(|| format!("{zone:?}"), str::to_owned)
}

/// Where the time zone is another than the sums were made for, makes them anew from the ledger.
pub(super) fn rebuild_for_zone(db: &Db, policy: &mut Policy, now: Timestamp) -> Result<(), StoreError> {
    let name = zone(policy.windows());
    let before: Option<String> = meta(db, "time_zone")?;
    if before.as_deref() == Some(name.as_str()) {
        return Ok(());
    }
    if let Some(before) = before {
        tracing::info!(zone = %name, "days and months are summed up anew for another time zone");
        rebuild(db, policy)?;
        if let Ok(before) = jiff::tz::TimeZone::get(&before) {
            move_watches(db, policy, &Windows::new(before), now)?;
        }
    }
    set_meta(db, "time_zone", name)
}

/// What people were told of the window that was open counts for the one that is open now in its place: the same
/// money must not be told of twice because a day begins at another hour.
fn move_watches(db: &Db, policy: &mut Policy, before: &Windows, now: Timestamp) -> Result<(), StoreError> {
    let after = policy.windows().clone();
    for ((upstream, scope, window), watch) in &mut policy.account.watches {
        let now = if *upstream == policy.upstream { now } else { ledger_time::stored(db, *upstream)? };
        let start = |windows: &Windows| match window {
            AlertWindow::Hour => watch.start,
            AlertWindow::Day => windows.day(now).start,
            AlertWindow::Month => windows.month(now).start,
            AlertWindow::Week => windows.week(now).start,
        };
        let (old, new) = (start(before), start(&after));
        if watch.start != old || old == new {
            continue;
        }
        watch.start = new;
        db.run(
            "UPDATE watches SET start = ?4 WHERE upstream = ?1 AND scope = ?2 AND window = ?3",
            params![upstream.name(), scope.to_string(), window.name(), new.micros()],
        )?;
    }
    Ok(())
}

fn rebuild(db: &Db, policy: &mut Policy) -> Result<(), StoreError> {
    db.run("DELETE FROM spend WHERE period IN ('day', 'month')", params![])?;
    policy.account.books.close();
    db.each(ENTRIES, params![], |row| {
        let places = policy.account.calendar.places(row.time("held_at")?);
        let (settled, unknown): (i64, i64) = (row.get("settled")?, row.get("unknown")?);
        let upstream = row.text("upstream")?;
        for scope in scopes(row.maybe_text("agent")?, row.maybe_text("api_key")?) {
            let (day, month) = (places.day.micros(), places.month.micros());
            db.run(ADD_ENTRY, params![upstream, scope.to_string(), day, month, settled, unknown])?;
        }
        Ok(())
    })
}
