//! A question's row, and whether there may be another one.

use crate::engine::{Db, Id, Row, params};
use crate::{QuestionFound, QuestionKey, QuestionRules, StoreError};
use anvil_types::words::AskRefusal;
use anvil_types::{AlertId, JobId, PersonQuestion, QuestionId, QuestionState, QuestionSubject, UpstreamKind};

/// A question with what the store alone knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) seq: i64,
    pub(crate) upstream: UpstreamKind,
    pub(crate) alert: Option<AlertId>,
    pub(crate) question: PersonQuestion,
}

/// The query for questions, with what follows `FROM questions`.
macro_rules! select_questions {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, upstream, subject_kind, subject, asker, text, state, alert, opened_at, expires_at,
             closed_at, answer, answered_by FROM questions ",
            $rest
        )
    };
}
pub(crate) use select_questions;

/// One, by its id.
pub(crate) const BY_ID: &str = select_questions!("WHERE id = ?1");
/// One, by what is asked.
pub(crate) const BY_KEY: &str =
    select_questions!("WHERE subject_kind = ?1 AND subject = ?2 AND request_hash = ?3 AND occurrence = ?4");
/// How many are open of one that waits.
pub(crate) const OPEN_OF_SUBJECT: &str =
    "SELECT count(*) AS open FROM questions INDEXED BY questions_open_of_subject
     WHERE state = 'open' AND subject = ?1";
/// How many are open of all that ask under one name.
pub(crate) const OPEN_OF_ASKER: &str =
    "SELECT count(*) AS open FROM questions INDEXED BY questions_open_of_asker
     WHERE state = 'open' AND upstream = ?1 AND asker = ?2";

/// The id of what waits, as it stands in its column.
pub(crate) fn subject_id(subject: QuestionSubject) -> [u8; 16] {
    match subject {
        QuestionSubject::Job(job) => job.bytes(),
    }
}

/// How many of one asker are open.
pub(crate) fn open_of(db: &Db, upstream: UpstreamKind, asker: &str) -> Result<u64, StoreError> {
    let open = db.first(OPEN_OF_ASKER, params![upstream.name(), asker], |row| row.count("open"))?;
    Ok(open.unwrap_or(0))
}

pub(crate) fn read(row: &Row<'_>) -> Result<Kept, StoreError> {
    let subject = match row.text("subject_kind")? {
        "job" => QuestionSubject::Job(row.id::<JobId>("subject")?),
        other => return Err(StoreError::Backend(format!("nothing that waits is a `{other}`").into())),
    };
    let answer = match row.maybe_text("answer")? {
        Some(_) => Some(row.json("answer")?),
        None => None,
    };
    Ok(Kept {
        seq: row.get("seq")?,
        upstream: row.word("upstream")?,
        alert: row.maybe_id("alert")?,
        question: PersonQuestion {
            id: row.id("id")?,
            subject,
            asker: row.get("asker")?,
            state: row.word("state")?,
            text: row.structure("text")?,
            opened_at: row.time("opened_at")?,
            expires_at: row.maybe_time("expires_at")?,
            closed_at: row.maybe_time("closed_at")?,
            answer,
            answered_by: row.get("answered_by")?,
        },
    })
}

/// The question of this id.
pub(crate) fn by_id(db: &Db, id: QuestionId) -> Result<Option<Kept>, StoreError> {
    db.first(BY_ID, [id.bytes()], read)
}

/// The question of this id, which is there.
pub(crate) fn there(db: &Db, id: QuestionId) -> Result<Kept, StoreError> {
    by_id(db, id)?.ok_or(StoreError::NoSuchQuestion(id))
}

/// The question that is asked so.
pub(crate) fn by_key(db: &Db, key: &QuestionKey) -> Result<Option<Kept>, StoreError> {
    let subject = subject_id(key.subject);
    db.first(BY_KEY, params![key.subject.kind(), subject, key.request_hash, key.occurrence], read)
}

/// What is known of a question.
pub(crate) fn known(
    db: &Db,
    upstream: UpstreamKind,
    key: &QuestionKey,
    asker: &str,
    rules: &QuestionRules,
) -> Result<QuestionFound, StoreError> {
    let kept = by_key(db, key)?.map(|kept| kept.question);
    Ok(match kept {
        Some(open) if open.state == QuestionState::Open => QuestionFound::Open,
        Some(closed) => match closed.outcome() {
            Some(outcome) => QuestionFound::Closed(outcome),
            None => new(db, upstream, key, asker, rules)?,
        },
        None => new(db, upstream, key, asker, rules)?,
    })
}

fn new(
    db: &Db,
    upstream: UpstreamKind,
    key: &QuestionKey,
    asker: &str,
    rules: &QuestionRules,
) -> Result<QuestionFound, StoreError> {
    Ok(full(db, upstream, key, asker, rules)?.map_or(QuestionFound::New, QuestionFound::Full))
}

/// Why one more may not be asked, where it may not.
pub(crate) fn full(
    db: &Db,
    upstream: UpstreamKind,
    key: &QuestionKey,
    asker: &str,
    rules: &QuestionRules,
) -> Result<Option<AskRefusal>, StoreError> {
    let open: u64 =
        db.first(OPEN_OF_SUBJECT, [subject_id(key.subject)], |row| row.count("open"))?.unwrap_or(0);
    if open >= rules.open_of_subject {
        return Ok(Some(AskRefusal::TooManyOpen { open, setting: "people.open_of_job" }));
    }
    let open = open_of(db, upstream, asker)?;
    if open >= rules.open_of_asker {
        return Ok(Some(AskRefusal::TooManyOpen { open, setting: "people.open_of_agent" }));
    }
    Ok(None)
}
