//! Questions to people, and their answers.

use crate::parts::ControlParts;
use anvil_sandbox::{check_answer, each_name_once, read_answer};
use anvil_store::{Answerer, QuestionFilter, QuestionPage, Store, StoreError};
use anvil_types::words::NoAnswer;
use anvil_types::{JobId, Json, PersonQuestion, QuestionId, QuestionState, QuestionSubject, QuestionText};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// Answers that are checked at once: a stranger's schema may take a second.
static CHECKS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));
/// The most questions of one job that are shown with it.
const MOST_OF_JOB: u32 = 100;

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It does not fit the question.
    #[error(transparent)]
    Unfit(#[from] NoAnswer),
    /// The store refuses it, or could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An answer as it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenAnswer {
    /// A value.
    Value(Json),
    /// What a person wrote into a form: a text, or JSON where no text fits.
    Written(String),
}

impl GivenAnswer {
    /// The answer that it is, checked against what is asked for.
    fn fit(self, text: &QuestionText) -> Result<Json, NoAnswer> {
        match self {
            Self::Value(answer) => {
                each_name_once(&answer)?;
                check_answer(text, &answer).map(|()| answer)
            }
            Self::Written(written) => read_answer(text, &written),
        }
    }

    /// As it stands, for a question that takes none any more.
    fn unchecked(self) -> Json {
        match self {
            Self::Value(answer) => answer,
            Self::Written(written) => Json::of(&written),
        }
    }
}

/// Questions to people, and their answers.
pub struct QuestionControl {
    store: Arc<dyn Store>,
}

impl QuestionControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone() }
    }

    /// A page of them, the newest first.
    pub async fn page(&self, filter: QuestionFilter) -> Result<QuestionPage, StoreError> {
        self.store.questions(filter).await
    }

    /// The newest of a job.
    pub async fn of_job(&self, job: JobId) -> Result<Vec<PersonQuestion>, StoreError> {
        let subject = Some(QuestionSubject::Job(job));
        let filter = QuestionFilter { subject, limit: MOST_OF_JOB, ..QuestionFilter::default() };
        Ok(self.store.questions(filter).await?.items)
    }

    /// One.
    pub async fn get(&self, id: QuestionId) -> Result<Option<PersonQuestion>, StoreError> {
        self.store.question(id).await
    }

    /// How many are open.
    pub async fn open(&self) -> Result<u64, StoreError> {
        self.store.open_questions().await
    }

    /// The one that a link is for, by the hash of its token.
    pub async fn linked(&self, id: QuestionId, hash: [u8; 32]) -> Result<PersonQuestion, StoreError> {
        self.store.linked_question(id, hash).await
    }

    /// Answers one: checked against what it asks for, and once.
    pub async fn answer(
        &self,
        id: QuestionId,
        given: GivenAnswer,
        by: Answerer,
    ) -> Result<PersonQuestion, AnswerError> {
        let question = match &by {
            Answerer::Person(_) => self.store.question(id).await?.ok_or(StoreError::NoSuchQuestion(id))?,
            Answerer::Link(hash) => self.store.linked_question(id, *hash).await?,
        };
        // Whoever comes too late is told that, whatever was said.
        let answer = if question.state == QuestionState::Open {
            anvil_runner::in_turn(&CHECKS, move || given.fit(&question.text)).await?
        } else {
            given.unchecked()
        };
        Ok(self.store.answer_question(id, answer, by).await?)
    }
}
