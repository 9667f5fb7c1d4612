//! Sums of the ledger by window: of what has ended; what is held is summed up where it is wanted. All go
//! by the time of the hold, so that a settlement within its hold can never raise a window.

use crate::StoreError;
use crate::engine::{Db, Row, meta, params, set_meta};
use crate::rules::money::held::Held;
use crate::rules::tx::Tx;
use anvil_budget::{Amounts, Moved, Tally, Windows};
use anvil_types::{Nanodollars, Scope, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The sums of the rolling hour.
pub(crate) const MINUTES: &str = "SELECT start, settled, unknown FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = 'minute' AND start >= ?3 ORDER BY start";

/// One sum.
pub(crate) const CALENDAR: &str = "SELECT settled, unknown FROM spend
    WHERE upstream = ?1 AND scope = ?2 AND period = ?3 AND start = ?4";

/// How many calls are under way: none of those in batches.
pub(crate) const FLYING: &str = "SELECT count(*) AS flying FROM calls INDEXED BY calls_open
    WHERE state = 'held' AND upstream = ?1 AND batched = 0";

/// Adds to the four sums of a scope. A sum that is at its end stays there: no settlement is refused for it.
pub(crate) const ADD: &str = "INSERT INTO spend (upstream, scope, period, start, settled, unknown) VALUES
    (?1, ?2, 'minute', ?3, ?6, ?7), (?1, ?2, 'day', ?4, ?6, ?7),
    (?1, ?2, 'month', ?5, ?6, ?7), (?1, ?2, 'total', 0, ?6, ?7)
    ON CONFLICT (upstream, scope, period, start) DO UPDATE SET
    settled = min(settled + excluded.settled, 9000000000000000000),
    unknown = min(unknown + excluded.unknown, 9000000000000000000)";

/// Moves money in all sums that a hold of this time counts in. Answers what is held of this upstream
/// after it.
pub(crate) fn add(
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
pub(crate) fn flying(tx: &mut Tx<'_>, upstream: UpstreamKind, moved: i64) -> Result<u64, StoreError> {
    let flying = match tx.policy.flying.get(&upstream) {
        Some(flying) => flying.saturating_add_signed(moved),
        // Whoever moves it has written the entry already.
        None => tx.first(FLYING, [upstream.name()], |row| row.count("flying"))?.unwrap_or(0),
    };
    tx.policy.flying.insert(upstream, flying);
    Ok(flying)
}

/// What is held of an upstream.
pub(crate) fn held(tx: &mut Tx<'_>, upstream: UpstreamKind) -> Result<Nanodollars, StoreError> {
    if let Some(held) = tx.policy.held.get(&upstream) {
        return Ok(*held);
    }
    let held = Held::of(tx.db, upstream)?.all();
    tx.policy.held.insert(upstream, held);
    Ok(held)
}

/// Opens the account's pages of these scopes where they are not: reads what counts now from the sums.
pub(crate) fn open_pages(
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
pub(crate) fn tally(tx: &mut Tx<'_>, upstream: UpstreamKind, scope: &Scope) -> Result<Tally, StoreError> {
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
pub(crate) fn calendar(
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
pub(crate) fn minutes(
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

/// Counts a cost that was above its hold.
pub(crate) fn count_broken_bound(db: &Db, upstream: UpstreamKind) -> Result<(), StoreError> {
    let count = meta::<i64>(db, broken_key(upstream))?.unwrap_or(0);
    set_meta(db, broken_key(upstream), count + 1)
}

/// Where it is counted how many costs were above their holds.
pub(crate) fn broken_key(upstream: UpstreamKind) -> &'static str {
    match upstream {
        UpstreamKind::Live => "bounds_broken:live",
        UpstreamKind::Simulated => "bounds_broken:simulated",
    }
}
