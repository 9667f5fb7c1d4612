//! Sums of misses of the prompt cache: from the hourly sums, and where the stretch begins or ends within an hour,
//! from the entries of that hour.

use crate::engine::{Db, Row, params};
use crate::reading::usage::{hour_from, hour_until, name};
use crate::{MissSum, StoreError};
use anvil_types::{Nanodollars, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The hourly sums of a stretch of whole hours.
pub(crate) const HOURS: &str = "SELECT agent, api_key, kind, calls, tokens, cost
    FROM miss_hours WHERE upstream = ?1 AND hour >= ?2 AND hour < ?3";

/// The entries of a stretch within an hour.
pub(crate) const ENTRIES: &str = "SELECT coalesce(agent, '') AS agent, coalesce(api_key, '') AS api_key,
        miss AS kind, 1 AS calls, miss_tokens AS tokens, miss_cost AS cost
    FROM calls INDEXED BY calls_by_time
    WHERE upstream = ?1 AND held_at >= ?2 AND held_at < ?3 AND miss IS NOT NULL";

/// The misses from one time to another, by agent, API key and kind; the dearest first.
pub(crate) fn sums(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<MissSum>, StoreError> {
    let (head, tail) = (hour_from(from).min(to), hour_until(to));
    let pieces = [(HOURS, head, tail), (ENTRIES, from, head), (ENTRIES, tail.max(head), to)];
    let mut sums: BTreeMap<_, MissSum> = BTreeMap::new();
    for (sql, from, to) in pieces.into_iter().filter(|(_, from, to)| from < to) {
        for row in db.all(sql, params![upstream.name(), from.micros(), to.micros()], read)? {
            let sum = sums
                .entry((row.agent.clone(), row.api_key.clone(), row.kind))
                .or_insert_with(|| MissSum { calls: 0, tokens: 0, cost: Nanodollars::ZERO, ..row.clone() });
            sum.calls += row.calls;
            sum.tokens += row.tokens;
            sum.cost += row.cost;
        }
    }
    let mut sums: Vec<_> = sums.into_values().collect();
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.cost));
    Ok(sums)
}

fn read(row: &Row<'_>) -> Result<MissSum, StoreError> {
    Ok(MissSum {
        agent: name(row, "agent")?,
        api_key: name(row, "api_key")?,
        kind: row.word("kind")?,
        calls: row.count("calls")?,
        tokens: row.count("tokens")?,
        cost: row.money("cost")?,
    })
}
