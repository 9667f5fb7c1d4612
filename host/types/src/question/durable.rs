//! A question as it is kept.

use super::{AskError, PersonAnswer, QuestionChoice, QuestionText};
use crate::words::AskRefusal;
use crate::{JobId, Json, QuestionId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum QuestionSubject {
    /// A job.
    Job(JobId),
}

impl QuestionSubject {
    /// The name of its kind, in JSON and the store.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Job(_) => "job",
        }
    }

    /// The job, where it is one.
    pub fn job(self) -> Option<JobId> {
        match self {
            Self::Job(job) => Some(job),
        }
    }
}

impl fmt::Display for QuestionSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(job) => write!(f, "job {job}"),
        }
    }
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// It waits for an answer.
    Open,
    /// Somebody answered.
    Answered,
    /// Nobody answered in time; its default counts, where it has one.
    Expired,
    /// What waited for the answer has ended.
    Withdrawn,
}

impl QuestionState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Answered, Self::Expired, Self::Withdrawn];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for QuestionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for QuestionState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no state of a question; there are {names}")
        })
    }
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(from = "Wire")]
pub struct PersonQuestion {
    /// Its id.
    pub id: QuestionId,
    /// What waits for the answer.
    pub subject: QuestionSubject,
    /// Who asks: the agent, where a job does.
    pub asker: String,
    /// Where it stands.
    pub state: QuestionState,
    /// What is asked.
    #[serde(flatten)]
    pub text: QuestionText,
    /// When it was asked.
    pub opened_at: Timestamp,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
    /// When it was answered, expired or was withdrawn.
    pub closed_at: Option<Timestamp>,
    /// The answer; where nobody answered in time, the default.
    #[cfg_attr(feature = "schema", schema(value_type = Json))]
    pub answer: Option<Json>,
    /// Who answered.
    pub answered_by: Option<String>,
}

impl PersonQuestion {
    /// What whoever asked is told; nothing while it is open, or when nobody waits any more.
    pub fn outcome(&self) -> Option<Result<PersonAnswer, AskError>> {
        match self.state {
            QuestionState::Open | QuestionState::Withdrawn => None,
            QuestionState::Answered | QuestionState::Expired => Some(match (&self.answer, self.closed_at) {
                (Some(value), Some(at)) => {
                    Ok(PersonAnswer { value: value.clone(), who: self.answered_by.clone(), at })
                }
                _ => Err(AskError::new(AskError::EXPIRED, &AskRefusal::NobodyAnswered)),
            }),
        }
    }

    /// What is shown to whoever answers, as bytes of which a digest can be made: a link is for this text alone.
    pub fn shown(&self) -> Json {
        Json::of(&(self.subject, &self.asker, &self.text, self.expires_at))
    }
}

/// A question as it is read: what is flattened is read member by member, since JSON that is kept as it came cannot be read
/// out of a flattened part.
#[derive(Deserialize)]
struct Wire {
    id: QuestionId,
    subject: QuestionSubject,
    asker: String,
    state: QuestionState,
    prompt: String,
    details: Option<String>,
    choices: Vec<QuestionChoice>,
    schema: Option<Json>,
    time_limit_ms: Option<u64>,
    default: Option<Json>,
    #[serde(default)]
    extras: Vec<(String, String)>,
    opened_at: Timestamp,
    expires_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    answer: Option<Json>,
    answered_by: Option<String>,
}

impl From<Wire> for PersonQuestion {
    fn from(wire: Wire) -> Self {
        Self {
            id: wire.id,
            subject: wire.subject,
            asker: wire.asker,
            state: wire.state,
            text: QuestionText {
                prompt: wire.prompt,
                details: wire.details,
                choices: wire.choices,
                schema: wire.schema,
                time_limit_ms: wire.time_limit_ms,
                default: wire.default,
                extras: wire.extras,
            },
            opened_at: wire.opened_at,
            expires_at: wire.expires_at,
            closed_at: wire.closed_at,
            answer: wire.answer,
            answered_by: wire.answered_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_as_it_is_written() {
        let text = QuestionText {
            prompt: "How much?".to_owned(),
            details: None,
            choices: vec![QuestionChoice { value: "none".to_owned(), label: None }],
            schema: Some(Json::of(&serde_json::json!({ "type": "number" }))),
            time_limit_ms: Some(1_000),
            default: Some("3.50".parse().expect("JSON")),
            extras: vec![("a".to_owned(), "1".to_owned())],
        };
        let question = PersonQuestion {
            id: QuestionId::new(Timestamp::from_secs(1_795_442_712), 1),
            subject: QuestionSubject::Job(JobId::new(Timestamp::from_secs(1_795_442_712), 2)),
            asker: "writer".to_owned(),
            state: QuestionState::Answered,
            text,
            opened_at: Timestamp::from_secs(1_795_442_712),
            expires_at: None,
            closed_at: None,
            answer: Some("4".parse().expect("JSON")),
            answered_by: Some("ann".to_owned()),
        };
        let written = serde_json::to_string(&question).expect("JSON");
        assert!(written.contains(r#""default":3.50"#), "{written}");
        assert_eq!(serde_json::from_str::<PersonQuestion>(&written).expect("it is read"), question);
    }
}
