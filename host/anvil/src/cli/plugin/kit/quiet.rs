//! Who stands in while the kit looks: everybody answers, and nobody works.

use anvil_runner::{StandIn, TrialStep};
use anvil_sandbox::{CancellationToken, check_answer};
use anvil_types::words::{AskRefusal, TeamRefusal};
use anvil_types::{AskError, Clock, Json, PersonAnswer, QuestionText, TeamAnswer, TeamFailure, TeamTask};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Errors in a row after which a plugin is taken to go on for ever: more than a job has calls, and eight times as many as can
/// be asked at once.
pub(super) const PATIENCE: u32 = 256;

/// Answers as the first person who comes along, and counts errors of Claude's.
pub(super) struct Quiet {
    lead: String,
    clock: Arc<dyn Clock>,
    errors: AtomicU32,
    stop: CancellationToken,
}

impl Quiet {
    pub(super) fn new(lead: &str, clock: Arc<dyn Clock>) -> Self {
        Self { lead: lead.to_owned(), clock, errors: AtomicU32::new(0), stop: CancellationToken::new() }
    }

    /// Cancelled where the plugin asked on, whatever it was told.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}

#[async_trait]
impl StandIn for Quiet {
    async fn person(&self, question: &QuestionText) -> Result<PersonAnswer, AskError> {
        let made = question.schema.as_ref().and_then(super::example::matching);
        let choice = question.choices.first().map(|choice| Json::of(&choice.value));
        let text = Json::of("Yes.");
        let candidates = question.default.clone().into_iter().chain(choice).chain(made).chain([text]);
        let fits = candidates.into_iter().find(|answer| check_answer(question, answer).is_ok());
        match fits {
            Some(value) => Ok(PersonAnswer { value, who: Some("the kit".to_owned()), at: self.clock.now() }),
            None => Err(AskError::new(AskError::EXPIRED, &AskRefusal::NobodyAnswered)),
        }
    }

    async fn agent(&self, task: &TeamTask) -> TeamAnswer {
        let refusal = TeamRefusal::NotAllowed { lead: &self.lead, agent: &task.agent };
        Err(TeamFailure::of(&refusal, None))
    }

    fn told(&self, step: TrialStep<'_>) {
        let TrialStep::Call { answer, .. } = step else { return };
        if answer.is_ok() {
            self.errors.store(0, Ordering::Relaxed);
        } else if self.errors.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.stop.cancel();
        }
    }
}
