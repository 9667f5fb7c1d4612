//! Who answers in a trial what a host would park a job for, and hears what its guest does.

use anvil_types::{
    AskError, CallError, LogLevel, PersonAnswer, QuestionText, Remaining, Reply, Request, StateAnswer,
    StateAsk, TeamAnswer, TeamTask,
};
use async_trait::async_trait;
use std::time::Duration;

/// Stands in for people and for other agents, and hears of every step.
#[async_trait]
pub trait StandIn: Send + Sync + 'static {
    /// What a person answers. It is within what the question takes. The guest's clock stands meanwhile.
    async fn person(&self, question: &QuestionText) -> Result<PersonAnswer, AskError>;

    /// What another agent gives.
    async fn agent(&self, task: &TeamTask) -> TeamAnswer;

    /// A step that the guest took. Not for anything that takes long: the guest waits.
    fn told(&self, step: TrialStep<'_>);
}

/// A step of a guest that is tried.
#[derive(Clone, Copy, Debug)]
pub enum TrialStep<'a> {
    /// It asked Claude.
    Call {
        /// What.
        request: &'a Request,
        /// What it was answered.
        answer: &'a Result<Reply, CallError>,
        /// How long the answer took; of several questions at once, all of them.
        took: Duration,
    },
    /// It asked what it may still spend.
    Allowance(&'a Remaining),
    /// It asked a person.
    Question {
        /// What.
        question: &'a QuestionText,
        /// What it was answered.
        answer: &'a Result<PersonAnswer, AskError>,
    },
    /// It asked its own state.
    State {
        /// What.
        ask: &'a StateAsk,
        /// What it was answered.
        answer: &'a StateAnswer,
    },
    /// It asked another agent.
    Task {
        /// For what.
        task: &'a TeamTask,
        /// What it was answered.
        answer: &'a TeamAnswer,
    },
    /// It told how far it is.
    Progress {
        /// From 0 to 1.
        fraction: f64,
        /// In words; untrusted.
        line: &'a str,
    },
    /// It wrote a line; untrusted.
    Log {
        /// `guest`, `stdout` or `stderr`.
        source: &'static str,
        /// How weighty it is.
        level: LogLevel,
        /// The line.
        line: &'a str,
    },
    /// It handed a file over.
    Artifact {
        /// Its name: a relative path without `..`.
        name: &'a str,
        /// Its media type; untrusted.
        media_type: &'a str,
        /// What stands in it.
        bytes: &'a [u8],
    },
    /// It read a file of its job.
    Input {
        /// Its name, as the guest has it.
        name: &'a str,
        /// How many bytes it was given; none where there is no such file.
        bytes: Option<usize>,
    },
}
