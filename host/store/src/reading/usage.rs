//! Sums of the ledger by what people ask for: from the hourly sums, and where a stretch of time begins or
//! ends within an hour (a day of a half-hour time zone does), from the entries of that hour.

use crate::engine::{Db, Row, params};
use crate::rules::money::spend;
use crate::{StoreError, Tokens, UsageSum};
use anvil_budget::{Amounts, Windows};
use anvil_types::{Nanodollars, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// An hour, in microseconds.
const HOUR: i64 = 3_600_000_000;

/// The hourly sums of a stretch of whole hours.
pub(crate) const HOURS: &str = "SELECT hour, agent, api_key, model, calls, settled, unknown, input_tokens,
        output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, saved, hits,
        reply_saved, batched, batch_saved
    FROM usage_hours WHERE upstream = ?1 AND hour >= ?2 AND hour < ?3";

/// The entries of a stretch within an hour, with what was corrected since.
pub(crate) const ENTRIES: &str =
    "SELECT ?2 AS hour, coalesce(agent, '') AS agent, coalesce(api_key, '') AS api_key,
        model, iif(state = 'released' OR reply_of IS NOT NULL, 0, 1) AS calls, reply_of IS NOT NULL AS hits, reply_saved,
        batched > 0 AND state IN ('settled', 'unknown') AS batched, batch_saved,
        iif(state = 'settled', cost, 0) + coalesce((SELECT sum(settled) FROM corrections
            WHERE corrections.upstream = calls.upstream AND call = calls.id), 0) AS settled,
        iif(state = 'unknown', cost, 0) + coalesce((SELECT sum(unknown) FROM corrections
            WHERE corrections.upstream = calls.upstream AND call = calls.id), 0) AS unknown,
        input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, saved
    FROM calls INDEXED BY calls_by_time
    WHERE upstream = ?1 AND held_at >= ?2 AND held_at < ?3
        AND (state IN ('settled', 'unknown') OR state = 'released' AND EXISTS (SELECT 1 FROM corrections
            WHERE corrections.upstream = calls.upstream AND call = calls.id))";

/// The first whole hour from a time on.
pub(crate) fn hour_from(time: Timestamp) -> Timestamp {
    let hour = time.micros().div_euclid(HOUR) * HOUR;
    Timestamp::from_micros(if hour == time.micros() { hour } else { hour.saturating_add(HOUR) })
}

/// The end of the last whole hour before a time.
pub(crate) fn hour_until(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros().div_euclid(HOUR).saturating_mul(HOUR))
}

/// The sums between each cut and the next: by agent, API key and model.
pub(crate) fn sums(db: &Db, upstream: UpstreamKind, cuts: &[Timestamp]) -> Result<Vec<UsageSum>, StoreError> {
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else { return Ok(Vec::new()) };
    let mut sums: BTreeMap<_, UsageSum> = BTreeMap::new();
    let mut add = |start: Timestamp, row: UsageSum| {
        let key = (start, row.agent.clone(), row.api_key.clone(), row.model.clone());
        let sum = sums.entry(key).or_insert_with(|| UsageSum {
            start,
            agent: row.agent.clone(),
            api_key: row.api_key.clone(),
            model: row.model.clone(),
            ..UsageSum::default()
        });
        sum.calls += row.calls;
        sum.settled += row.settled;
        sum.unknown += row.unknown;
        sum.saved += row.saved;
        sum.hits += row.hits;
        sum.reply_saved += row.reply_saved;
        sum.batched += row.batched;
        sum.batch_saved += row.batch_saved;
        sum.tokens += row.tokens;
    };
    let read = |sql: &str, from: Timestamp, to: Timestamp| {
        db.all(sql, params![upstream.name(), from.micros(), to.micros()], read_sum)
    };
    for row in read(HOURS, hour_from(*first), hour_until(*last))? {
        let end = Timestamp::from_micros(row.start.micros().saturating_add(HOUR));
        // The stretch that begins last at or before the hour; one that ends within the hour has its
        // part of it from the entries.
        let after = cuts.partition_point(|cut| *cut <= row.start);
        if cuts.get(after).is_some_and(|next| *next >= end)
            && let Some(start) = after.checked_sub(1).map(|at| cuts[at])
        {
            add(start, row);
        }
    }
    for stretch in cuts.windows(2) {
        let (start, end) = (stretch[0], stretch[1]);
        let (head, tail) = (hour_from(start).min(end), hour_until(end));
        let pieces = [(start, head), (tail.max(head), end)];
        for (from, to) in pieces.into_iter().filter(|(from, to)| from < to) {
            for row in read(ENTRIES, from, to)? {
                add(start, row);
            }
        }
    }
    Ok(sums.into_values().collect())
}

/// Who asked; a column of an hourly sum is empty where nobody of this kind did.
pub(crate) fn name(row: &Row<'_>, column: &'static str) -> Result<Option<String>, StoreError> {
    let text: String = row.get(column)?;
    Ok((!text.is_empty()).then_some(text))
}

fn read_sum(row: &Row<'_>) -> Result<UsageSum, StoreError> {
    Ok(UsageSum {
        start: row.time("hour")?,
        agent: name(row, "agent")?,
        api_key: name(row, "api_key")?,
        model: row.get("model")?,
        calls: row.count("calls")?,
        settled: row.money("settled")?,
        unknown: row.money("unknown")?,
        saved: row.money("saved")?,
        hits: row.count("hits")?,
        reply_saved: row.money("reply_saved")?,
        batched: row.count("batched")?,
        batch_saved: row.money("batch_saved")?,
        tokens: tokens(row)?,
    })
}

/// The columns of tokens.
pub(crate) fn tokens(row: &Row<'_>) -> Result<Tokens, StoreError> {
    Ok(Tokens {
        input: row.count("input_tokens")?,
        output: row.count("output_tokens")?,
        cache_read: row.count("cache_read_tokens")?,
        cache_write_5m: row.count("cache_write_5m_tokens")?,
        cache_write_1h: row.count("cache_write_1h_tokens")?,
    })
}

/// What was spent in each minute of the rolling hour in which anything was, the oldest first.
pub(crate) fn minutes(
    db: &Db,
    upstream: UpstreamKind,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Nanodollars)>, StoreError> {
    let oldest = Windows::first_bucket(now).micros();
    let rows = db.all(spend::MINUTES, params![upstream.name(), "all", oldest], |row| {
        let amounts = Amounts {
            settled: row.money("settled")?,
            unknown: row.money("unknown")?,
            held: Nanodollars::ZERO,
        };
        Ok((row.time("start")?, amounts.spent()))
    })?;
    Ok(rows.into_iter().filter(|(_, spent)| *spent > Nanodollars::ZERO).collect())
}
