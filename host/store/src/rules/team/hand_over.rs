//! Tasks on their way to other agents: found again, answered, or begun in the step that parks whoever asks.

use crate::engine::params;
use crate::rules::jobs::row::{JobHead, heads, select_heads};
use crate::rules::jobs::transition::{self, Move};
use crate::rules::jobs::{artifacts, finish, journal, logs};
use crate::rules::money::tree;
use crate::rules::team::making::Tree;
use crate::rules::tx::Tx;
use crate::{JournalEntry, JournalKind, StoreError, TeamAsk, TeamStep};
use anvil_budget::grants;
use anvil_types::words::{JobNote, TeamRefusal};
use anvil_types::{
    JobEvent, JobState, Json, Lease, Nanodollars, TeamAnswer, TeamDone, TeamFailure, Wait, WaitReason,
};

/// The most bytes that the answers to all tasks of a job may have together: its guest, and the host that hands them
/// over, have them in memory.
const MOST_BYTES: u64 = 16 << 20;

/// A task that was begun before.
pub(crate) const KNOWN: &str = "SELECT job, again FROM tasks
     WHERE lead = ?1 AND request_hash = ?2 AND occurrence = ?3";
/// The requests of tasks that a job has begun.
pub(crate) const BEGUN: &str = "SELECT request_hash, occurrence FROM tasks
     WHERE lead = (SELECT seq FROM jobs WHERE id = ?1)";
/// How many bytes of answers a job has been given.
pub(crate) const TOLD: &str =
    "SELECT coalesce(sum(octet_length(answer)), 0) FROM journal WHERE job = ?1 AND kind = ?2";

/// What a job waits for that leads others; which, is told from where those stand when it is read.
const WAIT: Wait = Wait { reason: WaitReason::Team, detail: String::new(), until: None, refused_at: None };

/// Where a task stands.
enum Standing {
    /// It is new.
    New,
    /// It was not done, and is to be run again.
    Again(JobHead),
    /// It is under way.
    UnderWay,
    /// It is over.
    Over(JobHead),
    /// It is not begun.
    Refused(TeamFailure),
}

/// Answers tasks that are over or refused, begins those that are new, and parks whoever asks where any is under way.
pub(crate) fn hand_over(tx: &mut Tx<'_>, lease: Lease, asks: &[TeamAsk]) -> Result<TeamStep, StoreError> {
    let lead = JobHead::fenced(tx, lease)?;
    let mut standings = Vec::with_capacity(asks.len());
    for ask in asks {
        standings.push(look(tx, &lead, ask)?);
    }
    begin(tx, &lead, asks, &mut standings)?;
    let mut told: u64 =
        tx.first(TOLD, params![lead.seq, JournalKind::Team.name()], |row| row.count(0))?.unwrap_or(0);
    let mut answers = Vec::with_capacity(asks.len());
    for (ask, standing) in asks.iter().zip(standings) {
        let answer = match standing {
            Standing::Refused(failure) => Err(failure),
            Standing::Over(job) => result(tx, &job, told)?,
            Standing::New | Standing::Again(_) | Standing::UnderWay => {
                wait_for(tx, &lead, ask)?;
                continue;
            }
        };
        told = told.saturating_add(journalled(tx, &lead, ask, &answer)?);
        answers.push(answer);
    }
    tx.run(journal::PROGRESS, [lead.seq])?;
    if answers.len() == asks.len() {
        return Ok(TeamStep::Answered { answers, at: tx.now });
    }
    transition::go(tx, &lead, JobEvent::Park, &Move { wait: Some(&WAIT), ..Move::default() })?;
    Ok(TeamStep::Parked)
}

fn look(tx: &Tx<'_>, lead: &JobHead, ask: &TeamAsk) -> Result<Standing, StoreError> {
    let key = params![lead.seq, ask.request_hash, ask.occurrence];
    let found = tx.first(KNOWN, key, |row| Ok((row.get::<i64>(0)?, row.get::<bool>(1)?)))?;
    let Some((seq, again)) = found else {
        return Ok(ask.refused.clone().map_or(Standing::New, Standing::Refused));
    };
    let job = heads(tx, select_heads!("WHERE seq = ?1"), [seq])?
        .pop()
        .ok_or_else(|| StoreError::Backend("the job of a task cannot be read".into()))?;
    Ok(match job.state {
        JobState::Succeeded => Standing::Over(job),
        JobState::Failed | JobState::Cancelled if again => Standing::Again(job),
        JobState::Failed | JobState::Cancelled => Standing::Over(job),
        _ => Standing::UnderWay,
    })
}

/// Begins what is new or is to be run again, as far as the tree has places and its lead money.
fn begin(
    tx: &mut Tx<'_>,
    lead: &JobHead,
    asks: &[TeamAsk],
    standings: &mut [Standing],
) -> Result<(), StoreError> {
    if !standings.iter().any(|standing| matches!(standing, Standing::New | Standing::Again(_))) {
        return Ok(());
    }
    let mut tree = Tree::of(tx, lead)?;
    let (mut begun, mut wishes) = (Vec::new(), Vec::new());
    for (place, (ask, standing)) in asks.iter().zip(standings.iter_mut()).enumerate() {
        let before = match standing {
            Standing::New => match tree.admit(&ask.task.agent) {
                Ok(()) => Nanodollars::ZERO,
                Err(refused) => {
                    *standing = Standing::Refused(refused);
                    continue;
                }
            },
            Standing::Again(job) => tree::used(tx.db, job.seq)?,
            _ => continue,
        };
        begun.push((place, before));
        wishes.push(ask.task.max_cost.map(|wish| wish.less(before)));
    }
    let granted = grants(tree::left(tx.db, lead.seq)?, &wishes);
    for ((place, before), granted) in begun.into_iter().zip(granted) {
        let ask = &asks[place];
        match (granted, &standings[place]) {
            (Err(left), standing) => {
                let job = if let Standing::Again(job) = standing { Some(job.id) } else { None };
                let refusal = TeamRefusal::OverBudget { wish: ask.task.max_cost, left };
                standings[place] = Standing::Refused(TeamFailure::of(&refusal, job));
            }
            (Ok(granted), Standing::Again(job)) => run_again(tx, lead, job, before + granted)?,
            (Ok(granted), _) => tree.make(tx, lead, ask, granted)?,
        }
    }
    Ok(())
}

fn run_again(
    tx: &mut Tx<'_>,
    lead: &JobHead,
    job: &JobHead,
    max_cost: Nanodollars,
) -> Result<(), StoreError> {
    finish::again(tx, job)?;
    // Its place in the queue is its root's.
    tx.run(
        "UPDATE jobs SET max_cost = ?2, ready_at = (SELECT r.ready_at FROM jobs r WHERE r.seq = jobs.root)
         WHERE seq = ?1",
        params![job.seq, max_cost.get()],
    )?;
    tx.run("UPDATE tasks SET again = 0 WHERE job = ?1", [job.seq])?;
    logs::note(tx, lead, &JobNote::TaskAgain { job: job.id, agent: &job.agent, max_cost })
}

fn wait_for(tx: &Tx<'_>, lead: &JobHead, ask: &TeamAsk) -> Result<(), StoreError> {
    tx.run(
        "UPDATE tasks SET waits = 1 WHERE lead = ?1 AND request_hash = ?2 AND occurrence = ?3",
        params![lead.seq, ask.request_hash, ask.occurrence],
    )
    .map(drop)
}

/// Writes an answer into the journal; answers how many bytes it has there.
fn journalled(tx: &Tx<'_>, lead: &JobHead, ask: &TeamAsk, answer: &TeamAnswer) -> Result<u64, StoreError> {
    let answer = Json::of(answer);
    let bytes = answer.as_str().len() as u64;
    let entry = JournalEntry {
        position: ask.position,
        kind: JournalKind::Team,
        request_hash: ask.request_hash,
        answer,
        at: tx.now,
    };
    journal::put(tx, lead.seq, &entry)?;
    Ok(bytes)
}

/// What a job that is over gives its lead, which has been given so many bytes.
fn result(tx: &Tx<'_>, job: &JobHead, told: u64) -> Result<TeamAnswer, StoreError> {
    let cost = tree::spent(tx.db, job.seq)?;
    if job.state != JobState::Succeeded {
        let (kind, message): (Option<String>, Option<String>) = tx
            .first("SELECT error_kind, error_message FROM jobs WHERE seq = ?1", [job.seq], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .unwrap_or_default();
        // What an attempt before it said is not why it was stopped.
        let own = |word: Option<String>| word.filter(|_| job.state == JobState::Failed);
        let (kind, message) = (own(kind), own(message));
        let (kind, message) = (kind.as_deref(), message.as_deref());
        let ended = TeamRefusal::Ended { job: job.id, state: job.state, kind, message, cost };
        return Ok(Err(TeamFailure::of(&ended, Some(job.id))));
    }
    let length = "SELECT coalesce(octet_length(result), 0) FROM job_bodies WHERE seq = ?1";
    let length: u64 = tx.first(length, [job.seq], |row| row.count(0))?.unwrap_or(0);
    if told.saturating_add(length) > MOST_BYTES {
        let too_large = TeamRefusal::TooLarge { job: job.id, most: MOST_BYTES };
        return Ok(Err(TeamFailure::of(&too_large, Some(job.id))));
    }
    let result: Option<String> =
        tx.first("SELECT result FROM job_bodies WHERE seq = ?1", [job.seq], |row| row.get(0))?.flatten();
    Ok(Ok(TeamDone {
        job: job.id,
        agent: job.agent.clone(),
        result: result.unwrap_or_else(|| "null".to_owned()),
        artifacts: artifacts::of(tx.db, job.seq)?,
        cost,
    }))
}
