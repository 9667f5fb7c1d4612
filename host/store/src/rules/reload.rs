//! What the writer knows by heart, read anew from the tables.

use crate::StoreError;
use crate::engine::Db;
use crate::rules::jobs::turns;
use crate::rules::money::{brake, evaluate, limits, scope_limits, week};
use crate::rules::policy::Policy;
use anvil_budget::WindowLimits;
use anvil_types::Scope;
use std::sync::Arc;

/// Reads everything; the account's pages are opened when they are needed.
pub(crate) fn everything(policy: &mut Policy, db: &Db) -> Result<(), StoreError> {
    limits_in_force(policy, db)?;
    (policy.raised, policy.muted) = brake::load(db)?;
    policy.account.books.close();
    policy.held.clear();
    policy.flying.clear();
    policy.turns = turns::load(db, policy.upstream)?;
    policy.account.watches = evaluate::load(db)?;
    policy.account.weeks = week::load(db)?;
    policy.touched = true;
    Ok(())
}

/// Reads the limits in force, everything's and each scope's.
pub(crate) fn limits_in_force(policy: &mut Policy, db: &Db) -> Result<(), StoreError> {
    policy.force = Arc::new(limits::load(db, policy.upstream, &policy.base, &*policy.rule)?);
    let limits = &policy.force.limits;
    let everything = WindowLimits {
        hour: Some(limits.hour_usd),
        day: Some(limits.day_usd),
        month: Some(limits.month_usd),
    };
    policy.account.week_hours = limits.week_hours;
    policy.account.limits = scope_limits::load(db, policy.upstream)?;
    policy.account.limits.insert(Scope::All, everything);
    Ok(())
}
