//! What attempts have used, on their own rows and summed for each agent.

use crate::engine::{Db, Row, number, params};
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use crate::rules::versions;
use crate::{AttemptNote, StoreError};
use anvil_types::{AgentUse, AsideVersion, AttemptUse, JobState, UpstreamKind};

/// What an attempt has used so far.
pub(crate) const OF_ATTEMPT: &str =
    "SELECT cpu_us, wall_us, waited_us, memory_bytes, table_elements, log_lines, log_bytes
    FROM attempts WHERE job = ?1 AND number = ?2";
/// What the attempts of an agent have used.
pub(crate) const OF_AGENT: &str =
    "SELECT agent, digest, runs, cpu_us, wall_us, waited_us, most FROM agent_use
    WHERE upstream = ?1 AND agent = ?2";
/// The same of all agents.
const ALL: &str = "SELECT agent, digest, runs, cpu_us, wall_us, waited_us, most FROM agent_use
    WHERE upstream = ?1 ORDER BY agent";

/// Adds what a run of an attempt has used. The run may be over by then, and its job cancelled; where another run has
/// begun since, or the job is gone, there is nothing to add it to but the agent.
/// Answers that its version was set aside, where it broke once too often.
pub(crate) fn note(tx: &mut Tx<'_>, note: &AttemptNote) -> Result<Option<AsideVersion>, StoreError> {
    let attempt = match JobHead::find(tx, note.lease.job) {
        Ok(job) if is_of(&job, note) => of_attempt(tx, job.seq, note)?,
        Ok(_) | Err(StoreError::NoSuchJob(_)) => note.used,
        Err(error) => return Err(error),
    };
    add_to_agent(tx, note, attempt)?;
    match &note.trap {
        Some(trap) => versions::trapped(tx, &note.agent, &note.digest, trap),
        None => Ok(None),
    }
}

/// Whether a run is the newest of its job; a cancel raises the lease by one.
fn is_of(job: &JobHead, note: &AttemptNote) -> bool {
    job.lease == note.lease.number || job.state == JobState::Cancelled && job.lease == note.lease.number + 1
}

/// Adds a run to its attempt; answers what that has used in all.
fn of_attempt(tx: &Tx<'_>, seq: i64, note: &AttemptNote) -> Result<AttemptUse, StoreError> {
    let before = tx.first(OF_ATTEMPT, params![seq, note.attempt], read)?;
    let Some(before) = before else { return Ok(note.used) };
    let used = before.and(note.used);
    tx.run(
        "UPDATE attempts SET cpu_us = ?3, wall_us = ?4, waited_us = ?5, memory_bytes = ?6, table_elements = ?7,
             log_lines = ?8, log_bytes = ?9
         WHERE job = ?1 AND number = ?2",
        params![
            seq,
            note.attempt,
            number(used.cpu_us),
            number(used.wall_us),
            number(used.waited_us),
            number(used.memory_bytes),
            number(used.table_elements),
            number(used.log_lines),
            number(used.log_bytes),
        ],
    )?;
    Ok(used)
}

fn add_to_agent(tx: &Tx<'_>, note: &AttemptNote, attempt: AttemptUse) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    let before = tx.first(OF_AGENT, params![upstream, note.agent], read_agent)?;
    let (digest, before) = before.unwrap_or_default();
    let most = if digest == note.digest { most(before.most, attempt) } else { attempt };
    let most = serde_json::to_string(&most).map_err(|error| StoreError::Backend(Box::new(error)))?;
    tx.run(
        "INSERT INTO agent_use (upstream, agent, digest, runs, cpu_us, wall_us, waited_us, most)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (upstream, agent) DO UPDATE SET digest = ?3, runs = ?4, cpu_us = ?5, wall_us = ?6,
             waited_us = ?7, most = ?8",
        params![
            upstream,
            note.agent,
            note.digest,
            number(before.runs + 1),
            number(before.cpu_us.saturating_add(note.used.cpu_us)),
            number(before.wall_us.saturating_add(note.used.wall_us)),
            number(before.waited_us.saturating_add(note.used.waited_us)),
            most,
        ],
    )
    .map(drop)
}

/// The more of each.
fn most(one: AttemptUse, other: AttemptUse) -> AttemptUse {
    AttemptUse {
        cpu_us: one.cpu_us.max(other.cpu_us),
        wall_us: one.wall_us.max(other.wall_us),
        waited_us: one.waited_us.max(other.waited_us),
        ..one.and(other)
    }
}

/// What the attempts of each agent of an upstream have used, by name.
pub(crate) fn all(db: &Db, upstream: UpstreamKind) -> Result<Vec<AgentUse>, StoreError> {
    db.all(ALL, [upstream.name()], |row| read_agent(row).map(|(_, used)| used))
}

fn read_agent(row: &Row<'_>) -> Result<(String, AgentUse), StoreError> {
    let used = AgentUse {
        agent: row.get("agent")?,
        runs: row.count("runs")?,
        cpu_us: row.count("cpu_us")?,
        wall_us: row.count("wall_us")?,
        waited_us: row.count("waited_us")?,
        most: row.structure("most")?,
    };
    Ok((row.get("digest")?, used))
}

/// What a row of an attempt says that it has used.
pub(crate) fn read(row: &Row<'_>) -> Result<AttemptUse, StoreError> {
    Ok(AttemptUse {
        cpu_us: row.count("cpu_us")?,
        wall_us: row.count("wall_us")?,
        waited_us: row.count("waited_us")?,
        memory_bytes: row.count("memory_bytes")?,
        table_elements: row.count("table_elements")?,
        log_lines: row.count("log_lines")?,
        log_bytes: row.count("log_bytes")?,
    })
}
