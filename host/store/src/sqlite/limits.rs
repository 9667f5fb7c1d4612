//! The limits in force: the settings', and what a person changed at run time.

use super::columns::{Columns, all};
use super::tx::Tx;
use super::{audit, evaluate, moves};
use crate::{LimitsInForce, StoreError};
use anvil_types::{EventKind, Limits, LimitsPatch, WaitReason};
use rusqlite::{Connection, params};
use serde_json::{Map, Value};

/// Reads what was changed at run time, over the limits of the settings.
pub(super) fn load(conn: &Connection, base: &Limits) -> Result<LimitsInForce, StoreError> {
    let rows = all(conn, "SELECT name, value, who, at FROM limit_changes ORDER BY name", [], |row| {
        Ok((row.get::<_, String>("name")?, row.json("value")?, row.get::<_, String>("who")?, row.time("at")?))
    })?;
    let mut values = Map::new();
    let mut changes = Vec::new();
    // A limit that this version does not know any more limits nothing.
    for (name, value, by, at) in rows {
        if LimitsPatch::NAMES.contains(&name.as_str()) {
            values.insert(name.clone(), value.value());
            changes.push((name, by, at));
        }
    }
    let patch: LimitsPatch = serde_json::from_value(Value::Object(values))
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    Ok(LimitsInForce { limits: base.with(&patch), changed: patch, changes })
}

/// Changes limits, at once and durably, and ends what the old ones caused.
pub(super) fn change(
    tx: &mut Tx<'_>,
    patch: &LimitsPatch,
    reset: &[String],
    by: &str,
) -> Result<LimitsInForce, StoreError> {
    if let Some(unknown) = reset.iter().find(|name| !LimitsPatch::NAMES.contains(&name.as_str())) {
        return Err(StoreError::NoSuchLimit { name: unknown.clone(), names: LimitsPatch::NAMES.join(", ") });
    }
    for name in reset {
        tx.run("DELETE FROM limit_changes WHERE name = ?1", [name])?;
        audit::note(tx, by, "limits.reset", name)?;
    }
    let values = serde_json::to_value(patch).map_err(|error| StoreError::Backend(Box::new(error)))?;
    for (name, value) in values.as_object().into_iter().flatten() {
        tx.run(
            "INSERT INTO limit_changes (name, value, who, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, who = excluded.who, at = excluded.at",
            params![name, value.to_string(), by, tx.now.micros()],
        )?;
        audit::note(tx, by, "limits.change", &format!("{name} = {value}"))?;
    }
    let before = tx.policy.force.limits.clone();
    tx.policy.touched = true;
    tx.policy.load_limits(tx.conn)?;
    let force = tx.policy.force.clone();
    tx.policy.limits_changed_at = tx.now;
    tx.tell(None, EventKind::Limits);
    apply(tx, &before)?;
    Ok((*force).clone())
}

/// Ends the brake and the parking that other limits caused.
pub(super) fn apply(tx: &mut Tx<'_>, before: &Limits) -> Result<(), StoreError> {
    evaluate::evaluate_all(tx)?;
    let force = tx.policy.force.clone();
    let now = &force.limits;
    let money = |limits: &Limits| (limits.hour_usd, limits.day_usd, limits.month_usd, limits.week_hours);
    if money(before) != money(now) {
        moves::resume(tx, &[WaitReason::Money, WaitReason::Holds], None)?;
    }
    let pace = |limits: &Limits| {
        (limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute)
    };
    if pace(before) != pace(now) {
        moves::resume(tx, &[WaitReason::Pace], None)?;
    }
    Ok(())
}
