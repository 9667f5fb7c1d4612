//! Money that moves in a day or month that is over: a settlement that comes late, a correction. The look at the
//! limits goes by what counts now, so this one looks back.

use crate::engine::params;
use crate::rules::alerts;
use crate::rules::money::hold_row::Hold;
use crate::rules::money::spend;
use crate::rules::tx::Tx;
use crate::{NewAlert, StoreError};
use anvil_budget::{Moved, Share, WindowKind};
use anvil_types::words::{AlertCause, LateThreshold, ThresholdReached, Used};
use anvil_types::{AlertState, AlertWindow, Crossing, Nanodollars, Scope, Timestamp};

/// Whether people were told of a window's instance that it reached this share, or a higher one.
const TOLD: &str =
    "SELECT 1 FROM alerts WHERE upstream = ?1 AND kind = 'threshold' AND scope = ?2 AND window = ?3
    AND window_start = ?4 AND percent >= ?5 LIMIT 1";

/// Tells of thresholds that money reaches in windows which are over; once each, as of those that are open.
pub(crate) fn look_back(tx: &mut Tx<'_>, hold: &Hold, moved: Moved) -> Result<(), StoreError> {
    if moved.spent() <= Nanodollars::ZERO {
        return Ok(());
    }
    let calendar = &mut tx.policy.account.calendar;
    let (then, now) = (calendar.places(hold.held_at), calendar.places(tx.now));
    for (kind, then, now) in
        [(WindowKind::Day, then.day, now.day), (WindowKind::Month, then.month, now.month)]
    {
        if then < now {
            for scope in hold.scopes() {
                look(tx, hold, &scope, kind, then, moved)?;
            }
        }
    }
    Ok(())
}

fn look(
    tx: &mut Tx<'_>,
    hold: &Hold,
    scope: &Scope,
    kind: WindowKind,
    start: Timestamp,
    moved: Moved,
) -> Result<(), StoreError> {
    let Some(limit) = tx.policy.account.limits.get(scope).and_then(|limits| limits.get(kind)) else {
        return Ok(());
    };
    let place = params![hold.upstream.name(), scope.to_string(), kind.name(), start.micros()];
    let Some((settled, unknown)) = tx.first(spend::CALENDAR, place, |row| {
        Ok((Nanodollars::new(row.get(0)?), Nanodollars::new(row.get(1)?)))
    })?
    else {
        return Ok(());
    };
    let spent = settled + unknown;
    let share = Share::of(spent, limit);
    let percent = share.level();
    if percent <= Share::of(spent - moved.spent(), limit).level() {
        return Ok(());
    }
    let window = AlertWindow::from(kind);
    let told = params![hold.upstream.name(), scope.to_string(), window.name(), start.micros(), percent];
    if tx.first(TOLD, told, |_| Ok(()))?.is_some() {
        return Ok(());
    }
    let windows = tx.policy.windows();
    let reached = ThresholdReached {
        crossing: Crossing { scope: scope.clone(), window, start, percent },
        share: share.percent(),
        used: Used::Money { spent, unknown, limit },
        resets_at: None,
    };
    let late = LateThreshold { reached: &reached, began: windows.local(start), call: hold.id };
    let alert = NewAlert::of(hold.upstream, &AlertCause::LateThreshold(late));
    // It is over, so it is told of and needs nobody.
    let id = alerts::insert(tx, &alert, AlertState::Resolved)?;
    alerts::tell_webhooks(tx, id)
}
