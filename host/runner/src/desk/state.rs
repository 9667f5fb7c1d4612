//! What an agent asks of its own state.

use super::{Desk, stop};
use crate::journal::{Next, hash, read};
use crate::state_question::question;
use anvil_sandbox::Stop;
use anvil_store::{JournalKind, StateStep};
use anvil_types::{StateAnswer, StateAsk};

impl Desk {
    /// Answers a question to the agent's state, out of the journal where this was asked before.
    pub(super) async fn ask_state(&self, ask: StateAsk) -> Result<StateAnswer, Stop> {
        if let Some(refusal) = self.run.bounds().state_spent() {
            return Ok(StateAnswer::Refused(refusal.into()));
        }
        let request_hash = hash(&question(&ask));
        let answer = match self.place(JournalKind::State, request_hash).await? {
            Next::Known(entry) => read(&entry)?,
            Next::Live { position, .. } => {
                let quota = *self.settings.state.of(&self.run.job.agent);
                let at = self.clock.now();
                let step = StateStep { lease: self.lease, position, request_hash, ask, quota, at };
                let answer = self.store.state_step(step).await.map_err(stop)?;
                self.run.journal().answered(at);
                answer
            }
        };
        self.run.bounds().state_told(&answer);
        Ok(answer)
    }
}
