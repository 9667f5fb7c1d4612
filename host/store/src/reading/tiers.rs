//! How jobs ended, by the tier that answered them: from the finished jobs that are kept, and their calls.

use crate::engine::{Db, Id as _, Row, params};
use crate::{StoreError, TierSum};
use anvil_types::{JobId, Nanodollars, Tier, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The most finished jobs that are looked at, the last ones.
const JOBS: u32 = 20_000;

/// The jobs that ended by themselves in a stretch of time.
pub(crate) const ENDED: &str = "SELECT id, agent, action, state = 'succeeded' AS succeeded, attempts, cost
    FROM jobs INDEXED BY jobs_finished
    WHERE upstream = ?1 AND finished_at >= ?2 AND finished_at < ?3 AND state IN ('succeeded', 'failed')
    ORDER BY finished_at DESC LIMIT ?4";

/// The calls of a job that were answered.
pub(crate) const ANSWERED: &str = "SELECT tier_given, output_tokens
    FROM calls INDEXED BY calls_by_job WHERE job = ?1 AND state IN ('settled', 'unknown')";

struct Ended {
    id: JobId,
    agent: String,
    action: String,
    succeeded: bool,
    attempts: u32,
    cost: Nanodollars,
}

/// How the jobs ended that are over since one time and before another, by agent, action and the strongest tier that answered
/// one of their calls. What nobody answered, and what a person cancelled, tells nothing of a tier.
pub(crate) fn sums(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<TierSum>, StoreError> {
    let ended = db.all(ENDED, params![upstream.name(), from.micros(), to.micros(), JOBS], ended)?;
    let mut sums: BTreeMap<_, TierSum> = BTreeMap::new();
    for job in ended {
        let answered = db.all(ANSWERED, [job.id.bytes()], answered)?;
        let Some(tier) = answered.iter().map(|(tier, _)| *tier).max() else { continue };
        let key = (job.agent.clone(), job.action.clone(), tier);
        let sum = sums.entry(key).or_insert_with(|| TierSum {
            agent: job.agent,
            action: job.action,
            tier,
            jobs: 0,
            succeeded: 0,
            retries: 0,
            calls: 0,
            output_tokens: 0,
            cost: Nanodollars::ZERO,
        });
        sum.jobs += 1;
        sum.succeeded += u64::from(job.succeeded);
        sum.retries += u64::from(job.attempts.saturating_sub(1));
        sum.calls += answered.len() as u64;
        sum.output_tokens += answered.iter().map(|(_, tokens)| tokens).sum::<u64>();
        sum.cost += job.cost;
    }
    Ok(sums.into_values().collect())
}

fn ended(row: &Row<'_>) -> Result<Ended, StoreError> {
    Ok(Ended {
        id: row.id("id")?,
        agent: row.text("agent")?.to_owned(),
        action: row.text("action")?.to_owned(),
        succeeded: row.get("succeeded")?,
        attempts: row.count("attempts")?,
        cost: row.money("cost")?,
    })
}

fn answered(row: &Row<'_>) -> Result<(Tier, u64), StoreError> {
    Ok((row.word("tier_given")?, row.count("output_tokens")?))
}
