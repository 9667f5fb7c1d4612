//! A call that a kept reply answers: its entry in the ledger and in its job's journal are one step.

use crate::engine::{Id, params, texts};
use crate::rules::jobs::journal;
use crate::rules::jobs::row::JobHead;
use crate::rules::money::asked::AskerColumns;
use crate::rules::money::usage_hours::hour_of;
use crate::rules::tx::Tx;
use crate::{HoldRequest, ReplyHit, StoreError};
use anvil_types::{EventKind, Nanodollars};

/// The reply has answered now, if it is still the same.
pub(crate) const USED: &str =
    "UPDATE replies SET used = ?3 WHERE upstream = ?1 AND key = ?2 AND call = ?4 AND at >= ?5";
/// The entry of a call that cost nothing and held nothing.
const INSERT: &str = "INSERT INTO calls (upstream, id, state, held_at, settled_at, job, agent, attempt, position,
    tags, tier_asked, tier_given, tier_reason, model, price_row, hold, lease, host, boot, detail, reply_of, reply_saved)
    VALUES (?1, ?2, 'settled', ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14, ?15, ?16, ?17, ?18, ?19)";
/// A hit in the sums of its hour. Money that is at its end stays there.
const COUNT: &str = "INSERT INTO usage_hours (upstream, hour, agent, api_key, model, calls, settled, unknown,
    input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, hits, reply_saved)
    VALUES (?1, ?2, ?3, '', ?4, 0, 0, 0, 0, 0, 0, 0, 0, 1, ?5)
    ON CONFLICT (upstream, hour, agent, api_key, model) DO UPDATE SET hits = hits + 1,
    reply_saved = min(reply_saved + excluded.reply_saved, 9000000000000000000)";
/// It is one of the job's calls.
pub(crate) const COUNT_ON_JOB: &str =
    "UPDATE jobs SET calls = calls + 1, crashes = 0, troubles = 0, asks = 0 WHERE seq = ?1";
/// The most saved by one call that is taken over: what sums can hold thousands of.
const MOST_SAVED: i64 = 1 << 52;

/// Answers a job's call by a kept reply; false where it is not there any more, and nothing is written.
pub(crate) fn hit(tx: &mut Tx<'_>, hit: &ReplyHit) -> Result<bool, StoreError> {
    let job = JobHead::fenced(tx, hit.journal.lease)?;
    let upstream = tx.policy.upstream.name();
    let used =
        tx.run(USED, params![upstream, hit.key.0, tx.now.micros(), hit.of.bytes(), hit.kept_since.micros()])?;
    if used == 0 {
        return Ok(false);
    }
    let saved = Nanodollars::new(hit.saved.get().clamp(0, MOST_SAVED));
    insert(tx, hit, saved)?;
    let HoldRequest { asker, model, .. } = &hit.asked;
    tx.run(COUNT, params![upstream, hour_of(tx.now), asker.name(), model, saved.get()])?;
    journal::put(tx, job.seq, &hit.journal.entry)?;
    tx.run(COUNT_ON_JOB, [job.seq])?;
    let told = EventKind::Settled { call: hit.asked.id, cost: Nanodollars::ZERO, unknown: false };
    tx.tell(Some(hit.journal.lease.job), told);
    Ok(true)
}

fn insert(tx: &Tx<'_>, hit: &ReplyHit, saved: Nanodollars) -> Result<(), StoreError> {
    let asked = &hit.asked;
    let asker = AskerColumns::of(&asked.asker);
    let tags = (!asked.tags.is_empty()).then(|| texts(&asked.tags));
    tx.run(
        INSERT,
        params![
            tx.policy.upstream.name(),
            asked.id.bytes(),
            tx.now.micros(),
            asker.job,
            asker.agent,
            asker.attempt,
            asker.position,
            tags,
            asked.tier_asked.name(),
            asked.tier_given.name(),
            asked.tier_reason,
            asked.model,
            asked.price_row,
            asker.lease,
            tx.policy.host.bytes(),
            tx.policy.boot.bytes(),
            hit.detail,
            hit.of.bytes(),
            saved.get(),
        ],
    )
    .map(drop)
}
