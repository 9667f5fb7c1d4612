//! How the windows stand, for people.

use crate::engine::{Db, meta};
use crate::rules::money::held::Held;
use crate::rules::money::spend::{broken_key, calendar, minutes};
use crate::rules::money::{scope_limits, week};
use crate::{ScopeStanding, SpendSnapshot, StoreError, WindowStanding};
use anvil_budget::{Amounts, WindowKind, Windows};
use anvil_types::{Limits, Nanodollars, Scope, Timestamp, UpstreamKind};

/// How all windows of an upstream stand, for people.
pub(crate) fn snapshot(
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
pub(crate) fn scope_standings(
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
