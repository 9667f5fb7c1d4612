//! Limits of one agent or one API key, set at run time.

use crate::engine::{Db, params};
use crate::rules::jobs::transition;
use crate::rules::jobs::turns;
use crate::rules::money::evaluate;
use crate::rules::tx::Tx;
use crate::rules::{audit, reload};
use crate::{ScopeLimit, StoreError};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_types::{EventKind, Nanodollars, Scope, UpstreamKind, WaitReason};
use std::collections::BTreeMap;

/// More than any window's limit can be.
const MOST: Nanodollars = Nanodollars::from_dollars(1_000_000);

/// An upstream's limits of scopes, by scope and window.
pub(crate) fn list(db: &Db, upstream: UpstreamKind) -> Result<Vec<ScopeLimit>, StoreError> {
    let select = "SELECT scope, window, amount, who, at FROM scope_limits WHERE upstream = ?1
         ORDER BY scope, window";
    db.all(select, [upstream.name()], |row| {
        Ok(ScopeLimit {
            scope: row.word("scope")?,
            window: row.word("window")?,
            limit: row.money("amount")?,
            by: row.get("who")?,
            at: row.time("at")?,
        })
    })
}

/// The same, as they are judged by.
pub(crate) fn load(db: &Db, upstream: UpstreamKind) -> Result<BTreeMap<Scope, WindowLimits>, StoreError> {
    let mut limits = BTreeMap::<Scope, WindowLimits>::new();
    for row in list(db, upstream)? {
        limits.entry(row.scope).or_default().set(row.window, Some(row.limit));
    }
    Ok(limits)
}

/// Sets limits of a scope and takes others away, at once and durably, and ends the parking that the old
/// ones caused.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    scope: &Scope,
    set: &WindowLimits,
    unset: &[WindowKind],
    by: &str,
) -> Result<Vec<ScopeLimit>, StoreError> {
    if *scope == Scope::All {
        return Err(StoreError::BadChange(
            "the limits of everything are hour_usd, day_usd and month_usd; set those".to_owned(),
        ));
    }
    if set.iter().any(|(_, limit)| limit < Nanodollars::ZERO) {
        return Err(StoreError::BadChange(
            "a limit is nothing or more; take it away to have none".to_owned(),
        ));
    }
    if let Some((window, limit)) = set.iter().find(|(_, limit)| *limit > MOST) {
        return Err(StoreError::BadChange(format!("{}_usd = {limit} is above {MOST}", window.name())));
    }
    let (name, upstream) = (scope.to_string(), tx.policy.upstream);
    for window in unset {
        tx.run(
            "DELETE FROM scope_limits WHERE scope = ?1 AND window = ?2 AND upstream = ?3",
            params![name, window.name(), upstream.name()],
        )?;
        audit::note(tx, by, "limits.reset", &format!("{name} {}_usd", window.name()))?;
    }
    for (window, limit) in set.iter() {
        tx.run(
            "INSERT INTO scope_limits (scope, window, amount, who, at, upstream) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (upstream, scope, window) DO UPDATE SET
                 amount = excluded.amount, who = excluded.who, at = excluded.at",
            params![name, window.name(), limit.get(), by, tx.now.micros(), upstream.name()],
        )?;
        audit::note(tx, by, "limits.change", &format!("{name} {}_usd = {limit}", window.name()))?;
    }
    tx.policy.touched = true;
    reload::limits_in_force(tx.policy, tx.db)?;
    tx.tell(None, EventKind::Limits);
    evaluate::evaluate_all(tx)?;
    let agent = if let Scope::Agent(agent) = scope { Some(agent.as_str()) } else { None };
    turns::room_came(tx)?;
    transition::resume(tx, &[WaitReason::Money, WaitReason::Holds], agent)?;
    list(tx.db, upstream)
}
