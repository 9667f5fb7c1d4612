//! `anvil:agent/people`.

use crate::bindings::anvil::agent::people as wit;
use crate::guest::Guest;
use crate::schema;
use anvil_types::words::AskRefusal;
use anvil_types::{AskError, Json, PersonAnswer, QuestionChoice, QuestionFault, QuestionText};

/// How often a job asks people: each is a row of the database, and an entry of the journal.
const MOST_ASKED: u32 = 1_000;

impl wit::Host for Guest {
    async fn ask(&mut self, question: wit::Question) -> wasmtime::Result<Result<wit::Answer, wit::AskError>> {
        let door = self.door("people.ask")?;
        // Every run of a job asks the same, so that this is what the job has asked.
        if self.asked_people >= MOST_ASKED {
            let most = AskRefusal::TooManyAsked { most: MOST_ASKED };
            return Ok(Err(AskError::new(AskError::TOO_MANY, &most).into()));
        }
        self.asked_people += 1;
        let text = match read(question) {
            Ok(text) => text,
            Err(fault) => return Ok(Err(invalid(&fault))),
        };
        // Compiling a stranger's schema is work, and other guests are on this thread.
        let looked = door.runtime.spawn_blocking(move || schema::check_question(&text).map(|()| text));
        let text = match looked.await {
            Ok(Ok(text)) => text,
            Ok(Err(fault)) => return Ok(Err(invalid(&fault))),
            Err(_) => {
                return Ok(Err(AskError::new(AskError::INTERNAL, &AskRefusal::NotLooked).into()));
            }
        };
        let clock = door.clock();
        let answer = door.ask("people.ask", async move |host| host.ask(text, clock).await).await?;
        Ok(answer.map(Into::into).map_err(Into::into))
    }
}

fn invalid(fault: &QuestionFault) -> wit::AskError {
    AskError::new(AskError::INVALID, fault).into()
}

/// The question within its bounds; of its schema and default only the length is looked at.
fn read(question: wit::Question) -> Result<QuestionText, QuestionFault> {
    let choice = |choice: wit::Choice| QuestionChoice { value: choice.value, label: choice.label };
    // What is too long is not read.
    let json = |part, text: Option<String>| match text {
        Some(text) if text.len() > QuestionText::LONGEST_PART => {
            let (most, bytes) = (QuestionText::LONGEST_PART, text.len());
            Err(QuestionFault::TooLong { part, most, bytes })
        }
        Some(text) => match text.parse::<Json>() {
            Ok(json) => Ok(Some(json)),
            Err(why) => Err(QuestionFault::NoJson { part, why: why.to_string() }),
        },
        None => Ok(None),
    };
    let text = QuestionText {
        prompt: question.prompt,
        details: question.details,
        choices: question.choices.into_iter().map(choice).collect(),
        schema: json("the schema", question.schema)?,
        time_limit_ms: question.time_limit_ms,
        default: json("the default", question.default)?,
        extras: question.extras.into_iter().map(|extra| (extra.name, extra.value)).collect(),
    };
    text.check().map(|()| text)
}

impl From<PersonAnswer> for wit::Answer {
    fn from(answer: PersonAnswer) -> Self {
        Self {
            value: answer.value.as_str().to_owned(),
            who: answer.who,
            at: answer.at.to_string(),
            extras: Vec::new(),
        }
    }
}

impl From<AskError> for wit::AskError {
    fn from(error: AskError) -> Self {
        Self { kind: error.kind, message: error.message, extras: Vec::new() }
    }
}
