//! A job's row.

use crate::StoreError;
use crate::engine::{Db, Id, Params, Row};
use crate::rules::jobs::{inputs, relatives};
use crate::rules::money::tree;
use crate::rules::team::waits;
use crate::rules::tx::Tx;
use anvil_budget::Urgency;
use anvil_types::{
    Attempts, Job, JobError, JobId, JobState, Json, Lease, Nanodollars, Priority, Wait, WaitReason,
};
use std::sync::LazyLock;

/// What the transactions judge a job by: the short part of its row.
#[derive(Clone, Debug)]
pub(crate) struct JobHead {
    pub(crate) seq: i64,
    pub(crate) id: JobId,
    pub(crate) agent: String,
    pub(crate) state: JobState,
    pub(crate) lease: u64,
    pub(crate) attempts: Attempts,
    pub(crate) crashes: u32,
    /// The place of the job that leads it, where one does.
    pub(crate) lead: Option<i64>,
    /// How many jobs it has made itself.
    pub(crate) leads: u32,
}

/// The query for heads, with what follows `FROM jobs`.
macro_rules! select_heads {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, agent, state, lease, attempts, max_attempts, attempt_open, crashes, lead, leads FROM jobs ",
            $rest
        )
    };
}
pub(crate) use select_heads;

impl JobHead {
    /// Reads a row of [`select_heads`].
    pub(crate) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.get(0)?,
            id: JobId::from_bytes(row.get(1)?),
            agent: row.get(2)?,
            state: row.word(3)?,
            lease: row.count(4)?,
            attempts: Attempts { counted: row.get(5)?, most: row.get(6)?, open: row.get(7)? },
            crashes: row.get(8)?,
            lead: row.get(9)?,
            leads: row.get(10)?,
        })
    }

    /// The job with this id.
    pub(crate) fn find(tx: &Tx<'_>, id: JobId) -> Result<Self, StoreError> {
        tx.first(select_heads!("WHERE id = ?1"), [id.bytes()], Self::read)?.ok_or(StoreError::NoSuchJob(id))
    }

    /// The job under its lease: refused when another attempt, or a person's cancel, holds a newer one.
    pub(crate) fn fenced(tx: &Tx<'_>, lease: Lease) -> Result<Self, StoreError> {
        let head = Self::find(tx, lease.job)?;
        if head.is_under(lease) { Ok(head) } else { Err(StoreError::LeaseLost) }
    }

    /// Whether the lease is the job's newest and an attempt runs under it.
    pub(crate) fn is_under(&self, lease: Lease) -> bool {
        self.state == JobState::Running && self.lease == lease.number
    }
}

/// The heads that a query of [`select_heads`] finds.
pub(crate) fn heads(tx: &Tx<'_>, sql: &str, params: impl Params) -> Result<Vec<JobHead>, StoreError> {
    let heads: Vec<Option<JobHead>> = tx.all(sql, params, |row| {
        // One that cannot be read is no reason to pass over the others.
        Ok(JobHead::read(row).inspect_err(|error| tracing::error!(%error, "a job's row cannot be read")).ok())
    })?;
    Ok(heads.into_iter().flatten().collect())
}

/// Payloads and results above this many bytes are left out of lists.
const LONG: u32 = 1_024;

/// The columns that [`read`] reads, in their order. A job is read at every step of its way, so they are
/// read by their place.
const COLUMNS: [&str; 37] = [
    "id",
    "agent",
    "action",
    "payload",
    "state",
    "priority",
    "attempts",
    "max_attempts",
    "cost",
    "unknown",
    "held",
    "max_cost",
    "calls",
    "wait_reason",
    "wait_detail",
    "due_at",
    "result",
    "error_kind",
    "error_message",
    "progress",
    "progress_line",
    "tags",
    "upstream",
    "plugin_digest",
    "created_at",
    "run_at",
    "started_at",
    "finished_at",
    "lease",
    "parents",
    "schedule",
    "seq",
    "inputs",
    "leader",
    "tree",
    "leads",
    "economy",
];

/// The place of a column, worked out by the compiler.
const fn at(name: &str) -> usize {
    let mut place = 0;
    while place < COLUMNS.len() {
        let (one, other) = (COLUMNS[place].as_bytes(), name.as_bytes());
        let mut same = 0;
        while same < one.len() && same < other.len() && one[same] == other[same] {
            same += 1;
        }
        if same == one.len() && same == other.len() {
            return place;
        }
        place += 1;
    }
    panic!("there is no such column")
}

/// The query for jobs, with what follows `WHERE`. A `whole` one has payload and result however long they are.
fn select(whole: bool, condition: &str) -> String {
    let column = |name: &&str| match *name {
        "payload" | "result" if whole => format!("b.{name} AS {name}"),
        "payload" | "result" => {
            format!("CASE WHEN octet_length(b.{name}) <= {LONG} THEN b.{name} END AS {name}")
        }
        // Between a person's wish to run it again and its beginning it is known by the version that it ran on.
        "plugin_digest" => "coalesce(j.plugin_digest, j.ran_on) AS plugin_digest".to_owned(),
        "leader" => "(SELECT l.id FROM jobs l WHERE l.seq = j.lead) AS leader".to_owned(),
        "tree" => "(SELECT r.id FROM jobs r WHERE r.seq = j.root) AS tree".to_owned(),
        _ => format!("j.{name}"),
    };
    let columns: Vec<_> = COLUMNS.iter().map(column).collect();
    format!("SELECT {} FROM jobs j JOIN job_bodies b ON b.seq = j.seq WHERE {condition}", columns.join(", "))
}

/// A whole job, where there is one of this id.
pub(crate) fn find(db: &Db, id: JobId) -> Result<Option<Job>, StoreError> {
    static SQL: LazyLock<String> = LazyLock::new(|| select(true, "j.id = ?1"));
    told(db, db.first(&SQL, [id.bytes()], placed)?)
}

/// A job, and what is read beside its row.
struct Placed {
    job: Job,
    seq: i64,
    /// With how many files it came.
    files: i64,
    /// How many jobs it leads.
    leads: u32,
}

fn placed(row: &Row<'_>) -> Result<Placed, StoreError> {
    Ok(Placed {
        job: read(row)?,
        seq: row.get(const { at("seq") })?,
        files: row.get(const { at("inputs") })?,
        leads: row.get(const { at("leads") })?,
    })
}

/// What a job waits for that comes after others, or leads them, is told from where those stand now; so is what they
/// take of its cap. Its files stand apart.
fn told(db: &Db, found: Option<Placed>) -> Result<Option<Job>, StoreError> {
    let Some(Placed { mut job, seq, files, leads }) = found else { return Ok(None) };
    if files > 0 {
        job.inputs = inputs::of(db, seq)?;
    }
    if let Some(wait) = job.waiting_for.as_mut() {
        match wait.reason {
            WaitReason::Parents => wait.detail = relatives::what_is_left(db, seq)?,
            WaitReason::Team => wait.detail = waits::what_is_left(db, seq)?,
            _ => {}
        }
    }
    if leads > 0 {
        job.team = tree::below(db, seq)?;
    }
    Ok(Some(job))
}

/// One job of a list, without payload and result where those are long.
#[expect(clippy::unnecessary_wraps, reason = "it is read as any row is, and only shown otherwise")]
pub(crate) fn listed(db: &Db, seq: i64) -> Result<Option<Job>, StoreError> {
    // Made once: a page has hundreds.
    static SQL: LazyLock<String> = LazyLock::new(|| select(false, "j.seq = ?1"));
    let found = db.first(&SQL, [seq], placed).and_then(|found| told(db, found));
    // A list shows the others all the same.
    Ok(found.unwrap_or_else(|error| {
        tracing::error!(seq, %error, "a job cannot be read, and is left out of a list");
        None
    }))
}

/// The whole job.
pub(crate) fn whole(db: &Db, id: JobId) -> Result<Job, StoreError> {
    find(db, id)?.ok_or(StoreError::NoSuchJob(id))
}

fn read(row: &Row<'_>) -> Result<Job, StoreError> {
    let error = match row.get::<Option<String>>(const { at("error_kind") })? {
        Some(kind) => {
            let message: Option<String> = row.get(const { at("error_message") })?;
            Some(JobError { kind, message: message.unwrap_or_default() })
        }
        None => None,
    };
    let wait = match row.maybe_text(const { at("wait_reason") })? {
        Some(_) => Some(Wait {
            reason: row.word::<WaitReason>(const { at("wait_reason") })?,
            detail: row.get::<Option<String>>(const { at("wait_detail") })?.unwrap_or_default(),
            until: row.maybe_time(const { at("due_at") })?,
            refused_at: None,
        }),
        None => None,
    };
    let maybe_json = |column: usize| match row.maybe_text(column)? {
        Some(_) => row.json(column).map(Some),
        None => Ok(None),
    };
    Ok(Job {
        id: row.id(const { at("id") })?,
        agent: row.get(const { at("agent") })?,
        action: row.get(const { at("action") })?,
        payload: maybe_json(const { at("payload") })?.unwrap_or_else(Json::null),
        state: row.word(const { at("state") })?,
        priority: row.priority(const { at("priority") })?,
        attempts: row.get(const { at("attempts") })?,
        max_attempts: row.get(const { at("max_attempts") })?,
        cost: row.money(const { at("cost") })?,
        unknown: row.money(const { at("unknown") })?,
        held: row.money(const { at("held") })?,
        team: Nanodollars::ZERO,
        max_cost: row.money(const { at("max_cost") })?,
        calls: row.get(const { at("calls") })?,
        waiting_for: wait,
        result: maybe_json(const { at("result") })?,
        error,
        progress: row.get(const { at("progress") })?,
        progress_line: row.get(const { at("progress_line") })?,
        tags: row.texts(const { at("tags") })?,
        after: relatives::read_ids(row)?,
        lead: row.maybe_id(const { at("leader") })?,
        root: row.maybe_id(const { at("tree") })?,
        schedule: row.get(const { at("schedule") })?,
        inputs: Vec::new(),
        economy: row.get(const { at("economy") })?,
        upstream: row.word(const { at("upstream") })?,
        plugin_digest: row.get(const { at("plugin_digest") })?,
        created_at: row.time(const { at("created_at") })?,
        run_at: row.maybe_time(const { at("run_at") })?,
        started_at: row.maybe_time(const { at("started_at") })?,
        finished_at: row.maybe_time(const { at("finished_at") })?,
        lease: row.count(const { at("lease") })?,
    })
}

/// A job that waits to be claimed, as the claim weighs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    pub(crate) seq: i64,
    /// The place of its agent in the claim.
    pub(crate) agent: usize,
    pub(crate) priority: Priority,
    pub(crate) urgency: Urgency,
}
