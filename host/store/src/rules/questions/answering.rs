//! A person answers, once.

use super::ending::Ending;
use super::{closing, find, links};
use crate::rules::audit;
use crate::rules::tx::Tx;
use crate::{Answerer, StoreError};
use anvil_types::words::QuestionNote;
use anvil_types::{Json, PersonQuestion, QuestionId, QuestionState, clip};

/// Answers an open question.
pub(crate) fn answer(
    tx: &mut Tx<'_>,
    id: QuestionId,
    answer: &Json,
    by: &Answerer,
) -> Result<PersonQuestion, StoreError> {
    let (kept, by) = match by {
        Answerer::Person(name) => (find::there(tx.db, id)?, name.clone()),
        Answerer::Link(hash) => {
            let linked = links::open(tx.db, id, hash, tx.now)?;
            (linked.kept, format!("link:{}", linked.webhook))
        }
    };
    // What is over and nobody has looked at yet is over.
    if kept.upstream == tx.policy.upstream && closing::is_over(&kept, tx.now) {
        return Err(StoreError::QuestionOver { question: id, state: QuestionState::Expired });
    }
    match kept.question.state {
        QuestionState::Open => {}
        QuestionState::Answered => {
            return Err(StoreError::QuestionAnswered {
                question: id,
                by: kept.question.answered_by.unwrap_or_default(),
                at: kept.question.closed_at.unwrap_or_default(),
            });
        }
        state => return Err(StoreError::QuestionOver { question: id, state }),
    }
    let ending = Ending { state: QuestionState::Answered, answer: Some(answer), by: Some(&by) };
    closing::close(tx, &kept, &ending, &QuestionNote::Answered { by: &by, answer })?;
    let detail = format!("{id} of {}: {}", kept.question.subject, clip(answer.as_str()));
    audit::note(tx, &by, "question.answer", &detail)?;
    Ok(find::there(tx.db, id)?.question)
}
