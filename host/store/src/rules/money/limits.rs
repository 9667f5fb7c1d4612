//! The limits in force: the settings', and over them what a person changed at run time for this host's
//! upstream, as far as the rule of the settings lets it be.

use crate::engine::{Db, params};
use crate::rules::jobs::transition;
use crate::rules::jobs::turns;
use crate::rules::money::evaluate;
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit, reload};
use crate::{LimitCut, LimitsInForce, NewAlert, StoreError};
use anvil_budget::LimitsRule;
use anvil_types::words::{AlertCause, AlertKey, LimitCutDown};
use anvil_types::{EventKind, Limits, LimitsPatch, UpstreamKind, WaitReason};
use serde_json::{Map, Value};

const SELECT: &str = "SELECT name, value, who, at FROM limit_changes WHERE upstream = ?1 ORDER BY name";

/// Reads what was changed at run time for an upstream, over the limits of the settings. What is above the
/// rule is cut down to it.
pub(crate) fn load(
    db: &Db,
    upstream: UpstreamKind,
    base: &Limits,
    rule: &dyn LimitsRule,
) -> Result<LimitsInForce, StoreError> {
    let (changed, changes) = changed(db, upstream.name())?;
    let wanted = base.with(&changed);
    let limits = rule.fit(&wanted);
    let cuts = wanted.differences(&limits).into_iter();
    let cuts = cuts.map(|cut| LimitCut { name: cut.name.to_owned(), wanted: cut.this, limit: cut.other });
    Ok(LimitsInForce { limits, changed, changes, cuts: cuts.collect() })
}

type Changes = Vec<(String, String, anvil_types::Timestamp)>;

/// What was changed at run time, and who changed each when.
pub(crate) fn changed(db: &Db, upstream: &str) -> Result<(LimitsPatch, Changes), StoreError> {
    let rows = db.all(SELECT, [upstream], |row| {
        Ok((row.get::<String>("name")?, row.json("value")?, row.get::<String>("who")?, row.time("at")?))
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
    let patch = serde_json::from_value(Value::Object(values))
        .map_err(|error| StoreError::Backend(Box::new(error)))?;
    Ok((patch, changes))
}

/// The limits as they would be after a change; why not, where the rule does not let them be. A limit that
/// was cut down counts as what it was cut down to: it stands in nobody's way.
pub(crate) fn judged(
    force: &LimitsInForce,
    base: &Limits,
    rule: &dyn LimitsRule,
    patch: &LimitsPatch,
    reset: &[String],
) -> Result<Limits, StoreError> {
    if let Some(unknown) = reset.iter().find(|name| !LimitsPatch::NAMES.contains(&name.as_str())) {
        return Err(StoreError::NoSuchLimit { name: unknown.clone(), names: LimitsPatch::NAMES.join(", ") });
    }
    let mut kept = fields(&force.changed)?;
    for (name, value) in fields(&force.limits)? {
        if kept.contains_key(&name) {
            kept.insert(name, value);
        }
    }
    kept.retain(|name, _| !reset.contains(name));
    let kept: LimitsPatch =
        serde_json::from_value(Value::Object(kept)).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let wanted = base.with(&kept).with(patch);
    match rule.check(&wanted) {
        Ok(()) => Ok(wanted),
        Err(why) => Err(StoreError::BadChange(why)),
    }
}

fn fields(of: &impl serde::Serialize) -> Result<Map<String, Value>, StoreError> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(StoreError::Backend(Box::new(error))),
    }
}

/// Changes limits, at once and durably, and ends what the old ones caused. All that would then be in force is
/// judged here, where no other change can come in between.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    patch: &LimitsPatch,
    reset: &[String],
    by: &str,
) -> Result<LimitsInForce, StoreError> {
    judged(&tx.policy.force, &tx.policy.base, &*tx.policy.rule, patch, reset)?;
    let upstream = tx.policy.upstream.name();
    for name in reset {
        tx.run("DELETE FROM limit_changes WHERE upstream = ?1 AND name = ?2", [upstream, name])?;
        audit::note(tx, by, "limits.reset", name)?;
    }
    for (name, value) in fields(patch)? {
        put(tx, upstream, &name, &value.to_string(), by)?;
        audit::note(tx, by, "limits.change", &format!("{name} = {value}"))?;
    }
    let before = tx.policy.force.limits.clone();
    tx.policy.touched = true;
    reload::limits_in_force(tx.policy, tx.db)?;
    let force = tx.policy.force.clone();
    turns::room_came(tx)?;
    tx.tell(None, EventKind::Limits);
    tell_cuts(tx)?;
    apply(tx, &before)?;
    Ok((*force).clone())
}

fn put(tx: &Tx<'_>, upstream: &str, name: &str, value: &str, by: &str) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO limit_changes (upstream, name, value, who, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (upstream, name) DO UPDATE SET
             value = excluded.value, who = excluded.who, at = excluded.at",
        params![upstream, name, value, by, tx.now.micros()],
    )
    .map(drop)
}

/// Tells of each limit that is not in force as it was set, for as long as that lasts.
pub(crate) fn tell_cuts(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (force, upstream) = (tx.policy.force.clone(), tx.policy.upstream);
    for name in LimitsPatch::NAMES {
        let Some(cut) = force.cuts.iter().find(|cut| cut.name == *name) else {
            alerts::resolve(tx, upstream, &AlertKey::LimitCut(name))?;
            continue;
        };
        let told = AlertCause::LimitCut(LimitCutDown { name, limit: &cut.limit, cut: cut.to_string() });
        alerts::raise(tx, &NewAlert::of(upstream, &told))?;
    }
    Ok(())
}

/// Ends the brake and the parking that other limits caused.
pub(crate) fn apply(tx: &mut Tx<'_>, before: &Limits) -> Result<(), StoreError> {
    evaluate::evaluate_all(tx)?;
    let force = tx.policy.force.clone();
    let now = &force.limits;
    let money = |limits: &Limits| (limits.hour_usd, limits.day_usd, limits.month_usd, limits.week_hours);
    if money(before) != money(now) {
        transition::resume(tx, &[WaitReason::Money, WaitReason::Holds], None)?;
    }
    let pace = |limits: &Limits| {
        (limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute)
    };
    if pace(before) != pace(now) {
        transition::resume(tx, &[WaitReason::Pace], None)?;
    }
    Ok(())
}
