//! Sums of what was compressed: from the hourly sums, and where the stretch begins or ends within an hour, from the
//! entries of that hour; and in which forms a job's prompts were sent.

use crate::engine::{Db, Id, Row, params};
use crate::reading::usage::{hour_from, hour_until};
use crate::{CompressedSum, StoreError};
use anvil_types::{Compressed, JobId, Timestamp, UpstreamKind};
use std::collections::BTreeMap;

/// The hourly sums of a stretch of whole hours.
pub(crate) const HOURS: &str = "SELECT agent, calls, tokens, saved
    FROM compressed_hours WHERE upstream = ?1 AND hour >= ?2 AND hour < ?3";

/// The entries of a stretch within an hour.
pub(crate) const ENTRIES: &str = "SELECT coalesce(agent, '') AS agent, 1 AS calls, compressed AS tokens,
        compressed_saved AS saved
    FROM calls INDEXED BY calls_by_time
    WHERE upstream = ?1 AND held_at >= ?2 AND held_at < ?3 AND compressed IS NOT NULL";

/// The forms of a job's answered calls; what a kept reply answered was not sent.
pub(crate) const FORMS: &str = "SELECT form FROM calls
    WHERE job = ?1 AND (state = 'settled' OR form IS NOT NULL) AND reply_of IS NULL";

/// What was compressed from one time to another, by agent; what saved most first.
pub(crate) fn sums(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<CompressedSum>, StoreError> {
    let (head, tail) = (hour_from(from).min(to), hour_until(to));
    let pieces = [(HOURS, head, tail), (ENTRIES, from, head), (ENTRIES, tail.max(head), to)];
    let mut sums: BTreeMap<String, CompressedSum> = BTreeMap::new();
    for (sql, from, to) in pieces.into_iter().filter(|(_, from, to)| from < to) {
        for row in db.all(sql, params![upstream.name(), from.micros(), to.micros()], read)? {
            let none = CompressedSum { calls: 0, compressed: Compressed::default(), ..row.clone() };
            let sum = sums.entry(row.agent.clone()).or_insert(none);
            sum.calls += row.calls;
            sum.compressed += row.compressed;
        }
    }
    let mut sums: Vec<_> = sums.into_values().collect();
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.compressed.saved));
    Ok(sums)
}

/// In which forms the prompts of a job's answered calls were sent.
pub(crate) fn forms(db: &Db, job: JobId) -> Result<Vec<Option<String>>, StoreError> {
    db.all(FORMS, [job.bytes()], |row| row.get("form"))
}

fn read(row: &Row<'_>) -> Result<CompressedSum, StoreError> {
    Ok(CompressedSum {
        agent: row.get("agent")?,
        calls: row.count("calls")?,
        compressed: Compressed { tokens: row.count("tokens")?, saved: row.money("saved")? },
    })
}
