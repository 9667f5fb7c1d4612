//! Questions to people: what the store is asked and answers.

use anvil_types::words::AskRefusal;
use anvil_types::{
    AskError, PersonAnswer, PersonQuestion, QuestionId, QuestionState, QuestionSubject, QuestionText,
};
use std::time::Duration;

/// By what a question is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionKey {
    /// What waits.
    pub subject: QuestionSubject,
    /// The digest of what is asked.
    pub request_hash: [u8; 32],
    /// The how manyth that is asked just so, from 0.
    pub occurrence: u32,
}

/// How many questions may be open, and how people are told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuestionRules {
    /// The most open questions of one that waits,
    pub open_of_subject: u64,
    /// and of all that ask under one name.
    pub open_of_asker: u64,
    /// How long questions of one name are gathered before people are told of them,
    pub ring_after: Duration,
    /// and how far apart two messages for one name are at least.
    pub ring_every: Duration,
    /// Whether the messages have links.
    pub with_links: bool,
}

/// A question on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewQuestion {
    /// By what it is found again.
    pub key: QuestionKey,
    /// Who asks.
    pub asker: String,
    /// What is asked; within its bounds.
    pub text: QuestionText,
    /// How many may be open, and how people are told.
    pub rules: QuestionRules,
}

/// What is known of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum QuestionFound {
    /// It may be asked.
    New,
    /// It is asked, and nobody has answered.
    Open,
    /// It was answered, or its time is over.
    Closed(Result<PersonAnswer, AskError>),
    /// It is not there, and may not be asked now.
    Full(AskRefusal),
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// A person whom the host knows by this name.
    Person(String),
    /// Whoever has the link with the token of this hash.
    Link([u8; 32]),
}

/// Which questions to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionFilter {
    /// Only these states; all where empty.
    pub states: Vec<QuestionState>,
    /// Only of this one that waits.
    pub subject: Option<QuestionSubject>,
    /// Only those that were made before this one: the `next` of the page before.
    pub after: Option<QuestionId>,
    /// The most questions; 1 to 500.
    pub limit: u32,
}

/// A page of questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionPage {
    /// The questions.
    pub items: Vec<PersonQuestion>,
    /// Where the next page begins; none on the last.
    pub next: Option<QuestionId>,
}

/// A link that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuestionLink {
    /// The question that it answers.
    pub question: QuestionId,
    /// The hash of its token.
    pub hash: [u8; 32],
    /// The webhook that it is sent to.
    pub webhook: String,
    /// How long it is good for.
    pub valid_for: Duration,
}

/// The hash by which a link's token is kept. The token has 256 random bits, so that no slow hash is needed.
pub fn link_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}
