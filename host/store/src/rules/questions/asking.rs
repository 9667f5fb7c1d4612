//! A job parks for a question, which is made in the same transaction.

use super::find::{self, Kept};
use super::{bell, closing};
use crate::engine::{Id, params};
use crate::rules::alerts::made_id;
use crate::rules::jobs::row::JobHead;
use crate::rules::jobs::transition::{self, Move};
use crate::rules::jobs::{journal, logs};
use crate::rules::tx::Tx;
use crate::{JournalEntry, JournalKind, NewQuestion, StoreError};
use anvil_types::words::{AskRefusal, QuestionNote, WaitCause};
use anvil_types::{
    AskError, EventKind, JobEvent, Json, Lease, PersonAnswer, QuestionId, QuestionState, Timestamp, Wait,
    WaitReason,
};

/// What a job waits for that goes on in the same step.
const AT_ONCE: Wait =
    Wait { reason: WaitReason::Person, detail: String::new(), until: None, refused_at: None };

/// What a job that asks is to do.
enum Asked {
    /// It waits for this question, until its time is over.
    Waits(QuestionId, Option<Timestamp>),
    /// It was answered before it came here.
    GoesOn,
    /// It may not ask.
    Refused(AskRefusal),
}

/// Puts a running job aside until its question is answered.
pub(crate) fn park(
    tx: &mut Tx<'_>,
    lease: Lease,
    new: &NewQuestion,
    position: u32,
) -> Result<(), StoreError> {
    let mut job = JobHead::fenced(tx, lease)?;
    let asked = ask(tx, &job, new)?;
    let wait = match &asked {
        Asked::Waits(question, until) => {
            WaitCause::Person { question: *question, prompt: &new.text.prompt, until: *until }.wait(None)
        }
        Asked::GoesOn => AT_ONCE,
        Asked::Refused(why) => {
            refuse(tx, &job, new, position, why)?;
            AT_ONCE
        }
    };
    job.state = transition::go(tx, &job, JobEvent::Park, &Move { wait: Some(&wait), ..Move::default() })?;
    if !matches!(asked, Asked::Waits(..)) {
        transition::go(tx, &job, JobEvent::Resume, &Move::default())?;
    }
    Ok(())
}

fn ask(tx: &mut Tx<'_>, job: &JobHead, new: &NewQuestion) -> Result<Asked, StoreError> {
    let mut known = find::by_key(tx.db, &new.key)?;
    if let Some(kept) = known.as_ref().filter(|kept| closing::is_over(kept, tx.now)) {
        closing::expire(tx, kept)?;
        known = find::by_key(tx.db, &new.key)?;
    }
    match known {
        Some(kept) if kept.question.state == QuestionState::Open => {
            Ok(Asked::Waits(kept.question.id, kept.question.expires_at))
        }
        Some(kept) if kept.question.outcome().is_some() => Ok(Asked::GoesOn),
        known => match find::full(tx.db, tx.policy.upstream, &new.key, &new.asker, &new.rules)? {
            Some(why) => Ok(Asked::Refused(why)),
            None => {
                let (question, until) = open(tx, job, new, known.as_ref())?;
                Ok(Asked::Waits(question, until))
            }
        },
    }
}

/// Makes the question, or opens the one again that was withdrawn; answers which it is, and when its time is over.
fn open(
    tx: &mut Tx<'_>,
    job: &JobHead,
    new: &NewQuestion,
    withdrawn: Option<&Kept>,
) -> Result<(QuestionId, Option<Timestamp>), StoreError> {
    let expires_at = new.text.time_limit().map(|limit| tx.now + limit);
    let alert = bell::ring(tx, &new.asker, expires_at, &new.rules)?;
    let prompt = &new.text.prompt;
    let (id, note) = if let Some(kept) = withdrawn {
        tx.run(
            "UPDATE questions SET state = 'open', alert = ?2, opened_at = ?3, expires_at = ?4, closed_at = NULL,
                 answer = NULL, answered_by = NULL WHERE seq = ?1",
            params![kept.seq, alert.bytes(), tx.now.micros(), expires_at.map(Timestamp::micros)],
        )?;
        (kept.question.id, QuestionNote::AskedAgain { prompt })
    } else {
        let id: QuestionId = made_id(tx.policy, tx.now, prompt, QuestionId::new);
        tx.run(
            "INSERT INTO questions (id, upstream, subject_kind, subject, job, request_hash, occurrence, asker, text,
                 state, alert, opened_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open', ?10, ?11, ?12)",
            params![
                id.bytes(),
                tx.policy.upstream.name(),
                new.key.subject.kind(),
                find::subject_id(new.key.subject),
                job.seq,
                new.key.request_hash,
                new.key.occurrence,
                new.asker,
                Json::of(&new.text).as_str(),
                alert.bytes(),
                tx.now.micros(),
                expires_at.map(Timestamp::micros),
            ],
        )?;
        (id, QuestionNote::Asked { prompt })
    };
    logs::host(tx, job, &note.to_string())?;
    tx.tell(Some(job.id), EventKind::Question { question: id, state: QuestionState::Open });
    Ok((id, expires_at))
}

/// What the job is told in place of an answer; in its journal, so that it is told so when it runs again.
fn refuse(
    tx: &Tx<'_>,
    job: &JobHead,
    new: &NewQuestion,
    position: u32,
    why: &AskRefusal,
) -> Result<(), StoreError> {
    let answer: Result<PersonAnswer, AskError> = Err(AskError::new(AskError::TOO_MANY, why));
    let entry = JournalEntry {
        position,
        kind: JournalKind::Question,
        request_hash: new.key.request_hash,
        answer: Json::of(&answer),
        at: tx.now,
    };
    journal::put(tx, job.seq, &entry)?;
    tx.run(journal::PROGRESS, [job.seq]).map(drop)
}
