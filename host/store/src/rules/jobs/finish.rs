//! How an attempt ends: finished, parked, cancelled; and a person's retry.

use crate::engine::params;
use crate::rules::audit;
use crate::rules::batches::find;
use crate::rules::jobs::row::{self, JobHead};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::jobs::{enqueue, journal, parents, trouble};
use crate::rules::money::spend;
use crate::rules::questions::closing;
use crate::rules::team::{follow, retry};
use crate::rules::tx::Tx;
use crate::{Finish, LostLeases, StoreError};
use anvil_types::words::JobFault;
use anvil_types::{
    AfterFailure, Job, JobError, JobEvent, JobId, JobState, Json, Lease, Nanodollars, Timestamp,
    UpstreamKind, Wait, WaitReason,
};
use std::time::Duration;

/// Keeps leases alive, and tells which are lost.
pub(crate) fn heartbeat(
    tx: &mut Tx<'_>,
    leases: &[Lease],
    lease_for: Duration,
) -> Result<LostLeases, StoreError> {
    let mut lost = LostLeases::default();
    let until = (tx.now + lease_for).micros();
    for lease in leases {
        match JobHead::find(tx, lease.job) {
            Ok(job) if job.is_under(*lease) => {
                tx.run("UPDATE jobs SET lease_until = ?2 WHERE seq = ?1", params![job.seq, until])?;
            }
            Ok(job) if job.state == JobState::Cancelled => lost.cancelled.push(lease.job),
            Ok(_) | Err(StoreError::NoSuchJob(_)) => lost.taken_over.push(lease.job),
            Err(error) => return Err(error),
        }
    }
    Ok(lost)
}

/// Ends an attempt.
pub(crate) fn finish(tx: &mut Tx<'_>, lease: Lease, finish: &Finish) -> Result<JobState, StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    match finish {
        Finish::Succeeded { result } => succeed(tx, &job, result),
        Finish::Retry { error, at } => match job.attempts.after_failure(&error.kind) {
            AfterFailure::Retry => retry_later(tx, &job, error, *at),
            AfterFailure::GiveUp => fail_by_guest(tx, &job, error),
        },
        Finish::Failed { error } => fail_by_guest(tx, &job, error),
        Finish::Released => transition::go(tx, &job, JobEvent::LeaseLost, &Move::default()),
        Finish::Trouble { why } => trouble::set_aside(tx, &job, why),
    }
}

fn succeed(tx: &mut Tx<'_>, job: &JobHead, result: &Json) -> Result<JobState, StoreError> {
    tx.run("UPDATE job_bodies SET result = ?2 WHERE seq = ?1", params![job.seq, result.as_str()])?;
    transition::go(tx, job, JobEvent::Succeed, &Move::default())
}

fn retry_later(
    tx: &mut Tx<'_>,
    job: &JobHead,
    error: &JobError,
    at: Timestamp,
) -> Result<JobState, StoreError> {
    retry::after_failure(tx, job)?;
    let wait = Wait {
        reason: WaitReason::Backoff,
        detail: format!(
            "attempt {} of {} failed ({}); the next begins {}",
            job.attempts.counted,
            job.attempts.most,
            error.kind,
            tx.policy.windows().local(at)
        ),
        until: Some(at),
        refused_at: None,
    };
    transition::go(tx, job, JobEvent::AttemptFailed, &Move { wait: Some(&wait), error: Some(error) })
}

fn fail_by_guest(tx: &mut Tx<'_>, job: &JobHead, error: &JobError) -> Result<JobState, StoreError> {
    retry::after_last_failure(tx, job)?;
    fail(tx, job, error)
}

/// Gives a job up.
pub(crate) fn fail(tx: &mut Tx<'_>, job: &JobHead, error: &JobError) -> Result<JobState, StoreError> {
    transition::go(tx, job, JobEvent::Fail, &Move { error: Some(error), ..Move::default() })
}

/// Puts a running job aside until its reason to wait is gone; back into the queue where it is gone
/// already, so that nothing waits for what has happened.
pub(crate) fn park(tx: &mut Tx<'_>, lease: Lease, wait: &Wait) -> Result<(), StoreError> {
    let mut job = JobHead::fenced(tx, lease)?;
    job.state = transition::go(tx, &job, JobEvent::Park, &Move { wait: Some(wait), ..Move::default() })?;
    let upstream = upstream_of(tx, &job)?;
    let gone = match wait.reason {
        WaitReason::Brake => tx.policy.causes(upstream).is_empty(),
        WaitReason::Holds => spend::held(tx, upstream)? == Nanodollars::ZERO,
        // What it asked may have come back already.
        WaitReason::Batch => !find::has_any(tx.db, job.id)?,
        // An agent that came after it was looked for, while the job was still on its way here.
        WaitReason::AgentMissing => {
            let came = [job.agent.as_str(), ""].map(|name| tx.policy.turns.agents_at.get(name).copied());
            wait.refused_at.is_some_and(|refused| came.into_iter().flatten().any(|came| came >= refused))
        }
        _ => false,
    };
    // A limit that was changed after the refusal, while the job was still on its way here.
    let changed = wait.refused_at.is_some_and(|refused| tx.policy.turns.room_at > refused);
    let gone =
        gone || changed && matches!(wait.reason, WaitReason::Money | WaitReason::Holds | WaitReason::Pace);
    if gone {
        transition::go(tx, &job, JobEvent::Resume, &Move::default())?;
    }
    Ok(())
}

fn upstream_of(tx: &Tx<'_>, job: &JobHead) -> Result<UpstreamKind, StoreError> {
    tx.first("SELECT upstream FROM jobs WHERE seq = ?1", [job.seq], |row| row.word("upstream"))?
        .ok_or(StoreError::NoSuchJob(job.id))
}

/// Stops a job, whatever it does, and all that it leads.
pub(crate) fn cancel(tx: &mut Tx<'_>, id: JobId, by: &str) -> Result<Job, StoreError> {
    let job = JobHead::find(tx, id)?;
    transition::stop(tx, &job)?;
    audit::note(tx, by, "job.cancel", &id.to_string())?;
    row::whole(tx.db, id)
}

/// Puts a parked job back into the queue by a person's hand, whatever it waits for: it is judged anew.
pub(crate) fn resume_one(tx: &mut Tx<'_>, id: JobId, by: &str) -> Result<Job, StoreError> {
    let job = JobHead::find(tx, id)?;
    resume(tx, &job)?;
    audit::note(tx, by, "job.resume", &id.to_string())?;
    row::whole(tx.db, id)
}

/// Puts a parked job back into the queue, for one of the many ways to ask for that.
pub(crate) fn resume(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    transition::go(tx, job, JobEvent::Resume, &Move::default()).map(drop)
}

/// Runs a failed or cancelled job again, with as many attempts as a new one, and with it those that failed
/// since they come after it, or that it leads. What was paid stays; the reply that the guest failed on is asked for anew. It runs
/// on the version that is in force when it begins, which is answered from the journal as far as it asks the same.
pub(crate) fn retry(tx: &mut Tx<'_>, id: JobId, by: &str) -> Result<Job, StoreError> {
    let job = JobHead::find(tx, id)?;
    follow::is_run_with_its_lead(tx, &job)?;
    if job.state.is_final() {
        enqueue::room_again(tx, &row::whole(tx.db, id)?)?;
    }
    again(tx, &job)?;
    audit::note(tx, by, "job.retry", &id.to_string())?;
    row::whole(tx.db, id)
}

/// Runs a job again, for one of the many ways to ask for that.
pub(crate) fn again(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    if !parents::wait_again(tx, job)? {
        transition::go(tx, job, JobEvent::RetryByPerson, &Move::default())?;
    }
    let kind: Option<String> =
        tx.first("SELECT error_kind FROM jobs WHERE seq = ?1", [job.seq], |row| row.get(0))?.flatten();
    let is_guests = job.state == JobState::Failed && kind.as_deref() != Some(JobFault::POISON);
    retry::by_person(tx, job, is_guests)?;
    if is_guests {
        closing::ask_anew(tx, job)?;
        journal::drop_refusals(tx, job.seq)?;
    }
    let attempts = job.attempts.run_again(*tx.policy.max_attempts.of(&job.agent));
    tx.run(
        "UPDATE jobs SET max_attempts = ?2, crashes = 0, troubles = 0, ready_at = ?3,
             error_kind = NULL, error_message = NULL, ran_on = coalesce(plugin_digest, ran_on),
             plugin_digest = NULL, settings = NULL
         WHERE seq = ?1",
        params![job.seq, attempts.most, tx.now.micros()],
    )?;
    parents::revive(tx, job)
}
