//! A job's row.

use super::columns::{Columns, Id, first};
use super::parents;
use super::tx::Tx;
use crate::StoreError;
use anvil_types::{Job, JobError, JobId, JobState, Json, Lease, Priority, Timestamp, Wait, WaitReason};
use rusqlite::{Connection, Row};
use std::sync::LazyLock;

/// What the transactions judge a job by: the short part of its row.
#[derive(Clone, Debug)]
pub(super) struct JobHead {
    pub(super) seq: i64,
    pub(super) id: JobId,
    pub(super) agent: String,
    pub(super) state: JobState,
    pub(super) lease: u64,
    pub(super) attempts: u32,
    pub(super) max_attempts: u32,
    pub(super) attempt_open: bool,
    pub(super) crashes: u32,
}

/// The query for heads, with what follows `FROM jobs`.
macro_rules! select_heads {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, agent, state, lease, attempts, max_attempts, attempt_open, crashes FROM jobs ",
            $rest
        )
    };
}
pub(super) use select_heads;

impl JobHead {
    /// Reads a row of [`select_heads`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: JobId::from_bytes(row.get(1)?),
            agent: row.get(2)?,
            state: row.word("state")?,
            lease: row.count("lease")?,
            attempts: row.get(5)?,
            max_attempts: row.get(6)?,
            attempt_open: row.get(7)?,
            crashes: row.get(8)?,
        })
    }

    /// The job with this id.
    pub(super) fn find(tx: &Tx<'_>, id: JobId) -> Result<Self, StoreError> {
        tx.first(select_heads!("WHERE id = ?1"), [id.bytes()], Self::read)?.ok_or(StoreError::NoSuchJob(id))
    }

    /// The job under its lease: refused when another attempt, or a person's cancel, holds a newer one.
    pub(super) fn fenced(tx: &Tx<'_>, lease: Lease) -> Result<Self, StoreError> {
        let head = Self::find(tx, lease.job)?;
        if head.is_under(lease) { Ok(head) } else { Err(StoreError::LeaseLost) }
    }

    /// Whether the lease is the job's newest and an attempt runs under it.
    pub(super) fn is_under(&self, lease: Lease) -> bool {
        self.state == JobState::Running && self.lease == lease.number
    }
}

/// The heads that a query of [`select_heads`] finds.
pub(super) fn heads(
    tx: &Tx<'_>,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<JobHead>, StoreError> {
    tx.all(sql, params, JobHead::read)
}

/// Payloads and results above this many bytes are left out of lists.
const LONG: u32 = 1_024;

/// The columns that [`read`] reads. `shown` wraps payload and result.
fn columns(whole: bool) -> String {
    let body = |column: &str| {
        if whole {
            format!("b.{column} AS {column}")
        } else {
            format!("CASE WHEN octet_length(b.{column}) <= {LONG} THEN b.{column} END AS {column}")
        }
    };
    format!(
        "j.seq, j.id, j.agent, j.action, {}, j.state, j.priority, j.attempts, j.max_attempts, j.cost, \
         j.unknown, j.held, j.max_cost, j.calls, j.wait_reason, j.wait_detail, j.due_at, {}, j.error_kind, \
         j.error_message, j.progress, j.progress_line, j.tags, j.upstream, j.plugin_digest, j.created_at, \
         j.run_at, j.started_at, j.finished_at, j.lease, j.parents, \
         j.schedule",
        body("payload"),
        body("result"),
    )
}

/// A query for one whole job, by a condition on `j`.
pub(super) fn one(
    conn: &Connection,
    condition: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Job>, StoreError> {
    let sql =
        format!("SELECT {} FROM jobs j JOIN job_bodies b ON b.seq = j.seq WHERE {condition}", columns(true));
    Ok(first(conn, &sql, params, read)?)
}

/// One job of a list, without payload and result where those are long.
pub(super) fn listed(conn: &Connection, seq: i64) -> Result<Option<Job>, StoreError> {
    // Made once: a page has hundreds.
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("SELECT {} FROM jobs j JOIN job_bodies b ON b.seq = j.seq WHERE j.seq = ?1", columns(false))
    });
    Ok(first(conn, &SQL, [seq], read)?)
}

/// The whole job.
pub(super) fn whole(conn: &Connection, id: JobId) -> Result<Job, StoreError> {
    one(conn, "j.id = ?1", [id.bytes()])?.ok_or(StoreError::NoSuchJob(id))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let error = match row.get::<_, Option<String>>("error_kind")? {
        Some(kind) => Some(JobError { kind, message: row.get("error_message")? }),
        None => None,
    };
    let wait = match row.get_ref("wait_reason")?.as_str_or_null()? {
        Some(_) => Some(Wait {
            reason: row.word::<WaitReason>("wait_reason")?,
            detail: row.get("wait_detail")?,
            until: row.maybe_time("due_at")?,
            refused_at: None,
        }),
        None => None,
    };
    let maybe_json = |column: &str| match row.get_ref(column)?.as_str_or_null()? {
        Some(_) => row.json(column).map(Some),
        None => Ok(None),
    };
    Ok(Job {
        id: row.id("id")?,
        agent: row.get("agent")?,
        action: row.get("action")?,
        payload: maybe_json("payload")?.unwrap_or_else(Json::null),
        state: row.word("state")?,
        priority: row.priority("priority")?,
        attempts: row.get("attempts")?,
        max_attempts: row.get("max_attempts")?,
        cost: row.money("cost")?,
        unknown: row.money("unknown")?,
        held: row.money("held")?,
        max_cost: row.money("max_cost")?,
        calls: row.get("calls")?,
        waiting_for: wait,
        result: maybe_json("result")?,
        error,
        progress: row.get("progress")?,
        progress_line: row.get("progress_line")?,
        tags: row.texts("tags")?,
        after: parents::read_ids(row)?,
        schedule: row.get("schedule")?,
        upstream: row.word("upstream")?,
        plugin_digest: row.get("plugin_digest")?,
        created_at: row.time("created_at")?,
        run_at: row.maybe_time("run_at")?,
        started_at: row.maybe_time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
        lease: row.count("lease")?,
    })
}

/// A job that waits to be claimed, as the claim weighs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) seq: i64,
    /// The place of its agent in the claim.
    pub(super) agent: usize,
    pub(super) priority: Priority,
    pub(super) since: Timestamp,
}
