//! Questions to people: asked while something waits, and answered once.

use crate::{
    Answerer, NewQuestion, NewQuestionLink, QuestionFilter, QuestionFound, QuestionKey, QuestionPage,
    QuestionRules, StoreError,
};
use anvil_types::{AlertId, Json, Lease, PersonQuestion, QuestionId};
use async_trait::async_trait;

/// Questions to people: asked while something waits, and answered once.
#[async_trait]
pub trait QuestionStore: Send + Sync {
    /// What is known of a question of `asker`.
    async fn find_question(
        &self,
        key: QuestionKey,
        asker: &str,
        rules: QuestionRules,
    ) -> Result<QuestionFound, StoreError>;
    /// Parks a running job for a question, and makes the question in the same step where it is not there. Fenced. One
    /// that is answered already, and one that may not be asked, puts the job straight back into the queue; what it is
    /// told then stands in its journal at `position`. One that was withdrawn is asked again.
    async fn park_asking(&self, lease: Lease, question: NewQuestion, position: u32)
    -> Result<(), StoreError>;
    /// Answers an open question, once, and lets what waits go on; audited. The answer fits: whoever calls this has seen
    /// to that.
    async fn answer_question(
        &self,
        id: QuestionId,
        answer: Json,
        by: Answerer,
    ) -> Result<PersonQuestion, StoreError>;
    /// A question.
    async fn question(&self, id: QuestionId) -> Result<Option<PersonQuestion>, StoreError>;
    /// A page of questions.
    async fn questions(&self, filter: QuestionFilter) -> Result<QuestionPage, StoreError>;
    /// How many questions are open.
    async fn open_questions(&self) -> Result<u64, StoreError>;
    /// How many questions of one asker are open.
    async fn open_questions_of(&self, asker: &str) -> Result<u64, StoreError>;
    /// The open questions that an alert tells of, the oldest first.
    async fn questions_of_alert(&self, alert: AlertId, limit: u32)
    -> Result<Vec<PersonQuestion>, StoreError>;
    /// Keeps the hashes of links that are about to be sent, each bound to the text that its question has now.
    async fn link_questions(&self, links: Vec<NewQuestionLink>) -> Result<(), StoreError>;
    /// The question that a link with this hash is for; refused alike where it is of another, over, or not known.
    async fn linked_question(&self, id: QuestionId, hash: [u8; 32]) -> Result<PersonQuestion, StoreError>;
}
