//! Lists of questions.

use super::find::{self, Kept, select_questions, subject_id};
use crate::engine::{Db, Id, Row, params};
use crate::{QuestionFilter, QuestionPage, StoreError};
use anvil_types::{AlertId, PersonQuestion, QuestionState, UpstreamKind};

/// The longest page.
const LONGEST: u32 = 500;

/// Those of one that waits, the newest first.
pub(crate) const OF_SUBJECT: &str = select_questions!(
    "WHERE subject_kind = ?1 AND subject = ?2 AND id < ?3 AND (?4 = '' OR instr(?4, ' ' || state || ' ') > 0)
     ORDER BY id DESC LIMIT ?5"
);
/// The open ones of an upstream, the newest first.
pub(crate) const OPEN: &str = select_questions!(
    "INDEXED BY questions_open WHERE state = 'open' AND upstream = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
);
/// Those of an upstream, the newest first.
pub(crate) const ALL: &str = select_questions!(
    "INDEXED BY questions_by_id WHERE upstream = ?1 AND id < ?2
     AND (?3 = '' OR instr(?3, ' ' || state || ' ') > 0) ORDER BY id DESC LIMIT ?4"
);
/// The open ones that an alert tells of.
pub(crate) const OF_ALERT: &str = select_questions!(
    "INDEXED BY questions_of_alert WHERE state = 'open' AND alert = ?1 ORDER BY seq LIMIT ?2"
);
/// Whether a job has asked anything.
pub(crate) const ASKED: &str = "SELECT 1 FROM questions INDEXED BY questions_by_job WHERE job = ?1 LIMIT 1";
/// How many are open.
pub(crate) const COUNT: &str =
    "SELECT count(*) AS open FROM questions INDEXED BY questions_open WHERE state = 'open' AND upstream = ?1";

/// A page of them.
pub(crate) fn page(
    db: &Db,
    upstream: UpstreamKind,
    filter: &QuestionFilter,
) -> Result<QuestionPage, StoreError> {
    let limit = filter.limit.clamp(1, LONGEST);
    let states: String = filter.states.iter().flat_map(|state| [" ", state.name(), " "]).collect();
    let before = filter.after.map_or([u8::MAX; 16], Id::bytes);
    let (upstream, more) = (upstream.name(), limit + 1);
    let found = match filter.subject {
        Some(subject) => {
            let params = params![subject.kind(), subject_id(subject), before, states, more];
            db.all(OF_SUBJECT, params, placed)
        }
        None if filter.states == [QuestionState::Open] => {
            db.all(OPEN, params![upstream, before, more], placed)
        }
        None => db.all(ALL, params![upstream, before, states, more], placed),
    }?;
    let more = found.len() > limit as usize;
    let kept = &found[..found.len().min(limit as usize)];
    let next = kept.last().filter(|_| more).map(|(id, _)| *id);
    Ok(QuestionPage { items: kept.iter().filter_map(|(_, question)| question.clone()).collect(), next })
}

// A list shows the others also where one cannot be read.
fn placed(row: &Row<'_>) -> Result<(anvil_types::QuestionId, Option<PersonQuestion>), StoreError> {
    let id = row.id("id")?;
    let read = find::read(row).inspect_err(|error| tracing::error!(%id, %error, "a question cannot be read"));
    Ok((id, read.ok().map(|Kept { question, .. }| question)))
}

/// How many are open.
pub(crate) fn open(db: &Db, upstream: UpstreamKind) -> Result<u64, StoreError> {
    Ok(db.first(COUNT, [upstream.name()], |row| row.count("open"))?.unwrap_or(0))
}

/// Whether a job has asked anything: it has begun then, as one has that has an answer.
pub(crate) fn has_asked(db: &Db, job: i64) -> Result<bool, StoreError> {
    Ok(db.first(ASKED, [job], |_| Ok(()))?.is_some())
}

/// The open ones that an alert tells of.
pub(crate) fn of_alert(db: &Db, alert: AlertId, limit: u32) -> Result<Vec<PersonQuestion>, StoreError> {
    let found = db.all(OF_ALERT, params![alert.bytes(), limit.clamp(1, LONGEST)], placed)?;
    Ok(found.into_iter().filter_map(|(_, question)| question).collect())
}
