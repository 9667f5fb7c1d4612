//! The jobs beside a job: those that it comes after, what they gave it, and those that follow.

use crate::StoreError;
use crate::engine::{Db, Id, Row, params};
use crate::rules::jobs::artifacts;
use anvil_types::{JobId, JobState, Json, ParentResult, Relative, Relatives};

/// How many of the jobs that a job waits for are named.
const NAMED: usize = 3;
/// The most children that a job's page shows.
const SHOWN: u32 = 200;

/// The parents of a job that have not succeeded, the oldest first.
pub(crate) const UNMET: &str = "SELECT p.id, p.state, p.error_kind FROM job_parents
     CROSS JOIN jobs p ON p.seq = parent WHERE child = ?1 AND p.state <> 'succeeded'
     ORDER BY parent";
/// A job's children, the oldest first.
pub(crate) const CHILDREN: &str = "SELECT c.id, c.agent, c.action, c.state FROM job_parents
     CROSS JOIN jobs c ON c.seq = child WHERE parent = (SELECT seq FROM jobs WHERE id = ?1)
     ORDER BY child LIMIT ?2";
/// A parent as its child sees it.
pub(crate) const RESULT: &str = "SELECT j.agent, b.result FROM jobs j JOIN job_bodies b ON b.seq = j.seq
     WHERE j.id = ?1 AND j.state = 'succeeded'";

/// A parent that has not succeeded.
pub(crate) struct Unmet {
    pub(crate) id: JobId,
    pub(crate) state: JobState,
    pub(crate) kind: Option<String>,
}

/// The parents of a job that have not succeeded.
pub(crate) fn unmet(db: &Db, child: i64) -> Result<Vec<Unmet>, StoreError> {
    db.all(UNMET, [child], |row| {
        Ok(Unmet { id: row.id("id")?, state: row.word("state")?, kind: row.get("error_kind")? })
    })
}

/// What a job waits for that comes after others, in words.
pub(crate) fn what_is_left(db: &Db, child: i64) -> Result<String, StoreError> {
    Ok(comes_after(&unmet(db, child)?))
}

fn comes_after(unmet: &[Unmet]) -> String {
    let named: Vec<_> = unmet.iter().take(NAMED).map(|parent| parent.id.to_string()).collect();
    let more = match unmet.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match unmet.len() {
        0 => "the jobs that it comes after have succeeded; it starts at its time".to_owned(),
        1 => format!("comes after job {}, which has not succeeded yet", named.join(", ")),
        count => format!("comes after {count} jobs that have not succeeded yet: {}{more}", named.join(", ")),
    }
}

/// The most bytes that the results of a job's parents may have together: its guest, and the host that hands them
/// over, have them in memory.
const MOST_BYTES: u64 = 16 << 20;
/// How long the result of a parent is.
pub(crate) const LENGTH: &str = "SELECT coalesce(octet_length(b.result), 0)
     FROM jobs j JOIN job_bodies b ON b.seq = j.seq WHERE j.id = ?1 AND j.state = 'succeeded'";

/// What the parents of a job gave it, in the order in which it named them. They have all succeeded when
/// it runs, and what a finished job gave never changes.
pub(crate) fn results(db: &Db, child: JobId) -> Result<Vec<ParentResult>, StoreError> {
    let mut results = Vec::new();
    let ids = after(db, child)?;
    let mut bytes = 0_u64;
    for id in &ids {
        bytes = bytes.saturating_add(db.first(LENGTH, [id.bytes()], |row| row.count(0))?.unwrap_or(0));
        if bytes > MOST_BYTES {
            return Err(StoreError::TooMuchFromParents { most: MOST_BYTES });
        }
    }
    for id in ids {
        let found = db.first(RESULT, [id.bytes()], |row| {
            Ok((row.get("agent")?, row.maybe_text("result")?.map(str::to_owned)))
        })?;
        let Some((agent, result)) = found else { continue };
        let result = result.unwrap_or_else(|| "null".to_owned());
        results.push(ParentResult {
            id,
            agent,
            result: Json::stored(&result),
            artifacts: artifacts::list(db, id)?,
        });
    }
    Ok(results)
}

fn after(db: &Db, child: JobId) -> Result<Vec<JobId>, StoreError> {
    let ids = db.first("SELECT parents FROM jobs WHERE id = ?1", [child.bytes()], read_ids)?;
    ids.ok_or(StoreError::NoSuchJob(child))
}

/// The jobs beside a job.
pub(crate) fn relatives(db: &Db, job: JobId) -> Result<Relatives, StoreError> {
    let mut relatives = Relatives::default();
    for id in after(db, job)? {
        let select = "SELECT id, agent, action, state FROM jobs WHERE id = ?1";
        relatives.after.extend(db.first(select, [id.bytes()], relative)?);
    }
    relatives.followed_by = db.all(CHILDREN, params![job.bytes(), SHOWN], relative)?;
    Ok(relatives)
}

fn relative(row: &Row<'_>) -> Result<Relative, StoreError> {
    Ok(Relative {
        id: row.id("id")?,
        agent: row.get("agent")?,
        action: row.get("action")?,
        state: row.word("state")?,
    })
}

/// Reads the ids of parents as the job's row keeps them.
pub(crate) fn read_ids(row: &Row<'_>) -> Result<Vec<JobId>, StoreError> {
    let Some(bytes) = row.maybe_bytes("parents")? else { return Ok(Vec::new()) };
    let whole = bytes.chunks_exact(16).filter_map(|chunk| <[u8; 16]>::try_from(chunk).ok());
    Ok(whole.map(JobId::from_bytes).collect())
}
