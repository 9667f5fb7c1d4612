//! Predictions that are kept, their days, and the jobs of a day.

use crate::engine::{Db, Id as _, Row, params};
use crate::{KeptDay, KeptPrediction, StoreError};
use anvil_budget::WindowSpan;
use anvil_types::{DayJobs, EndedJob, JobId, Timestamp, UpstreamKind, WaitReason};
use std::collections::BTreeSet;

/// The newest predictions that begin in a stretch.
pub(crate) const PREDICTIONS: &str = "SELECT start, until, body, day, whole FROM predictions
    WHERE upstream = ?1 AND start >= ?2 AND start < ?3 ORDER BY start DESC LIMIT ?4";
/// A prediction that begins later.
pub(crate) const LATER: &str = "SELECT start FROM predictions WHERE upstream = ?1 AND start >= ?2 LIMIT 1";
/// Days of a stretch.
pub(crate) const DAYS: &str = "SELECT start, until, seen, facts, arrivals FROM plan_days
    WHERE upstream = ?1 AND start >= ?2 AND start < ?3 ORDER BY start";
/// Jobs that were submitted in a stretch, by their ids: those that are over without having asked anything came for nothing.
pub(crate) const CAME: &str = "SELECT agent, created_at FROM jobs
    WHERE id >= ?2 AND id < ?3 AND upstream = ?1 AND (finished_at IS NULL OR calls > 0)";
/// Jobs that ended in a stretch.
pub(crate) const ENDED: &str = "SELECT agent, plugin_digest, created_at, run_at, finished_at, state
    FROM jobs INDEXED BY jobs_finished
    WHERE upstream = ?1 AND finished_at >= ?2 AND finished_at < ?3 AND calls > 0";
/// Jobs of calls of a stretch that are not kept any more.
pub(crate) const GONE: &str = "SELECT job FROM calls INDEXED BY calls_by_time
    WHERE upstream = ?1 AND held_at >= ?2 AND held_at < ?3 AND job IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = calls.job)";
/// Jobs that are parked for a reason.
pub(crate) const PARKED: &str = "SELECT count(*) FROM jobs INDEXED BY jobs_parked
    WHERE state = 'parked' AND wait_reason = ?2 AND upstream = ?1";

/// The newest predictions that begin within a stretch, these first.
pub(crate) fn predictions(
    db: &Db,
    upstream: UpstreamKind,
    within: WindowSpan,
    limit: u32,
) -> Result<Vec<KeptPrediction>, StoreError> {
    let (from, to) = (within.start.micros(), within.end.micros());
    let later: Option<i64> = db.first(LATER, params![upstream.name(), to], |row| row.get("start"))?;
    if let Some(later) = later {
        tracing::warn!(start = later, "a prediction of days that are far ahead is not believed");
    }
    let prediction = |row: &Row<'_>| {
        Ok(KeptPrediction {
            start: row.time("start")?,
            end: row.time("until")?,
            body: row.get("body")?,
            day: row.get("day")?,
            whole: row.get("whole")?,
        })
    };
    let read = |row: &Row<'_>| readable(row, prediction);
    Ok(db.all(PREDICTIONS, params![upstream.name(), from, to, limit], read)?.into_iter().flatten().collect())
}

/// What a row is read as; none, and a word in the log, where what stands in it cannot be: one day is no reason for nobody to see
/// any.
pub(crate) fn readable<T>(
    row: &Row<'_>,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read(row) {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Backend(error)) => {
            let start: Option<i64> = row.get("start").ok();
            tracing::warn!(%error, ?start, "what is kept of a predicted day cannot be read: the day is left out");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The days of a stretch that can be read, the oldest first.
pub(crate) fn kept(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<KeptDay>, StoreError> {
    let day = |row: &Row<'_>| {
        Ok(KeptDay {
            start: row.time("start")?,
            end: row.time("until")?,
            seen: row.structure("seen")?,
            facts: row.get("facts")?,
            arrivals: row.get("arrivals")?,
        })
    };
    let read = |row: &Row<'_>| readable(row, day);
    let days = db.all(DAYS, params![upstream.name(), from.micros(), to.micros()], read)?;
    Ok(days.into_iter().flatten().collect())
}

/// The jobs of a stretch of time.
pub(crate) fn jobs(
    db: &Db,
    upstream: UpstreamKind,
    from: Timestamp,
    to: Timestamp,
) -> Result<DayJobs, StoreError> {
    let (first, end) = (JobId::new(from, 0), JobId::new(to, 0));
    let (start, until) = (from.micros(), to.micros());
    let gone: Vec<[u8; 16]> = db.all(GONE, params![upstream.name(), start, until], |row| row.get("job"))?;
    Ok(DayJobs {
        came: db.all(CAME, params![upstream.name(), first.bytes(), end.bytes()], |row| {
            Ok((row.get("agent")?, row.time("created_at")?))
        })?,
        ended: db.all(ENDED, params![upstream.name(), start, until], ended)?,
        gone: gone.into_iter().collect::<BTreeSet<_>>().len() as u64,
    })
}

/// How many jobs are parked for each of these reasons.
pub(crate) fn parked(
    db: &Db,
    upstream: UpstreamKind,
    reasons: &[WaitReason],
) -> Result<Vec<(WaitReason, u64)>, StoreError> {
    let count = |reason: &WaitReason| {
        let jobs = db.first(PARKED, params![upstream.name(), reason.name()], |row| row.count(0))?;
        Ok((*reason, jobs.unwrap_or(0)))
    };
    reasons.iter().map(count).collect()
}

fn ended(row: &Row<'_>) -> Result<EndedJob, StoreError> {
    let created_at = row.time("created_at")?;
    Ok(EndedJob {
        agent: row.get("agent")?,
        version: row.get("plugin_digest")?,
        since: row.maybe_time("run_at")?.map_or(created_at, |run_at| run_at.max(created_at)),
        ended_at: row.time("finished_at")?,
        state: row.word("state")?,
    })
}
