//! Settlements of calls whose hold was ended for their host, which was taken for gone: what it tells after all is
//! later truth, and becomes a correction, once.

use crate::engine::{Id, params};
use crate::rules::jobs::journal;
use crate::rules::money::correct;
use crate::rules::money::hold_row::{FIND, Hold};
use crate::rules::money::settle::{self, DEAREST};
use crate::rules::tx::Tx;
use crate::{Settled, Settlement, SettlementOutcome, StoreError};
use anvil_types::{Nanodollars, Usage};

/// What its host tells of such a call is taken once.
const TAKE: &str = "DELETE FROM swept WHERE upstream = ?1 AND call = ?2";
/// Who corrects it.
const BY: &str = "anvil";

/// Ends a hold by what the call came to; where the hold was ended for its host, corrects what the call counts as.
pub(crate) fn settle(tx: &mut Tx<'_>, settlement: &Settlement) -> Result<Settled, StoreError> {
    let mut settled = settle::settle(tx, settlement)?;
    if settled.first {
        return Ok(settled);
    }
    let hold = tx
        .first(FIND, [settlement.call.bytes()], Hold::read)?
        .ok_or(StoreError::NoSuchCall(settlement.call))?;
    // Any other is there already.
    if tx.run(TAKE, params![hold.upstream.name(), hold.id.bytes()])? == 0 {
        return Ok(settled);
    }
    if let Some((cost, usage)) = truth(&settlement.outcome, &hold) {
        let reason = format!(
            "its host settled it after it had been taken for gone: {} input tokens, {} output tokens",
            usage.input_tokens, usage.output_tokens
        );
        correct::apply(tx, &hold, cost, BY, &reason)?;
        settled.over_hold = settle::tell_broken_bound(tx, &hold, cost, settlement.model.as_deref())?;
    }
    if let Some(write) = &settlement.journal
        && let Some(job) = journal::under_lease(tx, write.lease)?
    {
        journal::put(tx, job, &write.entry)?;
        tx.run(journal::PROGRESS, [job])?;
        settled.journalled = true;
    }
    Ok(settled)
}

/// What is known now and was not: who does not know the cost either says no more than the sweep did, unless it
/// may have been more.
fn truth(outcome: &SettlementOutcome, hold: &Hold) -> Option<(Nanodollars, Usage)> {
    let (cost, usage) = match outcome {
        SettlementOutcome::Usage { usage, cost } => (*cost, usage.bounded()),
        SettlementOutcome::Unknown { usage, cost } if *cost > hold.amount => (*cost, usage.bounded()),
        SettlementOutcome::Unknown { .. } => return None,
        SettlementOutcome::Released => (Nanodollars::ZERO, Usage::default()),
    };
    Some((Nanodollars::new(cost.get().clamp(0, DEAREST)), usage))
}
