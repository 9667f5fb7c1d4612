//! Do all sums agree with the ledger, to the nano-dollar?

use crate::StoreError;
use crate::engine::params;
use crate::rules::money::held::Held;
use crate::rules::money::spend;
use crate::rules::tx::Tx;
use anvil_budget::WindowKind;
use anvil_types::Scope;
use anvil_types::UpstreamKind;

/// What the ledger's entries and their corrections add to each amount.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "WITH entries AS (
                 SELECT upstream, held_at, job, coalesce(agent, '') AS agent, coalesce(api_key, '') AS api_key, model,
                     state IN ('settled', 'unknown') AND reply_of IS NULL AS calls,
                     CASE state WHEN 'settled' THEN cost ELSE 0 END AS settled,
                     CASE state WHEN 'unknown' THEN cost ELSE 0 END AS unknown,
                     CASE state WHEN 'held' THEN hold ELSE 0 END AS held,
                     input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
                     saved, reply_of IS NOT NULL AS hits, reply_saved,
                     batched > 0 AND state IN ('settled', 'unknown') AS batched, batch_saved
                 FROM calls
                 UNION ALL
                 SELECT calls.upstream, held_at, job, coalesce(agent, ''), coalesce(api_key, ''), model, 0,
                     corrections.settled, corrections.unknown, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
                 FROM corrections JOIN calls ON calls.upstream = corrections.upstream AND calls.id = call
             ), scoped AS (
                 SELECT upstream, 'all' AS scope, held_at, settled, unknown FROM entries
                 UNION ALL
                 SELECT upstream, 'agent:' || agent, held_at, settled, unknown FROM entries WHERE agent <> ''
                 UNION ALL
                 SELECT upstream, 'key:' || api_key, held_at, settled, unknown FROM entries WHERE api_key <> ''
             ) ",
            $rest
        )
    };
}

/// The total and the minutes of every scope; days and months by their sums, since SQL knows no time zone.
const SPEND: &str = entries!(
    ", kept AS (
         SELECT upstream, scope, period, CASE period WHEN 'minute' THEN start ELSE 0 END AS start,
             sum(settled) AS settled, sum(unknown) AS unknown
         FROM spend GROUP BY 1, 2, 3, 4 HAVING sum(settled) <> 0 OR sum(unknown) <> 0
     ), right AS (
         SELECT upstream, scope, column1 AS period,
             CASE column1 WHEN 'minute' THEN held_at - held_at % 60000000 ELSE 0 END AS start,
             sum(settled) AS settled, sum(unknown) AS unknown
         FROM scoped, (VALUES ('minute'), ('day'), ('month'), ('total')) GROUP BY 1, 2, 3, 4
         HAVING sum(settled) <> 0 OR sum(unknown) <> 0
     )
     SELECT upstream || ' ' || scope || ' ' || period || ' ' || start FROM (
         SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM right)
         UNION ALL SELECT * FROM (SELECT * FROM right EXCEPT SELECT * FROM kept)
     ) LIMIT 20"
);

const HOURS: &str = entries!(
    ", right AS (
         SELECT upstream, held_at - held_at % 3600000000 AS hour, agent, api_key, model, sum(calls), sum(settled),
             sum(unknown), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
             sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(saved), sum(hits), sum(reply_saved), sum(batched),
             sum(batch_saved)
         FROM entries GROUP BY 1, 2, 3, 4, 5 HAVING sum(calls) > 0 OR sum(hits) > 0 OR sum(abs(settled) + abs(unknown)) > 0
     )
     SELECT 'usage of ' || upstream || ' ' || hour || ' ' || agent || ' ' || api_key || ' ' || model FROM (
         SELECT * FROM (SELECT * FROM usage_hours EXCEPT SELECT * FROM right)
         UNION ALL SELECT * FROM (SELECT * FROM right EXCEPT SELECT * FROM usage_hours)
     ) LIMIT 20"
);

const MISSES: &str = "WITH right AS (
         SELECT upstream, held_at - held_at % 3600000000 AS hour, coalesce(agent, '') AS agent,
             coalesce(api_key, '') AS api_key, miss AS kind, count(*), sum(miss_tokens), sum(miss_cost)
         FROM calls WHERE miss IS NOT NULL GROUP BY 1, 2, 3, 4, 5
     )
     SELECT 'misses of ' || upstream || ' ' || hour || ' ' || agent || ' ' || api_key || ' ' || kind FROM (
         SELECT * FROM (SELECT * FROM miss_hours EXCEPT SELECT * FROM right)
         UNION ALL SELECT * FROM (SELECT * FROM right EXCEPT SELECT * FROM miss_hours)
     ) LIMIT 20";

const COMPRESSED: &str = "WITH right AS (
         SELECT upstream, held_at - held_at % 3600000000 AS hour, coalesce(agent, '') AS agent, count(*),
             sum(compressed), sum(compressed_saved)
         FROM calls WHERE compressed IS NOT NULL GROUP BY 1, 2, 3
     )
     SELECT 'what was compressed of ' || upstream || ' ' || hour || ' ' || agent FROM (
         SELECT * FROM (SELECT * FROM compressed_hours EXCEPT SELECT * FROM right)
         UNION ALL SELECT * FROM (SELECT * FROM right EXCEPT SELECT * FROM compressed_hours)
     ) LIMIT 20";

const JOBS: &str = entries!(
    "SELECT 'job ' || hex(jobs.id) FROM jobs LEFT JOIN (
         SELECT job, sum(settled + unknown) AS cost, sum(unknown) AS unknown, sum(held) AS held
         FROM entries WHERE job IS NOT NULL GROUP BY job
     ) AS right ON right.job = jobs.id
     WHERE jobs.cost <> coalesce(right.cost, 0) OR jobs.unknown <> coalesce(right.unknown, 0)
         OR jobs.held <> coalesce(right.held, 0) LIMIT 20"
);

/// What disagrees, in a few words each; nothing where all is well.
pub(crate) fn verify(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    for select in [SPEND, HOURS, MISSES, COMPRESSED, JOBS] {
        wrong.extend(tx.all(select, params![], |row| row.get::<String>(0))?);
    }
    tx.policy.account.roll(tx.now);
    let scopes: Vec<Scope> = tx.policy.account.limits.keys().cloned().collect();
    for upstream in UpstreamKind::ALL {
        let held = Held::of(tx.db, upstream)?.all();
        if tx.policy.held.get(&upstream).is_some_and(|known| *known != held) {
            wrong.push(format!("what is known by heart of what {} holds", upstream.name()));
        }
        for scope in &scopes {
            let Some(open) = tx.policy.account.books.tally(upstream, scope).cloned() else { continue };
            let kept = spend::tally(tx, upstream, scope)?;
            for kind in WindowKind::ALL {
                if open.amounts(kind) != kept.amounts(kind) {
                    wrong.push(format!(
                        "what is known by heart of {} {scope} {}",
                        upstream.name(),
                        kind.name()
                    ));
                }
            }
        }
    }
    Ok(wrong)
}
