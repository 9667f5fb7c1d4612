//! How jobs ended, by the tier that answered them: from the finished jobs that are kept, and their calls.

use crate::engine::{Db, Row, params};
use crate::{StoreError, TierSum};
use anvil_types::{Timestamp, UpstreamKind};

/// The most finished jobs that are looked at, the last ones.
const JOBS: u32 = 20_000;

/// The jobs that ended in a stretch of time, with the tier that answered all their calls. Those that nobody answered, and
/// those that a person cancelled, tell nothing of a tier.
pub(crate) const ENDED: &str = "SELECT agent, action, tier, count(*) AS jobs,
        sum(state = 'succeeded') AS succeeded, sum(max(attempts - 1, 0)) AS retries, sum(calls) AS calls,
        sum(output_tokens) AS output_tokens, sum(cost) AS cost
    FROM (
        SELECT job.agent, job.action, job.state, job.attempts, job.cost, count(*) AS calls,
            sum(call.output_tokens) AS output_tokens,
            CASE WHEN min(call.tier_given) = max(call.tier_given) THEN min(call.tier_given) END AS tier
        FROM (
            SELECT id, agent, action, state, attempts, cost FROM jobs INDEXED BY jobs_finished
            WHERE upstream = ?1 AND finished_at >= ?2 AND finished_at < ?3 AND state IN ('succeeded', 'failed')
            ORDER BY finished_at DESC LIMIT ?4
        ) AS job
        CROSS JOIN calls AS call INDEXED BY calls_by_job ON call.job = job.id AND call.state IN ('settled', 'unknown')
        GROUP BY job.id
    )
    GROUP BY agent, action, tier ORDER BY agent, action, tier";

/// How the jobs ended that are over since one time and before another, by agent, action and tier.
pub(crate) fn sums(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<TierSum>, StoreError> {
    db.all(ENDED, params![upstream.name(), from.micros(), to.micros(), JOBS], read)
}

fn read(row: &Row<'_>) -> Result<TierSum, StoreError> {
    let jobs = row.count("jobs")?;
    let succeeded: u64 = row.count("succeeded")?;
    Ok(TierSum {
        agent: row.text("agent")?.to_owned(),
        action: row.text("action")?.to_owned(),
        tier: if row.is_null("tier")? { None } else { Some(row.word("tier")?) },
        jobs,
        succeeded,
        retries: row.count("retries")?,
        calls: row.count("calls")?,
        output_tokens: row.count("output_tokens")?,
        cost: row.money("cost")?,
    })
}
