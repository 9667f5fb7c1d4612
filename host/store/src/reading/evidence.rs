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

/// What answered a job: its calls that were, and the first and the last of their tiers' names.
pub(crate) const ANSWERED: &str =
    "SELECT count(*) AS calls, coalesce(sum(output_tokens), 0) AS output_tokens,
        min(tier_given) AS one, max(tier_given) AS other
    FROM calls INDEXED BY calls_by_job WHERE job = ?1 AND state IN ('settled', 'unknown')";

struct Ended {
    id: JobId,
    agent: String,
    action: String,
    succeeded: bool,
    attempts: u32,
    cost: Nanodollars,
}

struct Answered {
    calls: u64,
    output_tokens: u64,
    /// Of all of them; none where they were of several.
    tier: Option<Tier>,
}

/// How the jobs ended that are over since one time and before another, by agent, action and the tier that answered all their
/// calls. What nobody answered, and what a person cancelled, tells nothing of a tier.
pub(crate) fn sums(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<TierSum>, StoreError> {
    let ended = db.all(ENDED, params![upstream.name(), from.micros(), to.micros(), JOBS], ended)?;
    let mut sums: BTreeMap<_, TierSum> = BTreeMap::new();
    for job in ended {
        let Some(answered) = db.first(ANSWERED, [job.id.bytes()], answered)?.filter(|told| told.calls > 0)
        else {
            continue;
        };
        let key = (job.agent.clone(), job.action.clone(), answered.tier);
        let sum = sums.entry(key).or_insert_with(|| TierSum {
            agent: job.agent,
            action: job.action,
            tier: answered.tier,
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
        sum.calls += answered.calls;
        sum.output_tokens += answered.output_tokens;
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

fn answered(row: &Row<'_>) -> Result<Answered, StoreError> {
    let alike = row.maybe_text("one")?.is_some() && row.maybe_text("one")? == row.maybe_text("other")?;
    Ok(Answered {
        calls: row.count("calls")?,
        output_tokens: row.count("output_tokens")?,
        tier: if alike { Some(row.word("one")?) } else { None },
    })
}
