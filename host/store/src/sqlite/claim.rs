//! Taking jobs out to run.
//!
//! Order: critical jobs first; then by rank, which rises by one for every ten minutes of waiting, but
//! never to critical; first come first served within a rank. So that a flood of critical jobs starves
//! nobody either, after nine that overtook others the one that waits longest has its turn.

use super::columns::number;
use super::job_row::{self, JobHead, Waiting, heads, select_heads};
use super::tx::Tx;
use super::{journal, moves, pause};
use crate::{Claim, Claimed, StoreError};
use anvil_types::{EventKind, JobEvent, Lease, Priority, Timestamp};
use rusqlite::params;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a job waits before its rank rises by one.
const AGE: Duration = Duration::from_mins(10);
/// How many critical jobs in a row may overtake others.
const OVERTAKES: u32 = 9;

/// Takes jobs out, the most urgent first.
pub(super) fn claim(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
    moves::take_over_expired(tx, &claim.alive, claim.lease_for)?;
    moves::promote(tx)?;
    if pause::engaged(tx)? {
        return Ok(Vec::new());
    }
    let chosen = choose(tx, claim)?;
    chosen.into_iter().map(|(seq, agent)| take(tx, seq, &claim.agents[agent].digest, claim)).collect()
}

// The jobs, each with the place of its agent in the claim.
fn choose(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<(i64, usize)>, StoreError> {
    let most = claim.most as usize;
    let ranks = if claim.critical_only { &Priority::ALL[..1] } else { &Priority::ALL[..] };
    let mut critical = Vec::new();
    let mut others = Vec::new();
    for agent in 0..claim.agents.len() {
        for priority in ranks {
            let line = if *priority == Priority::Critical { &mut critical } else { &mut others };
            line.extend(heads_of_line(tx, claim, agent, *priority)?);
        }
    }
    critical.sort_by_key(|job: &Waiting| (job.since, job.seq));
    let now = tx.now;
    others.sort_by_key(|job: &Waiting| (rank(job, now), job.since, job.seq));
    let (mut critical, mut others) = (VecDeque::from(critical), VecDeque::from(others));
    let mut chosen = Vec::with_capacity(most);
    while chosen.len() < most {
        let turn_of_others = tx.policy.overtakes >= OVERTAKES && !others.is_empty();
        let next = if turn_of_others {
            tx.policy.overtakes = 0;
            let longest = others.iter().enumerate().min_by_key(|(_, job)| (job.since, job.seq));
            longest.map(|(place, _)| place).and_then(|place| others.remove(place))
        } else if let Some(job) = critical.pop_front() {
            tx.policy.overtakes += u32::from(!others.is_empty());
            Some(job)
        } else {
            others.pop_front()
        };
        let Some(job) = next else { break };
        chosen.push((job.seq, job.agent));
    }
    Ok(chosen)
}

/// The first of those that wait for one agent with one priority: a probe of an index.
fn heads_of_line(
    tx: &Tx<'_>,
    claim: &Claim,
    agent: usize,
    priority: Priority,
) -> Result<Vec<Waiting>, StoreError> {
    let name = &claim.agents[agent].name;
    tx.all(HEADS_OF_LINE, params![claim.upstream.name(), name, priority.rank(), claim.most], |row| {
        Ok(Waiting { seq: row.get(0)?, agent, priority, since: Timestamp::from_micros(row.get(1)?) })
    })
}

pub(super) const HEADS_OF_LINE: &str = "SELECT seq, ready_at FROM jobs
     WHERE state = 'queued' AND upstream = ?1 AND agent = ?2 AND priority = ?3
     ORDER BY ready_at, seq LIMIT ?4";

/// The rank with age: never below that of high, so that only critical is critical.
fn rank(job: &Waiting, now: Timestamp) -> u64 {
    let risen = now.since(job.since).as_secs() / AGE.as_secs();
    u64::from(job.priority.rank()).saturating_sub(risen).max(u64::from(Priority::High.rank()))
}

fn take(tx: &mut Tx<'_>, seq: i64, digest: &str, claim: &Claim) -> Result<Claimed, StoreError> {
    let job = heads(tx, select_heads!("WHERE seq = ?1"), [seq])?
        .pop()
        .ok_or_else(|| StoreError::Backend("a job that waited is gone".into()))?;
    let state = job.state.after(JobEvent::Claim)?;
    let lease = Lease { job: job.id, number: job.lease + 1 };
    let attempts = if job.attempt_open { job.attempts } else { job.attempts + 1 };
    let journal = journal::entries(tx.conn, seq)?;
    tx.run(
        "UPDATE jobs SET state = ?2, lease = ?3, lease_until = ?4, host = ?5, boot = ?6, attempts = ?7,
             attempt_open = 1, due_at = NULL, wait_reason = NULL, wait_detail = NULL,
             started_at = coalesce(started_at, ?8), plugin_digest = coalesce(?9, plugin_digest, ?10),
             progress = CASE WHEN attempt_open THEN progress END,
             progress_line = CASE WHEN attempt_open THEN progress_line END
         WHERE seq = ?1",
        params![
            seq,
            state.name(),
            number(lease.number),
            (tx.now + claim.lease_for).micros(),
            super::columns::Id::bytes(tx.policy.host),
            super::columns::Id::bytes(tx.policy.boot),
            attempts,
            tx.now.micros(),
            journal.is_empty().then_some(digest),
            digest,
        ],
    )?;
    if !job.attempt_open {
        begin_attempt(tx, &job, attempts)?;
    }
    tx.tell(Some(job.id), EventKind::Job { state, agent: job.agent.clone() });
    Ok(Claimed { job: job_row::whole(tx.conn, job.id)?, lease, journal })
}

fn begin_attempt(tx: &Tx<'_>, job: &JobHead, number: u32) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO attempts (job, number, started_at) VALUES (?1, ?2, ?3)",
        params![job.seq, number, tx.now.micros()],
    )
    .map(drop)
}
