//! Taking jobs in.

use super::columns::{Id, texts};
use super::job_row;
use super::tx::Tx;
use crate::{Enqueued, StoreError};
use anvil_types::{EventKind, Job, JobState, NewJob, Timestamp, WaitReason};
use rusqlite::params;

/// How many attempts a job has.
pub(super) const ATTEMPTS: u32 = 3;

/// Takes a job in, once for each id and each idempotency key.
pub(super) fn enqueue(tx: &mut Tx<'_>, job: &NewJob) -> Result<Enqueued, StoreError> {
    if let Some(existing) = existing(tx, job)? {
        return if is_same(&existing, job) {
            Ok(Enqueued::Existing(existing))
        } else {
            Err(StoreError::IdempotencyConflict { job: existing.id })
        };
    }
    room(tx)?;
    insert(tx, job)?;
    job_row::whole(tx.conn, job.id).map(Enqueued::New)
}

/// Whether another job may wait.
pub(super) fn room(tx: &Tx<'_>) -> Result<(), StoreError> {
    let limit = u64::from(tx.policy.force.limits.queue_max);
    let unfinished = tx
        .first(
            "SELECT sum(jobs) FROM job_counts WHERE state IN ('scheduled', 'queued', 'running', 'parked')",
            [],
            |row| row.get::<_, i64>(0),
        )?
        .map_or(0, i64::unsigned_abs);
    if unfinished >= limit {
        return Err(StoreError::QueueFull { unfinished, limit });
    }
    Ok(())
}

fn existing(tx: &Tx<'_>, job: &NewJob) -> Result<Option<Job>, StoreError> {
    if let Some(key) = &job.idempotency_key
        && let Some(existing) = job_row::one(tx.conn, "j.idempotency_key = ?1", [key])?
    {
        return Ok(Some(existing));
    }
    job_row::one(tx.conn, "j.id = ?1", [job.id.bytes()])
}

fn is_same(existing: &Job, job: &NewJob) -> bool {
    existing.agent == job.agent && existing.action == job.action && existing.payload == job.payload
}

fn insert(tx: &mut Tx<'_>, job: &NewJob) -> Result<(), StoreError> {
    let later = job.run_at.filter(|run_at| *run_at > tx.now);
    let state = if later.is_some() { JobState::Scheduled } else { JobState::Queued };
    let detail = later.map(|time| format!("waits for its time, {}", tx.policy.windows().local(time)));
    tx.run(
        "INSERT INTO jobs (id, agent, action, upstream, state, priority, ready_at, due_at, wait_reason,
             wait_detail, max_attempts, max_cost, tags, idempotency_key, created_at, run_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        params![
            job.id.bytes(),
            job.agent,
            job.action,
            job.upstream.name(),
            state.name(),
            job.priority.rank(),
            later.unwrap_or(tx.now).micros(),
            later.map(Timestamp::micros),
            later.map(|_| WaitReason::Schedule.name()),
            detail,
            ATTEMPTS,
            job.max_cost.get(),
            texts(&job.tags),
            job.idempotency_key,
            tx.now.micros(),
            job.run_at.map(Timestamp::micros),
        ],
    )?;
    let seq = tx.conn.last_insert_rowid();
    tx.run("INSERT INTO job_bodies (seq, payload) VALUES (?1, ?2)", params![seq, job.payload.as_str()])?;
    for tag in &job.tags {
        tx.run("INSERT INTO job_tags (tag, job) VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![tag, seq])?;
    }
    tx.tell(Some(job.id), EventKind::Job { state, agent: job.agent.clone() });
    Ok(())
}
