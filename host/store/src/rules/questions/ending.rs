//! What every end of a question brings with it.

use super::bell;
use super::find::{self, Kept, select_questions};
use crate::StoreError;
use crate::engine::{Id, Row, params};
use crate::rules::jobs::logs;
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use anvil_types::words::QuestionNote;
use anvil_types::{EventKind, Json, QuestionState};

/// The open questions of a job.
pub(crate) const OPEN_OF_JOB: &str =
    select_questions!("INDEXED BY questions_open_of_subject WHERE state = 'open' AND subject = ?1");

/// How a question ends.
pub(crate) struct Ending<'a> {
    pub(crate) state: QuestionState,
    pub(crate) answer: Option<&'a Json>,
    pub(crate) by: Option<&'a str>,
}

/// A row; one that cannot be read is no reason to pass over the others.
#[expect(clippy::unnecessary_wraps, reason = "as a query reads its rows")]
pub(crate) fn read_or_pass(row: &Row<'_>) -> Result<Option<Kept>, StoreError> {
    Ok(find::read(row).inspect_err(|error| tracing::error!(%error, "a question's row cannot be read")).ok())
}

/// Ends a question: tells of it, and ends the alert where it was the last one that this told of. Answers the job that it
/// was of.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    kept: &Kept,
    ending: &Ending<'_>,
    note: &QuestionNote<'_>,
) -> Result<Option<JobHead>, StoreError> {
    tx.run(
        "UPDATE questions SET state = ?2, closed_at = ?3, answer = ?4, answered_by = ?5 WHERE seq = ?1",
        params![kept.seq, ending.state.name(), tx.now.micros(), ending.answer.map(Json::as_str), ending.by,],
    )?;
    let question = &kept.question;
    let job = question.subject.job();
    tx.tell(job, EventKind::Question { question: question.id, state: ending.state });
    bell::silence(tx, kept.alert)?;
    let Some(job) = job else { return Ok(None) };
    let job = JobHead::find(tx, job)?;
    logs::host(tx, &job, &note.to_string())?;
    Ok(Some(job))
}

/// Takes back what a job has asked that has come to its end.
pub(crate) fn withdraw(tx: &mut Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    let open = tx.all(OPEN_OF_JOB, [job.id.bytes()], read_or_pass)?;
    for kept in open.into_iter().flatten() {
        let ending = Ending { state: QuestionState::Withdrawn, answer: None, by: None };
        end(tx, &kept, &ending, &QuestionNote::Withdrawn)?;
    }
    Ok(())
}
