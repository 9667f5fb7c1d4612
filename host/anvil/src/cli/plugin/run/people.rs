//! People, as a trial has them: answers that were given beforehand, or the one at the terminal.

use crate::show::{clean, clean_lines};
use anvil_sandbox::{CancellationToken, read_answer};
use anvil_types::words::AskRefusal;
use anvil_types::{AskError, Clock, PersonAnswer, QuestionText};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Who answered, as a trial has it.
const WHO: &str = "you";

/// Answers questions to people.
pub(super) struct People {
    given: Mutex<VecDeque<String>>,
    stop: CancellationToken,
    misuse: Mutex<Option<String>>,
}

impl People {
    /// With these answers, in their order. `stop` ends the run.
    pub(super) fn new(given: Vec<String>, stop: CancellationToken) -> Self {
        Self { given: Mutex::new(given.into()), stop, misuse: Mutex::default() }
    }

    /// Ends the run.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// An answer that was given and is none.
    pub(super) fn misuse(&self) -> Option<String> {
        self.misuse.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What a person answers.
    pub(super) async fn answer(
        &self,
        question: &QuestionText,
        clock: &dyn Clock,
    ) -> Result<PersonAnswer, AskError> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let by_you = |value| PersonAnswer { value, who: Some(WHO.to_owned()), at: clock.now() };
        if let Some(given) = given {
            return match read_answer(question, &given) {
                Ok(value) => Ok(by_you(value)),
                Err(why) => {
                    let told = format!("--answer {given:?} is none that the agent's question takes: {why}");
                    *self.misuse.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
                    self.stop.cancel();
                    Err(nobody())
                }
            };
        }
        if std::io::stdin().is_terminal() {
            eprintln!("{}", shown(question));
            while let Some(line) = line().await {
                match read_answer(question, line.trim_end_matches(['\r', '\n'])) {
                    Ok(value) => return Ok(by_you(value)),
                    Err(why) => eprintln!("{why}"),
                }
            }
        }
        match &question.default {
            Some(value) => Ok(PersonAnswer { value: value.clone(), who: None, at: clock.now() }),
            None => Err(nobody()),
        }
    }
}

fn nobody() -> AskError {
    AskError::new(AskError::EXPIRED, &AskRefusal::NobodyAnswered)
}

fn shown(question: &QuestionText) -> String {
    let mut out = format!("The agent asks: {}", clean_lines(&question.prompt));
    if let Some(details) = &question.details {
        let _ = write!(out, "\n{}", clean_lines(details).trim_end());
    }
    for choice in &question.choices {
        let label = choice.label.as_ref().map(|label| format!("  {}", clean(label))).unwrap_or_default();
        let _ = write!(out, "\n  - {}{label}", clean(&choice.value));
    }
    if let Some(schema) = &question.schema {
        let _ = write!(out, "\nA text, or JSON, that matches {}", clean(schema.as_str()));
    }
    out.push_str("\nYour answer, and Enter:");
    out
}

/// A line of the terminal. Its thread is left alone where nobody types any more.
async fn line() -> Option<String> {
    let (tell, told) = oneshot::channel();
    let reads = move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let _ = tell.send(read.ok().filter(|bytes| *bytes > 0).map(|_| line));
    };
    std::thread::Builder::new().name("anvil-terminal".to_owned()).spawn(reads).ok()?;
    told.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{QuestionChoice, SystemClock};

    fn question(choices: &[&str]) -> QuestionText {
        let choice = |value: &&str| QuestionChoice { value: (*value).to_owned(), label: None };
        QuestionText {
            prompt: "?".to_owned(),
            details: None,
            choices: choices.iter().map(choice).collect(),
            schema: None,
            time_limit_ms: Some(1_000),
            default: None,
            extras: Vec::new(),
        }
    }

    #[tokio::test]
    async fn answers_are_given_in_turn_and_one_that_does_not_fit_ends_the_run() {
        let clock = SystemClock::new();
        let stop = CancellationToken::new();
        let people = People::new(vec!["yes".to_owned(), "maybe".to_owned()], stop.clone());
        let asked = question(&["yes", "no"]);
        let first = people.answer(&asked, &clock).await.expect("an answer");
        assert_eq!((first.value.as_str(), first.who.as_deref()), (r#""yes""#, Some(WHO)));
        assert!(people.answer(&asked, &clock).await.is_err() && stop.is_cancelled());
        assert!(people.misuse().is_some_and(|why| why.contains("maybe")));
    }
}
