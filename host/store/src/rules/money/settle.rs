//! Ending a hold: once, never refused, by the time of the hold.

use crate::engine::{Id, number, params};
use crate::rules::alerts;
use crate::rules::jobs::{journal, transition};
use crate::rules::money::hold_row::{FIND, Hold};
use crate::rules::money::{compressed_hours, evaluate, late, miss_hours, spend, usage_hours, week};
use crate::rules::replies::keep::keep;
use crate::rules::tx::Tx;
use crate::{NewAlert, PromptForm, Settled, Settlement, SettlementOutcome, StoreError};
use anvil_budget::Moved;
use anvil_types::words::{AlertCause, BoundBroken};
use anvil_types::{CacheEffect, CallState, Compressed, EventKind, Nanodollars, Usage, WaitReason};

/// The end of a hold; of one that stands only.
pub(crate) const END: &str =
    "UPDATE calls SET state = ?3, settled_at = ?4, cost = ?5, input_tokens = ?6, output_tokens = ?7,
    cache_read_tokens = ?8, cache_write_5m_tokens = ?9, cache_write_1h_tokens = ?10,
    service_tier = ?11, inference_geo = ?12, speed = ?13, detail = ?14, model_answered = ?15,
    saved = ?16, miss = ?17, miss_at = ?18, miss_tokens = ?19, miss_cost = ?20,
    form = ?21, compressed = ?22, compressed_saved = ?23
    WHERE upstream = ?1 AND id = ?2 AND state = 'held'";

/// An ended hold, in its job. A sum that is at its end stays there: no settlement is ever refused for it.
pub(crate) const COUNT_ON_JOB: &str =
    "UPDATE jobs SET held = held - ?2, cost = min(cost + ?3, 9000000000000000000),
    unknown = min(unknown + ?4, 9000000000000000000),
    crashes = CASE WHEN ?5 THEN 0 ELSE crashes END, troubles = CASE WHEN ?5 THEN 0 ELSE troubles END,
    asks = CASE WHEN ?5 THEN 0 ELSE asks END
    WHERE id = ?1";

/// The dearest call that the sums can hold thousands of; far more than any call can cost.
pub(crate) const DEAREST: i64 = 1 << 52;

/// What takes the place of a hold.
#[derive(Debug)]
pub(crate) struct End<'a> {
    pub(crate) state: CallState,
    pub(crate) cost: Nanodollars,
    pub(crate) usage: &'a Usage,
    pub(crate) detail: Option<&'a str>,
    pub(crate) model: Option<&'a str>,
    /// What the prompt cache did for it.
    pub(crate) cache: CacheEffect,
    /// How its prompt was compressed.
    pub(crate) compression: Option<&'a PromptForm>,
    /// Whether the job has a new journal entry with it.
    pub(crate) progress: bool,
}

/// Ends a hold by what the call came to.
pub(crate) fn settle(tx: &mut Tx<'_>, settlement: &Settlement) -> Result<Settled, StoreError> {
    let hold = tx
        .first(FIND, [settlement.call.bytes()], Hold::read)?
        .ok_or(StoreError::NoSuchCall(settlement.call))?;
    if hold.state != CallState::Held {
        return Ok(Settled { first: false, journalled: false, over_hold: Nanodollars::ZERO });
    }
    let journal = settlement.journal.as_ref();
    let journal_of = match journal {
        Some(write) => journal::under_lease(tx, write.lease)?,
        None => None,
    };
    let (state, cost, usage) = match &settlement.outcome {
        SettlementOutcome::Usage { usage, cost } => (CallState::Settled, *cost, usage.bounded()),
        SettlementOutcome::Unknown { usage, cost } => (CallState::Unknown, *cost, usage.bounded()),
        SettlementOutcome::Released => (CallState::Released, Nanodollars::ZERO, Usage::default()),
    };
    let cost = Nanodollars::new(cost.get().clamp(0, DEAREST));
    // What was not billed read nothing, wrote nothing and missed nothing.
    let cache = match state {
        CallState::Released => CacheEffect::default(),
        _ => settlement.cache.bounded(),
    };
    let compression = settlement.compression.as_ref().filter(|_| state != CallState::Released);
    let end = End {
        state,
        cost,
        usage: &usage,
        detail: settlement.detail.as_deref(),
        model: settlement.model.as_deref(),
        cache,
        compression,
        progress: journal_of.is_some(),
    };
    let still_held = end_hold(tx, &hold, &end)?;
    if let (Some(write), Some(job)) = (journal, journal_of) {
        journal::put(tx, job, &write.entry)?;
    }
    if let Some(new) = settlement.keep.as_ref().filter(|_| state == CallState::Settled) {
        keep(tx, settlement.call, new)?;
    }
    let over_hold = tell_broken_bound(tx, &hold, cost, settlement.model.as_deref())?;
    evaluate::evaluate(tx, hold.upstream, &hold.scopes())?;
    if still_held == Nanodollars::ZERO {
        // Nothing is left to wait for.
        transition::resume(tx, &[WaitReason::Holds], None)?;
    }
    Ok(Settled { first: true, journalled: journal_of.is_some(), over_hold })
}

/// A cost above its hold is counted, and told. Answers by how much it is.
pub(crate) fn tell_broken_bound(
    tx: &mut Tx<'_>,
    hold: &Hold,
    cost: Nanodollars,
    answered: Option<&str>,
) -> Result<Nanodollars, StoreError> {
    let over_hold = cost.less(hold.amount);
    if over_hold > Nanodollars::ZERO {
        tracing::error!(call = %hold.id, hold = %hold.amount, %cost, "a call cost more than its hold");
        spend::count_broken_bound(tx.db, hold.upstream)?;
        let broken = BoundBroken {
            call: hold.id,
            cost,
            held: hold.amount,
            held_at: hold.held_at,
            model: &hold.model,
            answered,
        };
        alerts::raise(tx, &NewAlert::of(hold.upstream, &AlertCause::BoundBroken(broken)))?;
    }
    Ok(over_hold)
}

/// Puts an end in the place of a hold that stands. Answers what is held of the upstream after it.
pub(crate) fn end_hold(tx: &mut Tx<'_>, hold: &Hold, end: &End<'_>) -> Result<Nanodollars, StoreError> {
    let (usage, miss) = (end.usage, end.cache.miss);
    let compressed = end.compression.and_then(|form| form.compressed).map(Compressed::bounded);
    let written = tx.run(
        END,
        params![
            hold.upstream.name(),
            hold.id.bytes(),
            end.state.name(),
            tx.now.micros(),
            end.cost.get(),
            number(usage.input_tokens),
            number(usage.output_tokens),
            number(usage.cache_read_tokens),
            number(usage.cache_write_5m_tokens),
            number(usage.cache_write_1h_tokens),
            usage.service_tier,
            usage.inference_geo,
            usage.speed,
            end.detail,
            end.model,
            end.cache.saved.get(),
            miss.map(|miss| miss.reason.kind().name()),
            miss.and_then(|miss| miss.reason.at()).map(number),
            miss.map(|miss| number(miss.tokens)),
            miss.map(|miss| miss.cost.get()),
            end.compression.map(|form| form.form.as_str()),
            compressed.map(|compressed| number(compressed.tokens)),
            compressed.map(|compressed| compressed.saved.get()),
        ],
    )?;
    if written != 1 {
        return Err(StoreError::NoSuchCall(hold.id));
    }
    let is_unknown = end.state == CallState::Unknown;
    let moved = Moved::end(hold.amount, end.state, end.cost);
    let still_held = spend::add(tx, hold.upstream, &hold.scopes(), hold.held_at, moved)?;
    if end.state != CallState::Released {
        usage_hours::add(tx, hold, 1, moved, usage, end.cache.saved)?;
    }
    if let Some(miss) = miss {
        miss_hours::add(tx, hold, miss)?;
    }
    if let Some(compressed) = compressed {
        compressed_hours::add(tx, hold, compressed)?;
    }
    if !hold.batched && spend::flying(tx, hold.upstream, -1)? == 0 {
        week::flight_ends(tx, hold.upstream, tx.now)?;
    }
    late::look_back(tx, hold, moved)?;
    if let Some(job) = hold.asked.job() {
        tx.run(
            COUNT_ON_JOB,
            params![job.bytes(), hold.amount.get(), moved.spent().get(), moved.unknown.get(), end.progress],
        )?;
    }
    tx.tell(hold.asked.job(), EventKind::Settled { call: hold.id, cost: end.cost, unknown: is_unknown });
    Ok(still_held)
}
