//! A person changes a job that waits.

use crate::engine::{params, texts};
use crate::rules::audit;
use crate::rules::batches::find;
use crate::rules::jobs::row::{self, JobHead};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::money::tree;
use crate::rules::questions::list;
use crate::rules::team::follow;
use crate::rules::tx::Tx;
use crate::{JobEdit, Start, StoreError};
use anvil_types::{EventKind, Job, JobEvent, JobId, JobState, Json, Nanodollars, Timestamp, WaitReason};

/// Changes a job. Everything that can refuse it is asked before anything is written.
pub(crate) fn edit(tx: &mut Tx<'_>, id: JobId, edit: &JobEdit, by: &str) -> Result<Job, StoreError> {
    let head = JobHead::find(tx, id)?;
    let job = row::whole(tx.db, id)?;
    check(tx, &head, &job, edit)?;
    if let Some(priority) = edit.priority {
        tx.run("UPDATE jobs SET priority = ?2 WHERE seq = ?1", params![head.seq, priority.rank()])?;
        follow::priority(tx, head.seq, priority)?;
    }
    if let Some(max_cost) = edit.max_cost {
        tx.run("UPDATE jobs SET max_cost = ?2 WHERE seq = ?1", params![head.seq, max_cost.get()])?;
    }
    if let Some(payload) = &edit.payload {
        tx.run("UPDATE job_bodies SET payload = ?2 WHERE seq = ?1", params![head.seq, payload.as_str()])?;
    }
    if let Some(tags) = &edit.tags {
        put_tags(tx, head.seq, tags)?;
        for led in follow::all_below(tx, head.seq)? {
            put_tags(tx, led, tags)?;
        }
    }
    let moved = match edit.start {
        Some(start) => put_start(tx, &head, &job, start)?,
        None => false,
    };
    if !moved {
        // A move tells of itself.
        tx.tell(Some(id), EventKind::Job { state: head.state, agent: head.agent.clone() });
    }
    audit::note(tx, by, "job.edit", &format!("{id} {}", told(edit)))?;
    row::whole(tx.db, id)
}

fn check(tx: &Tx<'_>, head: &JobHead, job: &Job, edit: &JobEdit) -> Result<(), StoreError> {
    let refused = |why: String| Err(StoreError::NotEditable { job: job.id, why });
    if edit.is_empty() {
        return Err(StoreError::BadChange(
            "nothing is to be changed; name at least one of priority, run_at, tags, max_cost_usd and payload"
                .to_owned(),
        ));
    }
    match job.state {
        JobState::Scheduled | JobState::Queued | JobState::Parked => {}
        JobState::Running => {
            return refused(
                "is running, and only a job that waits can be edited; cancel it and duplicate it".to_owned(),
            );
        }
        state => {
            return refused(format!(
                "is {state}, and only a job that waits can be edited; duplicate it with the changes"
            ));
        }
    }
    if edit.start.is_some() && job.state == JobState::Parked {
        return refused(
            "is parked: it has begun, and goes on when what it waits for is gone, so that it takes no run_at; \
             cancel it and duplicate it with one"
                .to_owned(),
        );
    }
    if edit.payload.is_some()
        && let Some(lead) = job.lead
    {
        return refused(format!("is done for job {lead}, which asked for just this payload"));
    }
    if edit.payload.is_some() && is_journalled(tx, head.seq)? {
        return refused(format!(
            "is {} with paid work or questions to people that belong to its payload; cancel it and duplicate it with \
             another",
            job.state
        ));
    }
    if edit.payload.is_some() && find::has_any(tx.db, job.id)? {
        return refused(format!(
            "is {} with a call in a batch, or gathered for one, that belongs to its payload; cancel it and duplicate it \
             with another",
            job.state
        ));
    }
    match edit.max_cost {
        Some(most) if most <= Nanodollars::ZERO => {
            Err(StoreError::BadChange("max_cost_usd must be above 0".to_owned()))
        }
        // What is unknown is a part of the cost.
        Some(most) if most < job.cost + job.held + job.team => {
            let led = match job.team {
                Nanodollars::ZERO => String::new(),
                team => format!(", and the jobs that it leads take {team}"),
            };
            Err(StoreError::BadChange(format!(
                "max_cost_usd cannot be {most}: job {} has spent {} and holds {} already{led}",
                job.id, job.cost, job.held
            )))
        }
        Some(most) => check_lead(tx, head, job, most),
        None => Ok(()),
    }
}

/// What a led job may spend is set aside of what its lead may.
fn check_lead(tx: &Tx<'_>, head: &JobHead, job: &Job, most: Nanodollars) -> Result<(), StoreError> {
    let Some(lead) = head.lead else { return Ok(()) };
    let (more, left) = (most.less(job.max_cost), tree::left(tx.db, lead)?);
    if more > left {
        return Err(StoreError::BadChange(format!(
            "max_cost_usd cannot be {most}: the job that leads {} has {left} left beside the {} that it may spend now",
            job.id, job.max_cost
        )));
    }
    Ok(())
}

fn is_journalled(tx: &Tx<'_>, seq: i64) -> Result<bool, StoreError> {
    let found = tx.first("SELECT 1 FROM journal WHERE job = ?1 LIMIT 1", [seq], |_| Ok(()))?;
    Ok(found.is_some() || list::has_asked(tx.db, seq)?)
}

fn put_tags(tx: &Tx<'_>, seq: i64, tags: &[String]) -> Result<(), StoreError> {
    tx.run("UPDATE jobs SET tags = ?2 WHERE seq = ?1", params![seq, texts(tags)])?;
    tx.run("DELETE FROM job_tags WHERE job = ?1", [seq])?;
    for tag in tags {
        tx.run("INSERT INTO job_tags (tag, job) VALUES (?1, ?2) ON CONFLICT DO NOTHING", params![tag, seq])?;
    }
    Ok(())
}

/// Gives a job another time. Answers whether it moved for that.
fn put_start(tx: &mut Tx<'_>, head: &JobHead, job: &Job, start: Start) -> Result<bool, StoreError> {
    let run_at = match start {
        Start::Now => None,
        Start::At(time) => Some(time),
    };
    tx.run("UPDATE jobs SET run_at = ?2 WHERE seq = ?1", params![head.seq, run_at.map(Timestamp::micros)])?;
    // Its time counts when the last of the jobs that it comes after has succeeded.
    if job.waiting_for.as_ref().is_some_and(|wait| wait.reason == WaitReason::Parents) {
        return Ok(false);
    }
    let later = run_at.filter(|run_at| *run_at > tx.now);
    if later.is_none() && job.state == JobState::Queued {
        // It keeps its place.
        return Ok(false);
    }
    let ready = later.unwrap_or(tx.now).micros();
    tx.run("UPDATE jobs SET ready_at = ?2 WHERE seq = ?1", params![head.seq, ready])?;
    match later.map(|time| transition::until_its_time(tx, time)) {
        Some(wait) => {
            transition::go(tx, head, JobEvent::PutOff, &Move { wait: Some(&wait), ..Move::default() })
        }
        None => transition::go(tx, head, JobEvent::Due, &Move::default()),
    }?;
    Ok(true)
}

/// What changed, for the audit; of a payload only that it did.
fn told(edit: &JobEdit) -> String {
    let mut parts = Vec::new();
    parts.extend(edit.priority.map(|priority| format!("priority={priority}")));
    parts.extend(edit.start.map(|start| match start {
        Start::Now => "run_at=now".to_owned(),
        Start::At(time) => format!("run_at={time}"),
    }));
    parts.extend(edit.tags.as_ref().map(|tags| format!("tags={}", Json::of(tags))));
    parts.extend(edit.max_cost.map(|most| format!("max_cost={most}")));
    parts.extend(edit.payload.as_ref().map(|_| "payload".to_owned()));
    parts.join(" ")
}
