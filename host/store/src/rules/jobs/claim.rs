//! Taking jobs out to run.
//!
//! Their order is that of [`Urgency`].
//!
//! A job that was there in three crashes of the host may be the reason, or may have been beside it: it runs
//! again, alone, until it has an answer in its journal. It waits for a moment at which nothing else runs, and
//! gets one made when it has waited for long.

use crate::engine::{Db, number, params};
use crate::rules::jobs::row::{self, JobHead, Waiting, heads, select_heads};
use crate::rules::jobs::turns;
use crate::rules::jobs::{artifacts, journal, pause, pins, transition, trouble};
use crate::rules::part;
use crate::rules::questions::{closing, list};
use crate::rules::tx::Tx;
use crate::{Claim, Claimed, ReadyAgent, StoreError, Suspects};
use anvil_budget::Urgency;
use anvil_budget::urgency::{MOST_OVERTAKING, WARM_FIRST};
use anvil_types::attempts::MOST_CRASHES;
use anvil_types::{EventKind, JobEvent, Lease, Priority, Timestamp, UpstreamKind};
use std::collections::VecDeque;
use std::time::Duration;

/// How long after a start a suspect waits for a moment at which nothing runs, before nothing new is begun.
const PATIENCE: Duration = Duration::from_mins(5);

/// Suspects in one state, that which waits longest first.
pub(crate) const SUSPECTS: &str = "SELECT seq, agent, id FROM jobs INDEXED BY jobs_suspect
    WHERE upstream = ?1 AND state = ?2 AND crashes >= 3 ORDER BY ready_at LIMIT 50";

/// How many jobs of an upstream run.
const RUNNING: &str = "SELECT jobs FROM job_counts WHERE upstream = ?1 AND state = 'running'";

/// Takes jobs out, the most urgent first.
pub(crate) fn claim(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<Claimed>, StoreError> {
    transition::take_over_expired(tx, &claim.alive, claim.lease_for)?;
    closing::expire_due(tx)?;
    transition::promote(tx)?;
    if pause::engaged(tx)? {
        return Ok(Vec::new());
    }
    let mut taken = Vec::new();
    for (seq, agent) in choose_all(tx, claim)? {
        // What is wrong with one job is no other's business.
        match part::part(tx, |tx| take(tx, seq, &claim.agents[agent], claim))? {
            Ok(claimed) => taken.push(claimed),
            Err(error) => trouble::set_unreadable_aside(tx, seq, &error)?,
        }
    }
    Ok(taken)
}

/// Takes jobs out in the same step as something else, which a failure here does not touch.
pub(crate) fn beside(tx: &mut Tx<'_>, wanted: &Claim) -> Result<Vec<Claimed>, StoreError> {
    Ok(part::part(tx, |tx| claim(tx, wanted))?.unwrap_or_else(|error| {
        tracing::error!(%error, "no job could be taken out in the place of another");
        Vec::new()
    }))
}

// The jobs, each with the place of its agent in the claim: others before suspects, which run alone.
fn choose_all(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<(i64, usize)>, StoreError> {
    if tx.first(SUSPECTS, [claim.upstream.name(), "running"], |_| Ok(()))?.is_some() {
        return Ok(Vec::new());
    }
    let suspect = suspect(tx, claim)?;
    let is_over_due = suspect.is_some() && tx.now.since(tx.policy.began) >= PATIENCE;
    if !is_over_due {
        let chosen = choose(tx, claim)?;
        if !chosen.is_empty() {
            return Ok(chosen);
        }
    }
    let running: i64 = tx.first(RUNNING, [claim.upstream.name()], |row| row.get(0))?.unwrap_or(0);
    Ok(suspect.filter(|_| running == 0).into_iter().collect())
}

fn suspect(tx: &Tx<'_>, claim: &Claim) -> Result<Option<(i64, usize)>, StoreError> {
    if claim.critical_only || claim.most == 0 {
        return Ok(None);
    }
    let suspects: Vec<(i64, String)> =
        tx.all(SUSPECTS, [claim.upstream.name(), "queued"], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(suspects.into_iter().find_map(|(seq, agent)| {
        claim.agents.iter().position(|ready| ready.name == agent).map(|place| (seq, place))
    }))
}

/// Who runs alone, and who waits to; the host has lived for so long.
pub(crate) fn suspects(db: &Db, upstream: UpstreamKind, lasts: Duration) -> Result<Suspects, StoreError> {
    let of = |state: &str| {
        db.all(SUSPECTS, [upstream.name(), state], |row| Ok((row.id("id")?, row.get::<String>("agent")?)))
    };
    Ok(Suspects {
        running: of("running")?.into_iter().next().map(|(job, _)| job),
        waiting: of("queued")?,
        come_first: lasts >= PATIENCE,
    })
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
    for line in [&mut critical, &mut others] {
        line.sort_by_key(|job: &Waiting| (job.urgency, job.seq));
    }
    let (mut critical, mut others) = (VecDeque::from(critical), VecDeque::from(others));
    let mut chosen = Vec::with_capacity(most);
    let mut overtakes = tx.policy.turns.overtakes;
    while chosen.len() < most {
        let turn_of_others = overtakes >= MOST_OVERTAKING && !others.is_empty();
        let next = if turn_of_others {
            overtakes = 0;
            warm_first(&mut others, claim, tx.now)
        } else if let Some(job) = critical.pop_front() {
            overtakes += u32::from(!others.is_empty());
            Some(job)
        } else {
            warm_first(&mut others, claim, tx.now)
        };
        let Some(job) = next else { break };
        chosen.push((job.seq, job.agent));
    }
    turns::overtaken(tx, overtakes)?;
    Ok(chosen)
}

/// The first of these, or one of its priority whose agent's prompts are in a model's cache, where none that is before it
/// has waited for long.
fn warm_first(line: &mut VecDeque<Waiting>, claim: &Claim, now: Timestamp) -> Option<Waiting> {
    let priority = line.front()?.priority;
    let is_warm = |job: &Waiting| claim.agents[job.agent].warm;
    let may_be_passed = |job: &Waiting| now.since(job.urgency.since()) < WARM_FIRST;
    let passed =
        line.iter().take_while(|job| job.priority == priority && !is_warm(job) && may_be_passed(job));
    let place = passed.count();
    let warm = line.get(place).filter(|job| job.priority == priority && is_warm(job)).map(|_| place);
    line.remove(warm.unwrap_or(0))
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
        let since = Timestamp::from_micros(row.get(1)?);
        Ok(Waiting { seq: row.get(0)?, agent, priority, urgency: Urgency::of(priority, since) })
    })
}

pub(crate) const HEADS_OF_LINE: &str = "SELECT seq, ready_at FROM jobs
     WHERE state = 'queued' AND upstream = ?1 AND agent = ?2 AND priority = ?3 AND crashes < 3
     ORDER BY ready_at, seq LIMIT ?4";

fn take(tx: &mut Tx<'_>, seq: i64, agent: &ReadyAgent, claim: &Claim) -> Result<Claimed, StoreError> {
    let job = heads(tx, select_heads!("WHERE seq = ?1"), [seq])?
        .pop()
        .ok_or_else(|| StoreError::Backend("a job that waited is gone".into()))?;
    let state = job.state.after(JobEvent::Claim)?;
    let lease = Lease { job: job.id, number: job.lease + 1 };
    if job.crashes >= MOST_CRASHES {
        tracing::warn!(
            job = %job.id,
            crashes = job.crashes,
            "a job that was there in so many crashes of the host runs alone; the others wait until it has a new answer"
        );
    }
    let attempts = job.attempts.begun();
    let journal = journal::entries(tx.db, seq)?;
    // A first run has handed over nothing, and was run again by nobody.
    let (files, written, ran_on, fresh_from) = if job.lease == 0 {
        (Vec::new(), 0, None, None)
    } else {
        let (written, ran_on, fresh_from) = tx
            .first("SELECT written, ran_on, fresh_from FROM jobs WHERE seq = ?1", [seq], |row| {
                let (ran_on, fresh_from) = (row.get::<Option<String>>("ran_on")?, row.get("fresh_from")?);
                Ok((row.count::<u64>("written")?, ran_on, fresh_from))
            })?
            .unwrap_or_default();
        (artifacts::of(tx.db, seq)?, written, ran_on, fresh_from)
    };
    let has_begun = !journal.is_empty() || job.lease > 0 && list::has_asked(tx.db, seq)?;
    let digest = agent.digest.as_str();
    let (settings, pin) = pins::at_claim(tx, seq, &agent.settings)?;
    tx.run(
        "UPDATE jobs SET state = ?2, lease = ?3, lease_until = ?4, host = ?5, boot = ?6, attempts = ?7,
             attempt_open = 1, due_at = NULL, wait_reason = NULL, wait_detail = NULL, asks = 0, ran_on = NULL,
             started_at = coalesce(started_at, ?8), plugin_digest = coalesce(?9, plugin_digest, ?10), settings = coalesce(?11, settings),
             progress = CASE WHEN attempt_open THEN progress END,
             progress_line = CASE WHEN attempt_open THEN progress_line END
         WHERE seq = ?1",
        params![
            seq,
            state.name(),
            number(lease.number),
            (tx.now + claim.lease_for).micros(),
            crate::engine::Id::bytes(tx.policy.host),
            crate::engine::Id::bytes(tx.policy.boot),
            attempts.counted,
            tx.now.micros(),
            (!has_begun).then_some(digest),
            digest,
            pin,
        ],
    )?;
    if !job.attempts.open {
        begin_attempt(tx, &job, attempts.counted)?;
    }
    tx.tell(Some(job.id), EventKind::Job { state, agent: job.agent.clone() });
    let job = row::whole(tx.db, job.id)?;
    Ok(Claimed { job, lease, journal, files, written, ran_on, fresh_from, settings })
}

fn begin_attempt(tx: &Tx<'_>, job: &JobHead, number: u32) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO attempts (job, number, started_at) VALUES (?1, ?2, ?3)",
        params![job.seq, number, tx.now.micros()],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index has the number in its condition, so that it stands in the statements.
    #[test]
    fn statements_know_as_many_crashes_as_the_rule() {
        assert!(SUSPECTS.contains(&format!("crashes >= {MOST_CRASHES} ")), "{SUSPECTS}");
        assert!(HEADS_OF_LINE.contains(&format!("crashes < {MOST_CRASHES}\n")), "{HEADS_OF_LINE}");
    }
}
