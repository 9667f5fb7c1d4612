//! Corrections: later truth about a call, with an entry of its own. The ledger's entries are never edited.

use crate::engine::{Id, params};
use crate::reading::ledger;
use crate::rules::audit;
use crate::rules::jobs::transition;
use crate::rules::jobs::turns;
use crate::rules::money::hold_row::{FIND, Hold};
use crate::rules::money::settle::DEAREST;
use crate::rules::money::{evaluate, late, spend, usage_hours};
use crate::rules::tx::Tx;
use crate::{Correction, StoreError};
use anvil_budget::{Amounts, Moved};
use anvil_types::{CallRecord, CallState, EventKind, Nanodollars, Usage, WaitReason};

/// What a call's corrections add to each amount.
pub(crate) const ADDED: &str = "SELECT coalesce(sum(settled), 0), coalesce(sum(unknown), 0)
    FROM corrections WHERE upstream = ?1 AND call = ?2";

/// A call is known to have cost this much.
pub(crate) fn correct(tx: &mut Tx<'_>, correction: &Correction) -> Result<CallRecord, StoreError> {
    let Correction { call, cost, by, reason } = correction;
    crate::rules::audit::check_reason(reason)?;
    if *cost < Nanodollars::ZERO || cost.get() > DEAREST {
        return Err(StoreError::BadChange(format!("a call cannot have cost {cost}")));
    }
    let hold = tx.first(FIND, [call.bytes()], Hold::read)?.ok_or(StoreError::NoSuchCall(*call))?;
    if hold.upstream != tx.policy.upstream {
        return Err(StoreError::BadChange(format!(
            "call {call} is of the {} ledger, and this host asks the {} Claude: correct it there",
            hold.upstream, tx.policy.upstream
        )));
    }
    if hold.state == CallState::Held {
        return Err(StoreError::CallStillHeld(*call));
    }
    apply(tx, &hold, *cost, by, reason)?;
    ledger::one(tx.db, hold.upstream, *call)?.ok_or(StoreError::NoSuchCall(*call))
}

/// A call that has ended counts at this cost from now on, with an entry that says who says so and why.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    hold: &Hold,
    cost: Nanodollars,
    by: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let call = hold.id;
    let now = counts_as(tx, hold)?;
    let moved = Moved::correction(now, cost);
    // The same truth twice, or one that was known, is no news.
    if moved == Moved::default() {
        return Ok(());
    }
    write(tx, hold, moved, by, reason)?;
    audit::note(tx, by, "ledger.correct", &format!("{call}: {} to {cost}: {reason}", now.spent()))?;
    let scopes = hold.scopes();
    spend::add(tx, hold.upstream, &scopes, hold.held_at, moved)?;
    usage_hours::add(tx, hold, 0, moved, &Usage::default(), Nanodollars::ZERO)?;
    late::look_back(tx, hold, moved)?;
    if let Some(job) = hold.asked.job() {
        tx.run(
            "UPDATE jobs SET cost = cost + ?2, unknown = unknown + ?3 WHERE id = ?1",
            params![job.bytes(), moved.spent().get(), moved.unknown.get()],
        )?;
    }
    tx.tell(hold.asked.job(), EventKind::Settled { call, cost, unknown: false });
    evaluate::evaluate(tx, hold.upstream, &scopes)?;
    if moved.spent() < Nanodollars::ZERO {
        // There is room that was not there.
        turns::room_came(tx)?;
        transition::resume(tx, &[WaitReason::Money, WaitReason::Holds], None)?;
    }
    Ok(())
}

/// What counts for a call now, its corrections included.
fn counts_as(tx: &Tx<'_>, hold: &Hold) -> Result<Amounts, StoreError> {
    let mut now = Amounts::default();
    now += Moved::end(Nanodollars::ZERO, hold.state, hold.cost);
    let added = tx.first(ADDED, params![hold.upstream.name(), hold.id.bytes()], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))
    })?;
    let (settled, unknown) = added.unwrap_or_default();
    now += Moved {
        settled: Nanodollars::new(settled),
        unknown: Nanodollars::new(unknown),
        held: Nanodollars::ZERO,
    };
    Ok(now)
}

fn write(tx: &Tx<'_>, hold: &Hold, moved: Moved, by: &str, reason: &str) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO corrections (upstream, call, at, settled, unknown, who, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            hold.upstream.name(),
            hold.id.bytes(),
            tx.now.micros(),
            moved.settled.get(),
            moved.unknown.get(),
            by,
            reason,
        ],
    )
    .map(drop)
}
