//! Moves of a job from state to state: every one goes through `JobState::after` and tells of itself.

use crate::StoreError;
use crate::engine::{number, params};
use crate::rules::jobs::parents;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::turns;
use crate::rules::questions::ending;
use crate::rules::team::follow;
use crate::rules::tx::Tx;
use anvil_types::{EventKind, JobError, JobEvent, JobState, Lease, Timestamp, Wait, WaitReason};
use std::time::Duration;

/// Jobs that are parked for a reason.
pub(crate) const PARKED: &str =
    select_heads!("INDEXED BY jobs_parked WHERE state = 'parked' AND upstream = ?1 AND wait_reason = ?2");

/// Jobs of an agent that are parked for a reason.
pub(crate) const PARKED_OF_AGENT: &str = select_heads!(
    "INDEXED BY jobs_parked WHERE state = 'parked' AND upstream = ?1 AND wait_reason = ?2 AND agent = ?3"
);
/// Jobs whose time has come; no more at once than one commit bears, the next claim takes the rest.
pub(crate) const DUE: &str =
    select_heads!("WHERE upstream = ?1 AND due_at IS NOT NULL AND due_at <= ?2 ORDER BY due_at LIMIT 200");
/// Jobs whose lease has run out.
pub(crate) const EXPIRED: &str =
    select_heads!("INDEXED BY jobs_leased WHERE state = 'running' AND upstream = ?1 AND lease_until <= ?2");

/// What a move writes beside the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Move<'a> {
    /// What the job waits for now.
    pub(crate) wait: Option<&'a Wait>,
    /// Why the attempt, or the job, failed.
    pub(crate) error: Option<&'a JobError>,
}

/// Moves a job, and those that come after it, that it leads and that lead it where this is its end; answers the state that it is in now.
/// Whatever it waited for is gone, and so is its hold on a lease.
pub(crate) fn go(
    tx: &mut Tx<'_>,
    job: &JobHead,
    event: JobEvent,
    with: &Move<'_>,
) -> Result<JobState, StoreError> {
    let state = step(tx, job, event, with)?;
    if state.is_final() {
        parents::follow(tx, job, state)?;
        follow::ended(tx, job, state)?;
    }
    Ok(state)
}

/// Stops a job, for one of the many ways to ask for that. The lease's number rises, so that a running attempt writes
/// nothing more, its settlements excepted.
pub(crate) fn stop(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    tx.run("UPDATE jobs SET lease = ?2 WHERE seq = ?1", params![job.seq, number(job.lease + 1)])?;
    go(tx, job, JobEvent::Cancel, &Move::default()).map(drop)
}

/// Moves this one job alone. The attempt that is open ends with what ends one.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    job: &JobHead,
    event: JobEvent,
    with: &Move<'_>,
) -> Result<JobState, StoreError> {
    let state = job.state.after(event)?;
    let finished = state.is_final().then_some(tx.now.micros());
    let ends = event.ends_attempt() && job.attempts.open;
    if ends {
        note_end(tx, job, with.error)?;
    }
    tx.run(
        "UPDATE jobs SET state = ?2, due_at = ?3, wait_reason = ?4, wait_detail = ?5, lease_until = NULL,
             error_kind = CASE WHEN ?9 THEN NULL ELSE coalesce(?6, error_kind) END,
             error_message = CASE WHEN ?9 THEN NULL ELSE coalesce(?7, error_message) END,
             attempt_open = CASE WHEN ?10 THEN 0 ELSE attempt_open END,
             crashes = CASE WHEN ?10 THEN 0 ELSE crashes END,
             troubles = CASE WHEN ?10 THEN 0 ELSE troubles END,
             written = CASE WHEN ?10 THEN 0 ELSE written END,
             finished_at = ?8
         WHERE seq = ?1",
        params![
            job.seq,
            state.name(),
            with.wait.and_then(|wait| wait.until).map(Timestamp::micros),
            with.wait.map(|wait| wait.reason.name()),
            with.wait.map(|wait| wait.detail.as_str()),
            with.error.map(|error| error.kind.as_str()),
            with.error.map(|error| error.message.as_str()),
            finished,
            // One that succeeds leaves no error of an earlier attempt.
            event == JobEvent::Succeed,
            ends,
        ],
    )?;
    tx.tell(Some(job.id), EventKind::Job { state, agent: job.agent.clone() });
    if state.is_final() {
        ending::withdraw(tx, job)?;
    }
    Ok(state)
}

/// What a job waits for whose `run_at` is still to come.
pub(crate) fn until_its_time(tx: &Tx<'_>, time: Timestamp) -> Wait {
    Wait {
        reason: WaitReason::Schedule,
        detail: format!("waits for its time, {}", tx.policy.windows().local(time)),
        until: Some(time),
        refused_at: None,
    }
}

/// Notes when and how the open attempt ended; the job's own row is not written.
fn note_end(tx: &Tx<'_>, job: &JobHead, error: Option<&JobError>) -> Result<(), StoreError> {
    tx.run(
        "UPDATE attempts SET ended_at = ?3, error_kind = ?4, error_message = ?5 WHERE job = ?1 AND number = ?2",
        params![
            job.seq,
            job.attempts.counted,
            tx.now.micros(),
            error.map(|error| error.kind.as_str()),
            error.map(|error| error.message.as_str()),
        ],
    )
    .map(drop)
}

/// Puts jobs of this host's upstream that are parked for one of these reasons back into the queue; of one
/// agent where that is given. Answers how many.
pub(crate) fn resume(
    tx: &mut Tx<'_>,
    reasons: &[WaitReason],
    agent: Option<&str>,
) -> Result<u64, StoreError> {
    let mut resumed = 0;
    let upstream = tx.policy.upstream.name();
    if reasons.contains(&WaitReason::AgentMissing) {
        turns::agent_came(tx, agent)?;
    }
    for reason in reasons {
        let parked = match agent {
            Some(agent) => heads(tx, PARKED_OF_AGENT, params![upstream, reason.name(), agent])?,
            None => heads(tx, PARKED, [upstream, reason.name()])?,
        };
        for job in &parked {
            go(tx, job, JobEvent::Resume, &Move::default())?;
            resumed += 1;
        }
    }
    Ok(resumed)
}

/// Moves scheduled and parked jobs whose time has come into the queue: of this host's upstream, since the
/// time of another is another. A few of those that come after them move along, and the next step takes the rest.
pub(crate) fn promote(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let due = heads(tx, DUE, params![tx.policy.upstream.name(), tx.now.micros()])?;
    let mut left = parents::AT_ONCE;
    for job in &due {
        let Some(others) = left.checked_sub(1) else { break };
        left = others;
        let comes_after = matches!(job.state, JobState::Scheduled | JobState::Failed);
        if comes_after && parents::look_again(tx, job, &mut left)? {
            continue;
        }
        let event = if job.state == JobState::Scheduled { JobEvent::Due } else { JobEvent::Resume };
        go(tx, job, event, &Move::default())?;
    }
    Ok(())
}

/// Takes over jobs whose lease has run out: whoever had it stalled. Those of `alive` go on.
pub(crate) fn take_over_expired(
    tx: &mut Tx<'_>,
    alive: &[Lease],
    lease_for: Duration,
) -> Result<(), StoreError> {
    let lost = heads(tx, EXPIRED, params![tx.policy.upstream.name(), tx.now.micros()])?;
    for job in &lost {
        if alive.iter().any(|lease| lease.job == job.id && lease.number == job.lease) {
            let until = (tx.now + lease_for).micros();
            tx.run("UPDATE jobs SET lease_until = ?2 WHERE seq = ?1", params![job.seq, until])?;
            continue;
        }
        tracing::warn!(job = %job.id, "a lease ran out; the job goes back into the queue");
        go(tx, job, JobEvent::LeaseLost, &Move::default())?;
    }
    Ok(())
}
