//! `people` in lines.

use super::answer::Answer;
use super::wire::Extras;
use crate::bindings::anvil::agent::people as wit;
use crate::bindings::anvil::agent::people::Host as _;
use crate::guest::Guest;
use anvil_types::Json;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    prompt: String,
    details: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    schema: Option<Json>,
    time_limit_ms: Option<u64>,
    default: Option<Json>,
    #[serde(default)]
    extras: Extras,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    value: String,
    label: Option<String>,
    #[serde(default)]
    extras: Extras,
}

#[derive(Serialize)]
pub(super) struct Answered {
    value: Json,
    who: Option<String>,
    at: String,
    extras: Extras,
}

#[derive(Serialize)]
pub(super) struct AskFailure {
    kind: String,
    message: String,
    extras: Extras,
}

pub(super) async fn ask(guest: &mut Guest, with: Question) -> wasmtime::Result<Answer<Answered, AskFailure>> {
    let choices = with.choices.into_iter().map(|choice| wit::Choice {
        value: choice.value,
        label: choice.label,
        extras: choice.extras.into(),
    });
    let text = |json: Json| json.as_str().to_owned();
    let question = wit::Question {
        prompt: with.prompt,
        details: with.details,
        choices: choices.collect(),
        schema: with.schema.map(text),
        time_limit_ms: with.time_limit_ms,
        default: with.default.map(text),
        extras: with.extras.into(),
    };
    let answer = guest.ask(question).await?;
    Ok(answer.map(Into::into).map_err(Into::into).into())
}

impl From<wit::Answer> for Answered {
    fn from(answer: wit::Answer) -> Self {
        let value = answer.value.parse().unwrap_or_else(|_| Json::of(&answer.value));
        Self { value, who: answer.who, at: answer.at, extras: answer.extras.into() }
    }
}

impl From<wit::AskError> for AskFailure {
    fn from(error: wit::AskError) -> Self {
        Self { kind: error.kind, message: error.message, extras: error.extras.into() }
    }
}
