//! Taking jobs in.

use crate::engine::{Id, Row, params, texts};
use crate::rules::jobs::parents::{self, Parents};
use crate::rules::jobs::{inputs, relatives, row, transition};
use crate::rules::tx::Tx;
use crate::{Enqueued, StoreError, Taken};
use anvil_types::{
    EventKind, Job, JobId, JobState, Nanodollars, NewJob, Priority, Timestamp, UpstreamKind, Wait, WaitReason,
};
use std::collections::HashMap;

/// Of so many places one is kept for critical jobs.
const ONE_KEPT_OF: u64 = 200;

/// Takes a job in, once for each id and each idempotency key.
pub(crate) fn enqueue(tx: &mut Tx<'_>, job: &NewJob) -> Result<Enqueued, StoreError> {
    match take(tx, job)? {
        Ok(new) => as_taken_in(tx, job, new).map(Enqueued::New),
        Err(existing) => Ok(Enqueued::Existing(existing)),
    }
}

/// Takes many jobs in, each as if it came alone.
pub(crate) fn enqueue_many(
    tx: &mut Tx<'_>,
    jobs: Vec<NewJob>,
) -> Result<Vec<Result<Taken, StoreError>>, StoreError> {
    // Jobs that had been taken in before, by the id that they were sent with now.
    let mut known: HashMap<JobId, JobId> = HashMap::new();
    let mut answers = Vec::with_capacity(jobs.len());
    for mut job in jobs {
        resolve(&mut job.after, &known);
        answers.push(match take(tx, &job) {
            Ok(Ok(new)) => Ok(Taken { id: job.id, state: new.state, new: true }),
            Ok(Err(existing)) => {
                known.insert(job.id, existing.id);
                Ok(Taken { id: existing.id, state: existing.state, new: false })
            }
            // Whatever fails after the first write undoes all of them.
            Err(error) if error.is_failure() => return Err(error),
            Err(refused) => Err(refused),
        });
    }
    Ok(answers)
}

fn resolve(after: &mut Vec<JobId>, known: &HashMap<JobId, JobId>) {
    let mut resolved: Vec<JobId> = Vec::with_capacity(after.len());
    for id in after.iter() {
        let id = known.get(id).unwrap_or(id);
        if !resolved.contains(id) {
            resolved.push(*id);
        }
    }
    *after = resolved;
}

/// Where a job stands that was just taken in.
pub(crate) struct NewRow {
    pub(crate) seq: i64,
    pub(crate) state: JobState,
    wait: Option<Wait>,
}

/// Where a job stands that is new now, or the one that it is already. Everything that can refuse it is
/// asked before anything is written.
pub(crate) fn take(tx: &mut Tx<'_>, job: &NewJob) -> Result<Result<NewRow, Job>, StoreError> {
    if let Some(existing) = existing(tx, job)? {
        return if is_same(&existing, job) {
            Ok(Err(existing))
        } else {
            Err(StoreError::IdempotencyConflict { job: existing.id })
        };
    }
    room(tx, job.upstream, job.priority)?;
    room_in_share(tx, job.upstream, &job.agent, job.schedule.as_deref())?;
    inputs::check(tx, &job.inputs)?;
    let parents = parents::check(tx, job)?;
    insert(tx, job, &parents).map(Ok)
}

/// Whether another job of this priority may wait: an upstream's jobs take no place from another's, and those that are
/// led have the place of their tree's root.
pub(crate) fn room(tx: &Tx<'_>, upstream: UpstreamKind, priority: Priority) -> Result<(), StoreError> {
    let limit = u64::from(tx.policy.force.limits.queue_max);
    let kept = if priority == Priority::Critical { 0 } else { limit / ONE_KEPT_OF };
    let unfinished = tx
        .first(
            "SELECT (SELECT sum(jobs) FROM job_counts
                 WHERE upstream = ?1 AND state IN ('scheduled', 'queued', 'running', 'parked'))
                 - coalesce((SELECT jobs FROM led_counts WHERE upstream = ?1), 0)",
            [upstream.name()],
            |row| row.get::<i64>(0),
        )?
        .map_or(0, i64::unsigned_abs);
    if unfinished >= limit - kept {
        return Err(StoreError::QueueFull { unfinished, limit, kept });
    }
    Ok(())
}

/// Unfinished jobs of an agent that are led by none.
pub(crate) const OF_AGENT: &str = "SELECT count(*) FROM jobs
    WHERE upstream = ?2 AND agent = ?1 AND state IN ('scheduled', 'queued', 'running', 'parked') AND lead IS NULL";
/// Unfinished jobs of a schedule.
pub(crate) const OF_SCHEDULE: &str = "SELECT count(*) FROM jobs INDEXED BY jobs_open_of_schedule
    WHERE upstream = ?2 AND schedule = ?1 AND finished_at IS NULL";

/// Whether there is a place for a job that has ended and is run again. One that is led has its root's.
pub(crate) fn room_again(tx: &Tx<'_>, job: &Job) -> Result<(), StoreError> {
    if job.lead.is_some() {
        return Ok(());
    }
    room(tx, job.upstream, job.priority)?;
    room_in_share(tx, job.upstream, &job.agent, job.schedule.as_deref())
}

/// Whether an agent, and a schedule, may have another place.
fn room_in_share(
    tx: &Tx<'_>,
    upstream: UpstreamKind,
    agent: &str,
    schedule: Option<&str>,
) -> Result<(), StoreError> {
    let places = u64::from(tx.policy.force.limits.queue_max);
    let of_agent = tx.policy.shares.of_agent(agent, places);
    let of_schedule = tx.policy.shares.of_schedule(places);
    let full = |limit: Option<u64>, sql: &str, name: &str, whose: String| -> Result<(), StoreError> {
        let Some(limit) = limit else { return Ok(()) };
        let unfinished =
            tx.first(sql, [name, upstream.name()], |row| row.get::<i64>(0))?.map_or(0, i64::unsigned_abs);
        if unfinished >= limit { Err(StoreError::ShareFull { whose, unfinished, limit }) } else { Ok(()) }
    };
    full(of_agent, OF_AGENT, agent, format!("the agent `{agent}`"))?;
    match schedule {
        Some(name) => full(of_schedule, OF_SCHEDULE, name, format!("the schedule `{name}`")),
        None => Ok(()),
    }
}

fn existing(tx: &Tx<'_>, job: &NewJob) -> Result<Option<Job>, StoreError> {
    let id = |row: &Row<'_>| row.get(0).map(JobId::from_bytes);
    let mut known = None;
    if let Some(key) = &job.idempotency_key {
        let find = "SELECT id FROM jobs WHERE upstream = ?1 AND idempotency_key = ?2";
        known = tx.first(find, params![job.upstream.name(), key], id)?;
    }
    if known.is_none() {
        known = tx.first("SELECT id FROM jobs WHERE id = ?1", [job.id.bytes()], id)?;
    }
    known.map(|id| row::whole(tx.db, id)).transpose()
}

fn is_same(existing: &Job, job: &NewJob) -> bool {
    existing.upstream == job.upstream
        && existing.agent == job.agent
        && existing.action == job.action
        && existing.payload.says_the_same_as(&job.payload)
        && existing.after == job.after
        && inputs::are_same(&existing.inputs, &job.inputs)
}

/// The new job as its row has it: it need not be read back.
fn as_taken_in(tx: &Tx<'_>, job: &NewJob, new: NewRow) -> Result<Job, StoreError> {
    let NewRow { seq, state, mut wait } = new;
    if let Some(wait) = wait.as_mut().filter(|wait| wait.reason == WaitReason::Parents) {
        wait.detail = relatives::what_is_left(tx.db, seq)?;
    }
    Ok(Job {
        id: job.id,
        agent: job.agent.clone(),
        action: job.action.clone(),
        payload: job.payload.clone(),
        state,
        priority: job.priority,
        attempts: 0,
        max_attempts: *tx.policy.max_attempts.of(&job.agent),
        cost: Nanodollars::ZERO,
        unknown: Nanodollars::ZERO,
        held: Nanodollars::ZERO,
        team: Nanodollars::ZERO,
        max_cost: job.max_cost,
        calls: 0,
        waiting_for: wait,
        result: None,
        error: None,
        progress: None,
        progress_line: None,
        tags: job.tags.clone(),
        after: job.after.clone(),
        lead: None,
        root: None,
        schedule: job.schedule.clone(),
        inputs: inputs::told(&job.inputs),
        economy: job.economy,
        upstream: job.upstream,
        plugin_digest: None,
        created_at: tx.now,
        run_at: job.run_at,
        started_at: None,
        finished_at: None,
        lease: 0,
    })
}

/// Writes a new job's rows, whether there is room for it or not.
pub(crate) fn insert(tx: &mut Tx<'_>, job: &NewJob, parents: &Parents) -> Result<NewRow, StoreError> {
    let later = job.run_at.filter(|run_at| *run_at > tx.now);
    let wait = match later {
        // What it waits for is told when it is tied to them.
        _ if parents.left > 0 => Some(parents::WAIT),
        Some(time) => Some(transition::until_its_time(tx, time)),
        None => None,
    };
    let state = if wait.is_some() { JobState::Scheduled } else { JobState::Queued };
    tx.run(
        "INSERT INTO jobs (id, agent, action, upstream, state, priority, ready_at, due_at, wait_reason,
             wait_detail, max_attempts, max_cost, tags, idempotency_key, created_at, run_at, parents,
             parents_left, schedule, economy)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        params![
            job.id.bytes(),
            job.agent,
            job.action,
            job.upstream.name(),
            state.name(),
            job.priority.rank(),
            later.unwrap_or(tx.now).micros(),
            wait.as_ref().and_then(|wait| wait.until).map(Timestamp::micros),
            wait.as_ref().map(|wait| wait.reason.name()),
            wait.as_ref().map(|wait| wait.detail.as_str()),
            tx.policy.max_attempts.of(&job.agent),
            job.max_cost.get(),
            texts(&job.tags),
            job.idempotency_key,
            tx.now.micros(),
            job.run_at.map(Timestamp::micros),
            parents::ids(&job.after),
            parents.left,
            job.schedule,
            job.economy,
        ],
    )?;
    let seq = tx.db.last_row();
    tx.run("INSERT INTO job_bodies (seq, payload) VALUES (?1, ?2)", params![seq, job.payload.as_str()])?;
    parents::tie(tx, seq, parents)?;
    inputs::tie(tx, seq, &job.inputs)?;
    for tag in &job.tags {
        tx.run("INSERT INTO job_tags (tag, job) VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![tag, seq])?;
    }
    tx.tell(Some(job.id), EventKind::Job { state, agent: job.agent.clone() });
    Ok(NewRow { seq, state, wait })
}
