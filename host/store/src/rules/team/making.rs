//! Making the job of a task: what it has of its lead, and what bounds a tree.

use crate::StoreError;
use crate::TeamAsk;
use crate::engine::{Id, params};
use crate::rules::jobs::parents::Parents;
use crate::rules::jobs::row::JobHead;
use crate::rules::jobs::{enqueue, logs};
use crate::rules::tx::Tx;
use anvil_types::team::{DEEPEST_TREE, MOST_IN_TREE};
use anvil_types::words::{JobNote, TeamRefusal};
use anvil_types::{JobId, Nanodollars, NewJob, Priority, TeamFailure, Timestamp, UpstreamKind};

/// The agents on the way from a job to the root.
pub(crate) const PATH: &str = "WITH RECURSIVE path (seq, lead, agent) AS (
         SELECT seq, lead, agent FROM jobs WHERE seq = ?1
         UNION ALL SELECT up.seq, up.lead, up.agent FROM path CROSS JOIN jobs up ON up.seq = path.lead
     ) SELECT agent FROM path";
/// How many jobs a tree has below its root.
pub(crate) const IN_TREE: &str = "SELECT count(*) FROM jobs WHERE root = ?1";
/// What a job that is led has of its lead, and of the root's place in the queue.
const OF_LEAD: &str =
    "SELECT l.priority, l.tags, l.economy, l.upstream, l.depth, root.seq AS root, root.ready_at
     FROM jobs l CROSS JOIN jobs root ON root.seq = coalesce(l.root, l.seq) WHERE l.seq = ?1";

/// Where a job of another host's export stands in a tree that is over here.
const OVER_HERE: &str = "SELECT seq, coalesce(root, seq) AS root, depth FROM jobs
     WHERE id = ?1 AND upstream = ?2 AND finished_at IS NOT NULL";

/// A finished job comes from another host, where that one led it: so it does here, where it is there and over too. The
/// file is a stranger's, and makes no tree that no host would.
pub(crate) fn adopt(tx: &Tx<'_>, job: i64, lead: JobId, upstream: UpstreamKind) -> Result<(), StoreError> {
    let found = tx.first(OVER_HERE, params![lead.bytes(), upstream.name()], |row| {
        Ok((row.get::<i64>("seq")?, row.get::<i64>("root")?, row.get::<u32>("depth")?))
    })?;
    let Some((lead, root, depth)) = found.filter(|(_, _, depth)| depth + 1 < DEEPEST_TREE) else {
        return Ok(());
    };
    let below: u32 = tx.first(IN_TREE, [root], |row| row.get(0))?.unwrap_or(0);
    if below + 1 >= MOST_IN_TREE {
        return Ok(());
    }
    tx.run(
        "UPDATE jobs SET lead = ?2, root = ?3, depth = ?4 WHERE seq = ?1",
        params![job, lead, root, depth + 1],
    )?;
    tx.run("UPDATE jobs SET leads = leads + 1 WHERE seq = ?1", [lead]).map(drop)
}

/// What a job that leads others gives to each of them, and how many it may still make.
pub(crate) struct Tree {
    priority: Priority,
    tags: Vec<String>,
    economy: Option<bool>,
    upstream: UpstreamKind,
    depth: u32,
    root: i64,
    ready_at: Timestamp,
    path: Vec<String>,
    places: u32,
}

impl Tree {
    /// The tree that a job stands in.
    pub(crate) fn of(tx: &Tx<'_>, lead: &JobHead) -> Result<Self, StoreError> {
        let path: Vec<String> = tx.all(PATH, [lead.seq], |row| row.get(0))?;
        let found = tx.first(OF_LEAD, [lead.seq], |row| {
            Ok(Self {
                priority: row.priority("priority")?,
                tags: row.texts("tags")?,
                economy: row.get("economy")?,
                upstream: row.word("upstream")?,
                depth: row.get("depth")?,
                root: row.get("root")?,
                ready_at: row.time("ready_at")?,
                path,
                places: 0,
            })
        })?;
        let mut tree = found.ok_or(StoreError::NoSuchJob(lead.id))?;
        let below: u32 = tx.first(IN_TREE, [tree.root], |row| row.get(0))?.unwrap_or(0);
        tree.places = MOST_IN_TREE.saturating_sub(1).saturating_sub(below);
        Ok(tree)
    }

    /// Takes a place for a task of this agent; or why it has none.
    pub(crate) fn admit(&mut self, agent: &str) -> Result<(), TeamFailure> {
        let refused = |refusal: &TeamRefusal<'_>| Err(TeamFailure::of(refusal, None));
        if self.path.iter().any(|above| above == agent) {
            return refused(&TeamRefusal::Cycle { agent });
        }
        if self.depth + 1 >= DEEPEST_TREE {
            return refused(&TeamRefusal::TooDeep);
        }
        match self.places.checked_sub(1) {
            Some(places) => self.places = places,
            None => return refused(&TeamRefusal::TooMany),
        }
        Ok(())
    }

    /// Makes the job of a task, which may spend so much.
    pub(crate) fn make(
        &self,
        tx: &mut Tx<'_>,
        lead: &JobHead,
        ask: &TeamAsk,
        max_cost: Nanodollars,
    ) -> Result<(), StoreError> {
        let job = NewJob {
            id: ask.id,
            agent: ask.task.agent.clone(),
            action: ask.task.action.clone(),
            payload: ask.task.payload.clone(),
            priority: self.priority,
            run_at: None,
            idempotency_key: None,
            max_cost,
            tags: self.tags.clone(),
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: self.economy,
            upstream: self.upstream,
        };
        let seq = enqueue::insert(tx, &job, &Parents::default())?.seq;
        tx.run(
            "UPDATE jobs SET lead = ?2, root = ?3, depth = ?4, ready_at = ?5 WHERE seq = ?1",
            params![seq, lead.seq, self.root, self.depth + 1, self.ready_at.micros()],
        )?;
        tx.run("UPDATE jobs SET leads = leads + 1 WHERE seq = ?1", [lead.seq])?;
        tx.run(
            "INSERT INTO tasks (lead, request_hash, occurrence, job, waits) VALUES (?1, ?2, ?3, ?4, 1)",
            params![lead.seq, ask.request_hash, ask.occurrence, seq],
        )?;
        let (agent, action) = (job.agent.as_str(), job.action.as_str());
        logs::note(tx, lead, &JobNote::TaskMade { job: job.id, agent, action, max_cost })
    }
}
