//! Questions to people: why one is not asked, why an answer is not taken, and what a job's log says of it.

use crate::{Json, clip};
use std::fmt;

/// Why somebody that asks people has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskRefusal {
    /// It has as many open questions as it may.
    #[error(
        "it has {open} open questions, as many as it may ({setting} in the settings, or the agent's own); go on without this answer, or wait"
    )]
    TooManyOpen {
        /// How many are open.
        open: u64,
        /// The setting that says how many may be.
        setting: &'static str,
    },
    /// It has asked as often as it may.
    #[error("a job asks people at most {most} times, and this one has")]
    TooManyAsked {
        /// How often.
        most: u32,
    },
    /// The time is over, and there is no default.
    #[error("nobody answered in time")]
    NobodyAnswered,
    /// The host could not look at the question.
    #[error("the host could not look at the question just now")]
    NotLooked,
}

/// Where an answer does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMiss {
    /// JSON pointer to the value (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is longer than an answer may be.
    #[error("an answer has at most {most} bytes of JSON; this one has {bytes}")]
    TooLong {
        /// The most.
        most: usize,
        /// How long it is.
        bytes: usize,
    },
    /// It is none of the choices.
    #[error("the answer is one of {choices}, as a JSON string")]
    NoChoice {
        /// The choices that there are.
        choices: String,
    },
    /// It is no text.
    #[error("the answer is a text, as a JSON string that is not blank")]
    NoText,
    /// It does not match the schema, nor is it one of the choices where there are some.
    #[error("the answer does not match what is asked for{}", first(.0))]
    Misses(Vec<AnswerMiss>),
    /// An object of it has a name twice.
    #[error("`{name}` is there twice, and nobody can tell which of them is meant")]
    Repeated {
        /// The name.
        name: String,
    },
    /// A form has more than one answer.
    #[error("there are two answers, and nobody can tell which of them is meant; send one")]
    Two,
    /// To find out would take too long.
    #[error(
        "the answer cannot be checked: with this question's schema that would take too many steps; send a smaller one"
    )]
    TooMuch,
    /// The host could not check it.
    #[error("the answer could not be checked: {0}")]
    Unchecked(String),
}

/// The first thing that is wrong, with its place.
fn first(misses: &[AnswerMiss]) -> String {
    match misses {
        [] => String::new(),
        [AnswerMiss { pointer, message }, ..] if pointer.is_empty() => format!(": {message}"),
        [AnswerMiss { pointer, message }, ..] => format!(": {pointer} {message}"),
    }
}

/// A line that a job's log has of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionNote<'a> {
    /// It was asked.
    Asked {
        /// The question.
        prompt: &'a str,
    },
    /// It is asked anew, since what waits for it runs again.
    AskedAgain {
        /// The question.
        prompt: &'a str,
    },
    /// Somebody answered.
    Answered {
        /// Who.
        by: &'a str,
        /// What.
        answer: &'a Json,
    },
    /// Nobody answered in time.
    NobodyAnswered {
        /// What counts as the answer.
        default: Option<&'a Json>,
    },
    /// What waited has ended.
    Withdrawn,
}

impl fmt::Display for QuestionNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { prompt } => write!(f, "asks people: {}", clip(prompt)),
            Self::AskedAgain { prompt } => write!(f, "asks people again: {}", clip(prompt)),
            Self::Answered { by, answer } => write!(f, "{by} answered: {}", clip(answer.as_str())),
            Self::NobodyAnswered { default: Some(default) } => {
                write!(f, "nobody answered in time; the default counts: {}", clip(default.as_str()))
            }
            Self::NobodyAnswered { default: None } => {
                f.write_str("nobody answered in time, and there is no default: the question has expired")
            }
            Self::Withdrawn => f.write_str("the question to people is withdrawn: the job has ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_that_came_by_time_is_nobodys_answer() {
        let default = Json::of("no");
        let told = QuestionNote::NobodyAnswered { default: Some(&default) }.to_string();
        assert_eq!(told, "nobody answered in time; the default counts: \"no\"");
        let answered = QuestionNote::Answered { by: "ann", answer: &default }.to_string();
        assert_eq!(answered, "ann answered: \"no\"");
    }
}
