//! Jobs after jobs: a child waits until all of its parents have succeeded, and fails with the first of
//! them that does not.
//!
//! `parents_left` counts the parents that have not succeeded. It is moved in the transaction that ends a
//! parent, so nobody ever looks for children that may start.

use super::artifacts;
use super::columns::{Columns, Id, all, first};
use super::job_row::{JobHead, heads, select_heads};
use super::moves::{self, Move};
use super::tx::Tx;
use crate::StoreError;
use anvil_types::{
    JobError, JobEvent, JobId, JobState, NewJob, ParentResult, Relative, Relatives, Timestamp, UpstreamKind,
    Wait, WaitReason,
};
use rusqlite::{Connection, Row, params};

/// The kind of a job's error where a job that it comes after did not succeed.
const PARENT_FAILED: &str = "parent-failed";
/// What a job waits for that has parents; which, is told when it is tied to them.
pub(super) const WAIT: Wait =
    Wait { reason: WaitReason::Parents, detail: String::new(), until: None, refused_at: None };
/// How many of the jobs that a job waits for are named.
const NAMED: usize = 3;
/// The most children that a job's page shows.
const SHOWN: u32 = 200;

/// Children that wait for a parent.
pub(super) const WAITING: &str = select_heads!(
    "WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND state = 'scheduled' AND wait_reason = 'parents' ORDER BY seq"
);
/// Children that failed since a parent did. One that ran has no parent left that did not succeed.
pub(super) const FAILED: &str = select_heads!(
    "WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)
         AND state = 'failed' AND parents_left > 0 ORDER BY seq"
);
/// One parent fewer, whatever became of the children.
pub(super) const COUNT_DOWN: &str = "UPDATE jobs SET parents_left = parents_left - 1
     WHERE seq IN (SELECT child FROM job_parents WHERE parent = ?1)";
/// The parents of a job that have not succeeded, the oldest first.
pub(super) const UNMET: &str = "SELECT p.id, p.state, p.error_kind FROM job_parents
     CROSS JOIN jobs p ON p.seq = parent WHERE child = ?1 AND p.state <> 'succeeded'
     ORDER BY parent";
/// A job's children, the oldest first.
pub(super) const CHILDREN: &str = "SELECT c.id, c.agent, c.action, c.state FROM job_parents
     CROSS JOIN jobs c ON c.seq = child WHERE parent = (SELECT seq FROM jobs WHERE id = ?1)
     ORDER BY child LIMIT ?2";
/// A parent as its child sees it.
pub(super) const RESULT: &str = "SELECT j.agent, b.result FROM jobs j JOIN job_bodies b ON b.seq = j.seq
     WHERE j.id = ?1 AND j.state = 'succeeded'";

/// The parents of a new job, checked: their places, and how many of them have not succeeded.
pub(super) struct Parents {
    seqs: Vec<i64>,
    pub(super) left: u32,
}

/// Looks at the jobs that a new one is to come after.
pub(super) fn check(tx: &Tx<'_>, job: &NewJob) -> Result<Parents, StoreError> {
    let mut parents = Parents { seqs: Vec::with_capacity(job.after.len()), left: 0 };
    for id in &job.after {
        let bad = |why: String| StoreError::BadParent { parent: *id, why };
        let found = tx.first("SELECT seq, state, upstream FROM jobs WHERE id = ?1", [id.bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.word::<JobState>("state")?, row.word::<UpstreamKind>("upstream")?))
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
pub(super) fn of_history(tx: &Tx<'_>, after: &[JobId]) -> Result<Parents, StoreError> {
    let mut parents = Parents { seqs: Vec::with_capacity(after.len()), left: 0 };
    for id in after {
        let found = tx.first("SELECT seq, state FROM jobs WHERE id = ?1", [id.bytes()], |row| {
            Ok((row.get::<_, i64>(0)?, row.word::<JobState>("state")?))
        })?;
        let Some((seq, state)) = found else { continue };
        parents.left += u32::from(state != JobState::Succeeded);
        parents.seqs.push(seq);
    }
    Ok(parents)
}

/// Ties a finished job to its parents: it follows their retry as any other.
pub(super) fn tie_history(tx: &Tx<'_>, child: i64, parents: &Parents) -> Result<(), StoreError> {
    for parent in &parents.seqs {
        tx.run("INSERT INTO job_parents (child, parent) VALUES (?1, ?2)", params![child, parent])?;
    }
    Ok(())
}

/// Ties a new job to its parents, and lets it wait for them.
pub(super) fn tie(tx: &Tx<'_>, child: i64, parents: &Parents) -> Result<(), StoreError> {
    tie_history(tx, child, parents)?;
    if parents.left > 0 {
        say_what_is_left(tx, child)?;
    }
    Ok(())
}

/// The ids of parents as the job's row keeps them.
pub(super) fn ids(after: &[JobId]) -> Option<Vec<u8>> {
    (!after.is_empty()).then(|| after.iter().flat_map(|id| id.bytes()).collect())
}

/// Reads what [`ids`] wrote.
pub(super) fn read_ids(row: &Row<'_>) -> rusqlite::Result<Vec<JobId>> {
    let Some(bytes) = row.get_ref("parents")?.as_blob_or_null()? else { return Ok(Vec::new()) };
    let whole = bytes.chunks_exact(16).filter_map(|chunk| <[u8; 16]>::try_from(chunk).ok());
    Ok(whole.map(JobId::from_bytes).collect())
}

/// A job came to its end: its children may start, or fail with it, and theirs with them.
pub(super) fn follow(tx: &mut Tx<'_>, job: &JobHead, state: JobState) -> Result<(), StoreError> {
    if state == JobState::Succeeded {
        if tx.run(COUNT_DOWN, [job.seq])? > 0 {
            for child in heads(tx, WAITING, [job.seq])? {
                go_on(tx, &child)?;
            }
        }
        return Ok(());
    }
    // A list and no recursion: a chain may be as long as the queue.
    let mut ended = vec![(job.clone(), state)];
    while let Some((parent, state)) = ended.pop() {
        for child in heads(tx, WAITING, [parent.seq])? {
            let error = blame(tx, &parent, state)?;
            let how = Move { error: Some(&error), ..Move::default() };
            let failed = moves::step(tx, &child, JobEvent::ParentFailed, &how)?;
            ended.push((child, failed));
        }
    }
    Ok(())
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

/// One parent fewer: the child starts when none is left, at its own time.
fn go_on(tx: &mut Tx<'_>, child: &JobHead) -> Result<(), StoreError> {
    let (left, run_at) = tx
        .first("SELECT parents_left, run_at FROM jobs WHERE seq = ?1", [child.seq], |row| {
            Ok((row.get::<_, i64>(0)?, row.maybe_time("run_at")?))
        })?
        .ok_or(StoreError::NoSuchJob(child.id))?;
    if left > 0 {
        return say_what_is_left(tx, child.seq);
    }
    release(tx, child, run_at)
}

/// Puts a job whose parents have all succeeded into the queue, or lets it wait for its time. Its place in
/// the queue is that of a job which comes now.
fn release(tx: &mut Tx<'_>, child: &JobHead, run_at: Option<Timestamp>) -> Result<(), StoreError> {
    let later = run_at.filter(|run_at| *run_at > tx.now);
    let ready = later.unwrap_or(tx.now).micros();
    tx.run("UPDATE jobs SET ready_at = ?2 WHERE seq = ?1", params![child.seq, ready])?;
    match later.map(|time| moves::until_its_time(tx, time)) {
        Some(wait) => {
            moves::step(tx, child, JobEvent::ParentsDone, &Move { wait: Some(&wait), ..Move::default() })
        }
        None => moves::step(tx, child, JobEvent::Due, &Move::default()),
    }
    .map(drop)
}

struct Unmet {
    id: JobId,
    state: JobState,
    kind: Option<String>,
}

fn unmet(tx: &Tx<'_>, child: i64) -> Result<Vec<Unmet>, StoreError> {
    tx.all(UNMET, [child], |row| {
        Ok(Unmet { id: row.id("id")?, state: row.word("state")?, kind: row.get("error_kind")? })
    })
}

fn say_what_is_left(tx: &Tx<'_>, child: i64) -> Result<(), StoreError> {
    let detail = comes_after(&unmet(tx, child)?);
    tx.run("UPDATE jobs SET wait_detail = ?2 WHERE seq = ?1", params![child, detail]).map(drop)
}

fn comes_after(unmet: &[Unmet]) -> String {
    let named: Vec<_> = unmet.iter().take(NAMED).map(|parent| parent.id.to_string()).collect();
    let more = match unmet.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match unmet.len() {
        1 => format!("comes after job {}, which has not succeeded yet", named.join(", ")),
        count => format!("comes after {count} jobs that have not succeeded yet: {}{more}", named.join(", ")),
    }
}

/// A person runs a job again that waits for parents: it waits for them anew. Refused where one of them
/// has failed, since that one comes first. Answers whether the job waits.
pub(super) fn wait_again(tx: &mut Tx<'_>, job: &JobHead) -> Result<bool, StoreError> {
    let unmet = unmet(tx, job.seq)?;
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
    let wait = waits_for(&unmet);
    moves::step(tx, job, JobEvent::ParentRetried, &Move { wait: Some(&wait), ..Move::default() })?;
    Ok(true)
}

fn waits_for(unmet: &[Unmet]) -> Wait {
    Wait { reason: WaitReason::Parents, detail: comes_after(unmet), until: None, refused_at: None }
}

/// A job is run again: the children that failed with it wait for it anew, and theirs for them. One that
/// has another parent that failed goes on to tell of that one.
pub(super) fn revive(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let mut again = vec![job.clone()];
    while let Some(parent) = again.pop() {
        for child in heads(tx, FAILED, [parent.seq])? {
            let unmet = unmet(tx, child.seq)?;
            if let Some(other) = unmet.iter().find(|parent| parent.state.is_final()) {
                let error = failed_with(other.id, other.state, other.kind.as_deref());
                tx.run(
                    "UPDATE jobs SET error_message = ?2 WHERE seq = ?1",
                    params![child.seq, error.message],
                )?;
                continue;
            }
            let wait = waits_for(&unmet);
            moves::step(tx, &child, JobEvent::ParentRetried, &Move { wait: Some(&wait), ..Move::default() })?;
            tx.run("UPDATE jobs SET error_kind = NULL, error_message = NULL WHERE seq = ?1", [child.seq])?;
            again.push(child);
        }
    }
    Ok(())
}

/// What the parents of a job gave it, in the order in which it named them. They have all succeeded when
/// it runs, and what a finished job gave never changes.
pub(super) fn results(conn: &Connection, child: JobId) -> Result<Vec<ParentResult>, StoreError> {
    let mut results = Vec::new();
    for id in after(conn, child)? {
        let found = first(conn, RESULT, [id.bytes()], |row| {
            Ok((row.get("agent")?, row.get_ref("result")?.as_str_or_null()?.map(str::to_owned)))
        })?;
        let Some((agent, result)) = found else { continue };
        let result = result.unwrap_or_else(|| "null".to_owned());
        results.push(ParentResult {
            id,
            agent,
            result: result
                .parse()
                .map_err(|error| StoreError::Backend(Box::<serde_json::Error>::new(error)))?,
            artifacts: artifacts::list(conn, id)?,
        });
    }
    Ok(results)
}

fn after(conn: &Connection, child: JobId) -> Result<Vec<JobId>, StoreError> {
    let ids = first(conn, "SELECT parents FROM jobs WHERE id = ?1", [child.bytes()], read_ids)?;
    ids.ok_or(StoreError::NoSuchJob(child))
}

/// The jobs beside a job.
pub(super) fn relatives(conn: &Connection, job: JobId) -> Result<Relatives, StoreError> {
    let mut relatives = Relatives::default();
    for id in after(conn, job)? {
        let select = "SELECT id, agent, action, state FROM jobs WHERE id = ?1";
        relatives.after.extend(first(conn, select, [id.bytes()], relative)?);
    }
    relatives.followed_by = all(conn, CHILDREN, params![job.bytes(), SHOWN], relative)?;
    Ok(relatives)
}

fn relative(row: &Row<'_>) -> rusqlite::Result<Relative> {
    Ok(Relative {
        id: row.id("id")?,
        agent: row.get("agent")?,
        action: row.get("action")?,
        state: row.word("state")?,
    })
}
