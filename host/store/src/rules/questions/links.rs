//! Links that answer one question each: the host keeps the hash of a link's token, never the token.

use super::find::{self, Kept};
use crate::engine::{Db, params};
use crate::rules::tx::Tx;
use crate::{NewQuestionLink, StoreError};
use anvil_types::{PersonQuestion, QuestionId, QuestionState, Timestamp};

/// A link, by its hash.
pub(crate) const FIND: &str =
    "SELECT question, text_digest, webhook, expires_at FROM question_links WHERE hash = ?1";
/// Takes the links of a question out that are good no more.
pub(crate) const FORGET: &str = "DELETE FROM question_links WHERE question = ?1 AND expires_at <= ?2";

/// Ends the links that went out by a webhook.
pub(crate) fn end_of_webhook(tx: &Tx<'_>, webhook: &str) -> Result<(), StoreError> {
    tx.run("DELETE FROM question_links WHERE webhook = ?1", [webhook]).map(drop)
}

/// A link that is good.
pub(crate) struct Linked {
    pub(crate) kept: Kept,
    pub(crate) webhook: String,
}

/// The digest of what whoever answers is shown.
fn digest(question: &PersonQuestion) -> [u8; 32] {
    *blake3::hash(question.shown().as_str().as_bytes()).as_bytes()
}

/// Keeps a link's hash, for as long as it is good; a question that is not open any more gets none.
pub(crate) fn put(tx: &Tx<'_>, link: &NewQuestionLink) -> Result<(), StoreError> {
    let Some(kept) = find::by_id(tx.db, link.question)? else { return Ok(()) };
    if kept.question.state != QuestionState::Open {
        return Ok(());
    }
    tx.run(FORGET, params![kept.seq, tx.now.micros()])?;
    tx.run(
        "INSERT INTO question_links (hash, question, text_digest, webhook, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            link.hash,
            kept.seq,
            digest(&kept.question),
            link.webhook,
            (tx.now + link.valid_for).micros(),
        ],
    )
    .map(drop)
}

/// A question is asked at another time, since the ledger's was wrong: the links to the text that it had stay good, and end
/// as long after it as before.
pub(crate) fn moved(
    tx: &Tx<'_>,
    question: i64,
    before: &PersonQuestion,
    after: &PersonQuestion,
) -> Result<(), StoreError> {
    let earlier = before.opened_at.since(after.opened_at);
    tx.run(
        "UPDATE question_links SET text_digest = ?3, expires_at = expires_at - ?4
         WHERE question = ?1 AND text_digest = ?2",
        params![
            question,
            digest(before),
            digest(after),
            i64::try_from(earlier.as_micros()).unwrap_or(i64::MAX)
        ],
    )
    .map(drop)
}

/// The question that a link is for. Whatever is wrong with it is told the same.
pub(crate) fn open(db: &Db, id: QuestionId, hash: &[u8; 32], now: Timestamp) -> Result<Linked, StoreError> {
    let link = db.first(FIND, params![*hash], |row| {
        Ok((
            row.get::<i64>("question")?,
            row.get::<[u8; 32]>("text_digest")?,
            row.get::<String>("webhook")?,
            row.time("expires_at")?,
        ))
    })?;
    let Some((question, text_digest, webhook, expires_at)) = link else {
        return Err(StoreError::LinkRefused);
    };
    let kept = find::by_id(db, id)?.ok_or(StoreError::LinkRefused)?;
    let is_good = kept.seq == question && now < expires_at && digest(&kept.question) == text_digest;
    if is_good { Ok(Linked { kept, webhook }) } else { Err(StoreError::LinkRefused) }
}
