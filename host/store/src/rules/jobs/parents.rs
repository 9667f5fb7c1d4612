//! Jobs after jobs: a child waits until all of its parents have succeeded, and fails with the first of
//! them that does not.
//!
//! `parents_left` counts the parents that have not succeeded. It is moved in the transaction that ends a
//! parent, so nobody ever looks for children that may start.

use crate::StoreError;
use crate::engine::{Id, params};
use crate::rules::jobs::relatives::unmet;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::tx::Tx;
use anvil_types::{JobError, JobEvent, JobId, JobState, NewJob, UpstreamKind, Wait, WaitReason};

/// The kind of a job's error where a job that it comes after did not succeed.
const PARENT_FAILED: &str = "parent-failed";
/// What a job waits for that has parents; which, is told from where those stand when it is read.
pub(crate) const WAIT: Wait =
    Wait { reason: WaitReason::Parents, detail: String::new(), until: None, refused_at: None };
/// How many children move in the step that ends a parent or runs it again; the rest follow in steps of their own,
/// so that nobody who writes waits for all of them.
pub(crate) const AT_ONCE: u32 = 200;

/// Children that wait for a parent. By the parent's few, and not by all that are scheduled (`+state`).
pub(crate) const WAITING: &str = select_heads!(
    "WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND +state = 'scheduled' AND wait_reason = 'parents' AND due_at IS NULL ORDER BY seq LIMIT ?2"
);
/// Children that have waited for a parent and wait for none any more.
pub(crate) const READY: &str = select_heads!(
    "WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND +state = 'scheduled' AND wait_reason = 'parents' AND parents_left = 0 AND due_at IS NULL
         ORDER BY seq LIMIT ?2"
);
/// Those that are left are looked at with what is due: at their time where their parents have succeeded.
pub(crate) const LATER: &str = "UPDATE jobs SET due_at = CASE WHEN parents_left = 0
         THEN max(coalesce(run_at, 0), ?2) ELSE ?2 END
     WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND +state = 'scheduled' AND wait_reason = 'parents' AND due_at IS NULL AND (parents_left = 0 OR ?3)";
/// Children that failed since a parent did. One that ran has no parent left that did not succeed.
pub(crate) const FAILED: &str = select_heads!(
    "WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND state = 'failed' AND parents_left > 0 ORDER BY seq LIMIT ?2"
);
/// Those that are left are looked at with what is due: only for this has a failed job a time.
pub(crate) const RISE_LATER: &str = "UPDATE jobs SET due_at = ?2
     WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND +state = 'failed' AND parents_left > 0";
/// One parent fewer, whatever became of the children.
pub(crate) const COUNT_DOWN: &str = "UPDATE jobs SET parents_left = parents_left - 1
     WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)";
/// The parents of a new job, checked: their places, and how many of them have not succeeded.
#[derive(Default)]
pub(crate) struct Parents {
    seqs: Vec<i64>,
    pub(crate) left: u32,
}

/// Looks at the jobs that a new one is to come after.
pub(crate) fn check(tx: &Tx<'_>, job: &NewJob) -> Result<Parents, StoreError> {
    let mut parents = Parents { seqs: Vec::with_capacity(job.after.len()), left: 0 };
    for id in &job.after {
        let bad = |why: String| StoreError::BadParent { parent: *id, why };
        let found = tx.first("SELECT seq, state, upstream FROM jobs WHERE id = ?1", [id.bytes()], |row| {
            Ok((row.get::<i64>(0)?, row.word::<JobState>("state")?, row.word::<UpstreamKind>("upstream")?))
        })?;
        let Some((seq, state, upstream)) = found else {
            return Err(bad("there is no such job".to_owned()));
        };
        if upstream != job.upstream {
            return Err(bad(format!(
                "it belongs to the {upstream} Claude, and this job to the {}",
                job.upstream
            )));
        }
        match state {
            JobState::Succeeded => {}
            JobState::Failed | JobState::Cancelled => {
                let is = if state == JobState::Failed { "it failed" } else { "it was cancelled" };
                return Err(bad(format!("{is}; run that one again first")));
            }
            _ => parents.left += 1,
        }
        parents.seqs.push(seq);
    }
    Ok(parents)
}

/// The parents of a finished job that comes from another host, as far as they are here.
pub(crate) fn of_history(tx: &Tx<'_>, after: &[JobId]) -> Result<Parents, StoreError> {
    let mut parents = Parents { seqs: Vec::with_capacity(after.len()), left: 0 };
    for id in after {
        let found = tx.first("SELECT seq, state FROM jobs WHERE id = ?1", [id.bytes()], |row| {
            Ok((row.get::<i64>(0)?, row.word::<JobState>("state")?))
        })?;
        let Some((seq, state)) = found else { continue };
        parents.left += u32::from(state != JobState::Succeeded);
        parents.seqs.push(seq);
    }
    Ok(parents)
}

/// Ties a finished job to its parents: it follows their retry as any other.
pub(crate) fn tie_history(tx: &Tx<'_>, child: i64, parents: &Parents) -> Result<(), StoreError> {
    for parent in &parents.seqs {
        tx.run("INSERT INTO job_parents (child, parent) VALUES (?1, ?2)", params![child, parent])?;
    }
    Ok(())
}

/// Ties a new job to its parents, and lets it wait for them.
pub(crate) fn tie(tx: &Tx<'_>, child: i64, parents: &Parents) -> Result<(), StoreError> {
    tie_history(tx, child, parents)
}

/// The ids of parents as the job's row keeps them.
pub(crate) fn ids(after: &[JobId]) -> Option<Vec<u8>> {
    (!after.is_empty()).then(|| after.iter().flat_map(|id| id.bytes()).collect())
}

/// A job came to its end: its children may start, or fail with it, and theirs with them.
pub(crate) fn follow(tx: &mut Tx<'_>, job: &JobHead, state: JobState) -> Result<(), StoreError> {
    let mut left = AT_ONCE;
    follow_within(tx, job, state, &mut left)
}

fn follow_within(tx: &mut Tx<'_>, job: &JobHead, state: JobState, left: &mut u32) -> Result<(), StoreError> {
    if state == JobState::Succeeded {
        if tx.run(COUNT_DOWN, [job.seq])? > 0 {
            let ready = heads(tx, READY, params![job.seq, AT_ONCE])?;
            for child in &ready {
                release(tx, child)?;
            }
            if ready.len() == AT_ONCE as usize {
                tx.run(LATER, params![job.seq, tx.now.micros(), false])?;
            }
        }
        return Ok(());
    }
    // A list and no recursion: a chain may be as long as the queue.
    let mut ended = vec![(job.clone(), state)];
    while let Some((parent, state)) = ended.pop() {
        let children = heads(tx, WAITING, params![parent.seq, *left])?;
        *left = left.saturating_sub(u32::try_from(children.len()).unwrap_or(*left));
        for child in children {
            let error = blame(tx, &parent, state)?;
            let how = Move { error: Some(&error), ..Move::default() };
            let failed = transition::step(tx, &child, JobEvent::ParentFailed, &how)?;
            ended.push((child, failed));
        }
        if *left == 0 {
            tx.run(LATER, params![parent.seq, tx.now.micros(), true])?;
        }
    }
    Ok(())
}

/// A job that comes after others and was left to be looked at later: it may start, or fails with a parent, or
/// waits on since that one is run again; one that failed with a parent waits for it anew. `left` is how many
/// others may move in this step. False where it waits for something else.
pub(crate) fn look_again(tx: &mut Tx<'_>, child: &JobHead, left: &mut u32) -> Result<bool, StoreError> {
    if child.state == JobState::Failed {
        if rise(tx, child)? {
            revive_within(tx, child, left)?;
        }
        return Ok(true);
    }
    let waits =
        tx.first("SELECT wait_reason, parents_left FROM jobs WHERE seq = ?1", [child.seq], |row| {
            Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?))
        })?;
    let Some((Some(reason), parents_left)) = waits else { return Ok(false) };
    if reason != WaitReason::Parents.name() {
        return Ok(false);
    }
    if parents_left == 0 {
        release(tx, child)?;
        return Ok(true);
    }
    let failed = unmet(tx.db, child.seq)?.into_iter().find(|parent| parent.state.is_final());
    match failed {
        Some(parent) => {
            let error = failed_with(parent.id, parent.state, parent.kind.as_deref());
            let how = Move { error: Some(&error), ..Move::default() };
            let failed = transition::step(tx, child, JobEvent::ParentFailed, &how)?;
            follow_within(tx, child, failed, left)?;
        }
        None => {
            tx.run("UPDATE jobs SET due_at = NULL WHERE seq = ?1", [child.seq])?;
        }
    }
    Ok(true)
}

fn blame(tx: &Tx<'_>, parent: &JobHead, state: JobState) -> Result<JobError, StoreError> {
    let kind: Option<String> =
        tx.first("SELECT error_kind FROM jobs WHERE seq = ?1", [parent.seq], |row| row.get(0))?.flatten();
    Ok(failed_with(parent.id, state, kind.as_deref()))
}

fn failed_with(parent: JobId, state: JobState, kind: Option<&str>) -> JobError {
    let how = match (state, kind) {
        (JobState::Cancelled, _) => "was cancelled".to_owned(),
        (_, Some(kind)) => format!("failed ({kind})"),
        (_, None) => "failed".to_owned(),
    };
    JobError {
        kind: PARENT_FAILED.to_owned(),
        message: format!(
            "job {parent}, which this one comes after, {how}; run that job again and this one follows by itself"
        ),
    }
}

/// Puts a job whose parents have all succeeded into the queue, or lets it wait for its time. Its place in
/// the queue is that of a job which comes now.
fn release(tx: &mut Tx<'_>, child: &JobHead) -> Result<(), StoreError> {
    let run_at = tx
        .first("SELECT run_at FROM jobs WHERE seq = ?1", [child.seq], |row| row.maybe_time("run_at"))?
        .flatten();
    let later = run_at.filter(|run_at| *run_at > tx.now);
    let ready = later.unwrap_or(tx.now).micros();
    tx.run("UPDATE jobs SET ready_at = ?2 WHERE seq = ?1", params![child.seq, ready])?;
    match later.map(|time| transition::until_its_time(tx, time)) {
        Some(wait) => {
            transition::step(tx, child, JobEvent::ParentsDone, &Move { wait: Some(&wait), ..Move::default() })
        }
        None => transition::step(tx, child, JobEvent::Due, &Move::default()),
    }
    .map(drop)
}

/// A person runs a job again that waits for parents: it waits for them anew. Refused where one of them
/// has failed, since that one comes first. Answers whether the job waits.
pub(crate) fn wait_again(tx: &mut Tx<'_>, job: &JobHead) -> Result<bool, StoreError> {
    let unmet = unmet(tx.db, job.seq)?;
    if let Some(parent) = unmet.iter().find(|parent| parent.state.is_final()) {
        let is = if parent.state == JobState::Failed { "failed" } else { "was cancelled" };
        return Err(StoreError::BadParent {
            parent: parent.id,
            why: format!("it {is}; run that one again, and this one follows by itself"),
        });
    }
    if unmet.is_empty() {
        return Ok(false);
    }
    transition::step(tx, job, JobEvent::ParentRetried, &Move { wait: Some(&WAIT), ..Move::default() })?;
    Ok(true)
}

/// A job is run again: the children that failed with it wait for it anew, and theirs for them.
pub(crate) fn revive(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let mut left = AT_ONCE;
    revive_within(tx, job, &mut left)
}

fn revive_within(tx: &mut Tx<'_>, job: &JobHead, left: &mut u32) -> Result<(), StoreError> {
    let mut again = vec![job.clone()];
    while let Some(parent) = again.pop() {
        let children = heads(tx, FAILED, params![parent.seq, *left])?;
        *left = left.saturating_sub(u32::try_from(children.len()).unwrap_or(*left));
        for child in children {
            if rise(tx, &child)? {
                again.push(child);
            }
        }
        if *left == 0 {
            tx.run(RISE_LATER, params![parent.seq, tx.now.micros()])?;
        }
    }
    Ok(())
}

/// A job that failed with a parent waits for its parents anew, or for its turn where they have all succeeded
/// meanwhile. One that has another parent that failed goes on to tell of that one, and rises not.
fn rise(tx: &mut Tx<'_>, child: &JobHead) -> Result<bool, StoreError> {
    let unmet = unmet(tx.db, child.seq)?;
    if let Some(other) = unmet.iter().find(|parent| parent.state.is_final()) {
        let error = failed_with(other.id, other.state, other.kind.as_deref());
        tx.run(
            "UPDATE jobs SET error_message = ?2, due_at = NULL WHERE seq = ?1",
            params![child.seq, error.message],
        )?;
        return Ok(false);
    }
    let how = Move { wait: Some(&WAIT), ..Move::default() };
    let state = transition::step(tx, child, JobEvent::ParentRetried, &how)?;
    tx.run("UPDATE jobs SET error_kind = NULL, error_message = NULL WHERE seq = ?1", [child.seq])?;
    if unmet.is_empty() {
        release(tx, &JobHead { state, ..child.clone() })?;
    }
    Ok(true)
}
