//! What was learnt of how many tokens calls take, kept over a restart.

use crate::choice::note::KeptNote;
use anvil_budget::{Estimate, Estimator, InputSize, SoFar, Whole};
use anvil_store::Store;
use anvil_types::{Clock, Usage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const KEY: &str = "estimates";

/// Learns, and remembers.
#[derive(Debug)]
pub(crate) struct Learner {
    estimator: Mutex<Estimator>,
    note: KeptNote,
}

impl Learner {
    /// Begins where an earlier life of the host was; from nothing where its note cannot be read.
    pub(crate) async fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, upstream: &str) -> Self {
        let note = KeptNote::new(store, clock, format!("{KEY}.{upstream}"), "what was learnt of tokens");
        let estimator = note.recall().await.unwrap_or_default();
        Self { estimator: Mutex::new(estimator), note }
    }

    /// Stores what was learnt: nothing more is in this life.
    pub(crate) async fn keep_for_good(&self) {
        let note = serde_json::to_string(&*self.lock());
        self.note.keep_for_good(note).await;
    }

    fn lock(&self) -> MutexGuard<'_, Estimator> {
        self.estimator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many input tokens a request of this size probably has.
    pub(crate) fn input(&self, model: &str, size: InputSize) -> Estimate {
        self.lock().input(model, size)
    }

    /// How many output tokens an answer to this agent probably has.
    pub(crate) fn output(&self, agent: &str, model: &str, most: u64) -> Estimate {
        self.lock().output(agent, model, most)
    }

    /// How many output tokens an answer to this agent usually has, to tell models' prices apart by.
    pub(crate) fn usual_output(&self, agent: &str, model: &str, most: u64) -> u64 {
        self.lock().usual_output(agent, model, most)
    }

    /// What an answer to this agent has come to, of which so many bytes have come.
    pub(crate) fn so_far(&self, agent: &str, model: &str, most: u64, bytes: u64) -> SoFar {
        self.lock().so_far(agent, model, most, bytes)
    }

    /// The mean absolute errors of input and output estimates in percent.
    pub(crate) fn errors(&self) -> (Option<f64>, Option<f64>) {
        let estimator = self.lock();
        (estimator.input_error_percent(), estimator.output_error_percent())
    }

    /// Learns from a whole answer: `most` tokens that it might have had, and so many `bytes` that came of
    /// it. Tells whether it was unlike all of its kind before.
    pub(crate) fn learn(
        &self,
        agent: &str,
        model: &str,
        size: InputSize,
        usage: &Usage,
        (most, bytes): (u64, u64),
    ) -> bool {
        let mut estimator = self.lock();
        let answer = Whole { output: usage.output_tokens, most, bytes };
        let surprising = estimator.learn(agent, model, size, usage.prompt_tokens(), answer);
        self.note.keep(&*estimator);
        surprising
    }
}
