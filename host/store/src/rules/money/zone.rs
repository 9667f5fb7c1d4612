//! The time zone that windows go by, and what is summed up anew for another one.

use crate::StoreError;
use crate::engine::{Db, meta, params, set_meta};
use crate::rules::money::asked::scopes;
use crate::rules::money::ledger_time;
use crate::rules::policy::Policy;
use anvil_budget::Windows;
use anvil_types::{AlertWindow, Timestamp};

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

/// The name of the time zone that windows go by.
pub(crate) fn name(windows: &Windows) -> String {
    let zone = windows.zone();
    zone.iana_name().map_or_else(|| format!("{zone:?}"), str::to_owned)
}

/// Where the time zone is another than the sums were made for, makes them anew from the ledger.
pub(crate) fn rebuild_for_zone(db: &Db, policy: &mut Policy, now: Timestamp) -> Result<(), StoreError> {
    let name = name(policy.windows());
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
