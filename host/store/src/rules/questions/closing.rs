//! A question is answered, or its time is over, and what waits for it goes on.

use super::ending::{self, Ending, read_or_pass};
use super::find::{Kept, select_questions};
use crate::StoreError;
use crate::engine::params;
use crate::rules::jobs::row::JobHead;
use crate::rules::jobs::transition::{self, Move};
use crate::rules::tx::Tx;
use anvil_types::words::QuestionNote;
use anvil_types::{JobEvent, JobState, QuestionState, Timestamp};

/// Questions whose time is over; no more at once than one commit bears, the next look takes the rest.
pub(crate) const DUE: &str = select_questions!(
    "INDEXED BY questions_due WHERE state = 'open' AND expires_at IS NOT NULL AND upstream = ?1 AND expires_at <= ?2
     ORDER BY expires_at LIMIT 200"
);
/// Whether a job waits for people.
const WAITS: &str = "SELECT 1 FROM jobs WHERE seq = ?1 AND state = 'parked' AND wait_reason = 'person'";

/// Whether a question is open though its time is over. Its own upstream's time counts.
pub(crate) fn is_over(kept: &Kept, now: Timestamp) -> bool {
    kept.question.state == QuestionState::Open && kept.question.expires_at.is_some_and(|at| at <= now)
}

/// Ends the questions of this host's upstream whose time is over.
pub(crate) fn expire_due(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let due = tx.all(DUE, params![tx.policy.upstream.name(), tx.now.micros()], read_or_pass)?;
    due.into_iter().flatten().try_for_each(|kept| expire(tx, &kept))
}

/// Ends a question whose time is over: nobody answered, and its default counts.
pub(crate) fn expire(tx: &mut Tx<'_>, kept: &Kept) -> Result<(), StoreError> {
    let default = kept.question.text.default.as_ref();
    let ending = Ending { state: QuestionState::Expired, answer: default, by: None };
    close(tx, kept, &ending, &QuestionNote::NobodyAnswered { default })
}

/// Ends a question, and lets the job go on that waits for people. Another question that the job waits for is found open
/// again, and waited for again.
pub(crate) fn close(
    tx: &mut Tx<'_>,
    kept: &Kept,
    ending: &Ending<'_>,
    note: &QuestionNote<'_>,
) -> Result<(), StoreError> {
    let Some(job) = ending::end(tx, kept, ending, note)? else { return Ok(()) };
    if job.state == JobState::Parked && tx.first(WAITS, [job.seq], |_| Ok(()))?.is_some() {
        transition::go(tx, &job, JobEvent::Resume, &Move::default())?;
    }
    Ok(())
}

/// A person runs a failed job again: what nobody answered in time is asked anew.
pub(crate) fn ask_anew(tx: &Tx<'_>, job: &JobHead) -> Result<(), StoreError> {
    tx.run(
        "UPDATE questions SET state = 'withdrawn' WHERE job = ?1 AND state = 'expired' AND answer IS NULL",
        [job.seq],
    )
    .map(drop)
}
