//! Schedules: a time makes its job in the transaction that moves the schedule to its next time.

use crate::engine::{Db, Id, Row, bad_column, params};
use crate::rules::audit;
use crate::rules::jobs::{enqueue, row};
use crate::rules::tx::Tx;
use crate::{Fired, Firing, StoreError, Taken};
use anvil_types::{EventKind, Job, JobId, JobTemplate, Json, Overlap, Schedule, Timestamp, UpstreamKind};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// As many schedules as there may be.
const MOST: u32 = 1_000;

/// All of them, by name, each with its newest job.
pub(crate) const LIST: &str = "SELECT *, (SELECT id FROM jobs
    WHERE upstream = schedules.upstream AND schedule = schedules.name ORDER BY seq DESC LIMIT 1) AS last_job FROM schedules WHERE upstream = ?1 ORDER BY name";
/// One.
pub(crate) const ONE: &str = "SELECT *, (SELECT id FROM jobs
    WHERE upstream = schedules.upstream AND schedule = schedules.name ORDER BY seq DESC LIMIT 1) AS last_job FROM schedules
    WHERE schedules.upstream = ?1 AND name = ?2";
/// Those whose time has come, the oldest first.
pub(crate) const DUE: &str = "SELECT *, NULL AS last_job FROM schedules INDEXED BY schedules_due
    WHERE enabled = 1 AND next_at IS NOT NULL AND upstream = ?1 AND next_at <= ?2 ORDER BY next_at";
/// The next time of any whose agent is not switched off.
pub(crate) const NEXT: &str = "SELECT min(next_at) FROM schedules INDEXED BY schedules_due
    WHERE enabled = 1 AND next_at IS NOT NULL AND upstream = ?1
    AND NOT EXISTS (SELECT 1 FROM agents_off WHERE agents_off.upstream = ?1 AND agents_off.name = job ->> 'agent')";
/// The newest jobs of one.
pub(crate) const JOBS: &str =
    "SELECT seq FROM jobs WHERE upstream = ?1 AND schedule = ?2 ORDER BY seq DESC LIMIT ?3";

pub(crate) fn list(db: &Db, upstream: UpstreamKind) -> Result<Vec<Schedule>, StoreError> {
    db.all(LIST, [upstream.name()], read)
}

pub(crate) fn get(db: &Db, upstream: UpstreamKind, name: &str) -> Result<Option<Schedule>, StoreError> {
    db.first(ONE, [upstream.name(), name], read)
}

pub(crate) fn due(db: &Db, upstream: UpstreamKind, now: Timestamp) -> Result<Vec<Schedule>, StoreError> {
    db.all(DUE, params![upstream.name(), now.micros()], read)
}

pub(crate) fn next(db: &Db, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError> {
    let next = db.first(NEXT, [upstream.name()], |row| row.get::<Option<i64>>(0))?;
    Ok(next.flatten().map(Timestamp::from_micros))
}

/// The newest jobs of a schedule.
pub(crate) fn jobs(db: &Db, upstream: UpstreamKind, name: &str, limit: u32) -> Result<Vec<Job>, StoreError> {
    let seqs: Vec<i64> = db.all(JOBS, params![upstream.name(), name, limit], |row| row.get(0))?;
    let mut jobs = Vec::with_capacity(seqs.len());
    for seq in seqs {
        jobs.extend(row::listed(db, seq)?);
    }
    Ok(jobs)
}

fn read(row: &Row<'_>) -> Result<Schedule, StoreError> {
    Ok(Schedule {
        id: row.id("id")?,
        name: row.get("name")?,
        cron: row.get("cron")?,
        time_zone: row.get("time_zone")?,
        missed: row.word("missed")?,
        overlap: row.word("overlap")?,
        job: template(row.text("job")?)?,
        enabled: row.get("enabled")?,
        next_at: row.maybe_time("next_at")?,
        blocked: row.get("blocked")?,
        owed_to: row.maybe_time("owed_to")?,
        upstream: row.word("upstream")?,
        created_at: row.time("created_at")?,
        last_job: row.maybe_id("last_job")?,
    })
}

fn bad(error: serde_json::Error) -> StoreError {
    bad_column("job", error)
}

/// A template, with a payload that an older version took and nobody can read told of as what it is.
fn template(text: &str) -> Result<JobTemplate, StoreError> {
    let mut parts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(bad)?;
    if let Some(payload) = parts.get_mut("payload") {
        *payload = RawValue::from_string(Json::stored(payload.get()).to_string()).map_err(bad)?;
    }
    let text = serde_json::to_string(&parts).map_err(bad)?;
    serde_json::from_str(&text).map_err(bad)
}

/// Makes a schedule, or changes the one of this name, which keeps its id.
pub(crate) fn put(tx: &mut Tx<'_>, schedule: &Schedule, by: &str) -> Result<Schedule, StoreError> {
    let before = get(tx.db, schedule.upstream, &schedule.name)?;
    if before.is_none() {
        let there: u32 = tx.db.one("SELECT count(*) FROM schedules", params![], |row| row.get(0))?;
        if there >= MOST {
            return Err(StoreError::BadChange(format!(
                "there are {there} schedules already, as many as there may be; delete one first"
            )));
        }
    }
    // Whoever changes something else of it drops none of its times, those that still wait for a place included.
    let keeps_its_times = before.as_ref().is_some_and(|before| {
        before.enabled
            && schedule.enabled
            && before.cron == schedule.cron
            && before.time_zone == schedule.time_zone
            && before.upstream == schedule.upstream
    });
    let job = serde_json::to_string(&schedule.job).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "INSERT INTO schedules (name, id, upstream, cron, time_zone, missed, job, enabled, next_at, created_at,
             overlap)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (upstream, name) DO UPDATE SET missed = excluded.missed, job = excluded.job,
             overlap = excluded.overlap,
             next_at = CASE WHEN ?12 THEN next_at ELSE excluded.next_at END,
             blocked = CASE WHEN ?12 THEN blocked END, owed_to = CASE WHEN ?12 THEN owed_to END,
             cron = excluded.cron, time_zone = excluded.time_zone,
             enabled = excluded.enabled",
        params![
            schedule.name,
            schedule.id.bytes(),
            schedule.upstream.name(),
            schedule.cron,
            schedule.time_zone,
            schedule.missed.name(),
            job,
            schedule.enabled,
            schedule.next_at.map(Timestamp::micros),
            tx.now.micros(),
            schedule.overlap.name(),
            keeps_its_times,
        ],
    )?;
    let action = match before {
        None => "schedule.make",
        Some(before) if before.enabled && !schedule.enabled => "schedule.pause",
        Some(before) if !before.enabled && schedule.enabled => "schedule.resume",
        Some(_) => "schedule.change",
    };
    let detail = format!("{}: {} {}", schedule.name, schedule.cron, schedule.time_zone);
    audit::note(tx, by, action, &detail)?;
    tx.tell(None, EventKind::Schedule { name: schedule.name.clone() });
    get(tx.db, schedule.upstream, &schedule.name)?
        .ok_or_else(|| StoreError::Backend("a schedule that was made is gone".into()))
}

/// Deletes a schedule; its jobs stay. Answers whether there was one.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str, by: &str) -> Result<bool, StoreError> {
    let delete = "DELETE FROM schedules WHERE upstream = ?1 AND name = ?2";
    if tx.run(delete, [tx.policy.upstream.name(), name])? == 0 {
        return Ok(false);
    }
    audit::note(tx, by, "schedule.delete", name)?;
    tx.tell(None, EventKind::Schedule { name: name.to_owned() });
    Ok(true)
}

/// Takes in the jobs of times that have come, and moves the schedule on: one step, so that no time is
/// run twice or lost, whenever the host ends. Where the queue has no place, the schedule stays at the
/// first time that got none.
pub(crate) fn fire(tx: &mut Tx<'_>, firing: Firing) -> Result<Fired, StoreError> {
    let upstream = tx.policy.upstream;
    let current = get(tx.db, upstream, &firing.name)?;
    let current = current.filter(|now| now.enabled && now.id == firing.id && now.next_at == Some(firing.due));
    let Some(current) = current else { return Ok(Fired::default()) };
    let mut fired = Fired::default();
    let mut next_at = firing.next_at;
    let mut jobs = firing.jobs;
    if current.overlap == Overlap::OneAtATime {
        // Of several that have come the last counts.
        jobs.drain(..jobs.len().saturating_sub(1));
    }
    for (time, job) in jobs {
        let earlier = if current.overlap == Overlap::Allow { None } else { unfinished(tx, &firing.name)? };
        let refused = match (current.overlap, earlier) {
            (Overlap::Skip, Some(_)) => continue,
            (Overlap::OneAtATime, Some(earlier)) => {
                format!("the job of an earlier time, {earlier}, has not finished yet")
            }
            _ => match enqueue::take(tx, &job) {
                Ok(Ok(new)) => {
                    fired.taken.push(Taken { id: job.id, state: new.state, new: true });
                    continue;
                }
                // The key says that this time has had its job.
                Ok(Err(_)) | Err(StoreError::IdempotencyConflict { .. }) => continue,
                Err(full @ (StoreError::QueueFull { .. } | StoreError::ShareFull { .. })) => full.to_string(),
                Err(error) => return Err(error),
            },
        };
        fired.blocked = Some(refused);
        next_at = Some(time);
        break;
    }
    // What has come since is owed too; it is noted when there is something new to note.
    let owed_to = fired.blocked.as_ref().map(|_| firing.looked_at);
    let nothing_new = firing.newest.is_none_or(|newest| current.owed_to.is_some_and(|owed| owed >= newest));
    if fired.taken.is_empty() && current.blocked == fired.blocked && next_at == current.next_at && nothing_new
    {
        return Ok(fired);
    }
    tx.run(
        "UPDATE schedules SET next_at = ?2, blocked = ?3, owed_to = ?4 WHERE name = ?1 AND upstream = ?5",
        params![
            firing.name,
            next_at.map(Timestamp::micros),
            fired.blocked,
            owed_to.map(Timestamp::micros),
            upstream.name(),
        ],
    )?;
    tx.tell(None, EventKind::Schedule { name: firing.name });
    Ok(fired)
}

/// An unfinished job of a schedule.
pub(crate) const UNFINISHED: &str = "SELECT id FROM jobs INDEXED BY jobs_open_of_schedule
    WHERE upstream = ?2 AND schedule = ?1 AND finished_at IS NULL LIMIT 1";

fn unfinished(tx: &Tx<'_>, name: &str) -> Result<Option<JobId>, StoreError> {
    tx.first(UNFINISHED, [name, tx.policy.upstream.name()], |row| row.id("id"))
}
