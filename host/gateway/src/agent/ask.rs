//! A call on its way in, and how it ends for the one who asked.

use crate::upstream::sign::TextSink;
use anvil_types::{
    Asker, CallError, ContentBlock, Effort, Message, Priority, Reply, Request, Role, Tier, Timestamp, Wait,
};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Who asks in the ledger where it is a person's probe. No plugin can have this name.
pub const PROBE: &str = "(probe)";
/// The most output tokens of a probe's answer.
const PROBE_TOKENS: u32 = 16;

/// By what a question is judged beside itself.
#[derive(Clone, Debug)]
pub struct Terms {
    /// For the ledger: the job's tags.
    pub tags: Vec<String>,
    /// The job's priority.
    pub priority: Priority,
    /// When the job was submitted: its place among calls of one priority, kept over parks.
    pub since: Timestamp,
    /// The effort of its agent or of its action, where the request does not say.
    pub effort: Effort,
    /// Whether a score moves that effort, where that differs from everyone's.
    pub by_score: Option<bool>,
    /// The weakest tier that the agent can do with, or that its owner lets answer it.
    pub floor: Option<Tier>,
    /// The agent's own limit of input tokens a call, where it has one.
    pub max_input_tokens: Option<u32>,
    /// The agent's own limit of output tokens a call, where it has one.
    pub max_output_tokens: Option<u32>,
    /// Whether the host gives its tool loops a task budget, where the model takes one.
    pub task_budget: bool,
    /// The agents that share replies with one another, where it is one of them: what one of these paid for answers the
    /// others. None: it shares with nobody.
    pub sharers: Option<Arc<BTreeSet<String>>>,
    /// Whether its calls go out in batches, where they can.
    pub economy: bool,
}

/// One question.
#[derive(Clone)]
pub struct Ask {
    /// Who asks, and where the answer goes in the journal of a job.
    pub asker: Asker,
    /// What it is judged by beside itself.
    pub terms: Terms,
    /// What.
    pub request: Request,
    /// BLAKE3 of the guest's own request, for the journal.
    pub request_hash: [u8; 32],
    /// Where the text goes as it streams by.
    pub text: Option<TextSink>,
    /// Whether no kept reply may answer it: its guest has failed on what it was answered there.
    pub fresh: bool,
}

impl Ask {
    /// The question by which a person finds out whether Claude answers: as cheap as a question can be.
    pub(crate) fn probe(by: &str, at: Timestamp) -> Self {
        let text = "Answer with the word yes.".to_owned();
        Self {
            asker: Asker::Host { name: PROBE.into() },
            terms: Terms {
                tags: vec![format!("by:{by}")],
                // A person waits for it.
                priority: Priority::Critical,
                since: at,
                effort: Effort::Simple,
                by_score: None,
                floor: None,
                max_input_tokens: None,
                max_output_tokens: None,
                task_budget: false,
                sharers: None,
                economy: false,
            },
            request: Request {
                system: None,
                messages: vec![Message { role: Role::User, content: vec![ContentBlock::Text { text }] }],
                tools: Vec::new(),
                effort: None,
                max_output_tokens: Some(PROBE_TOKENS),
                stop_sequences: Vec::new(),
                cacheable: false,
                options: Vec::new(),
            },
            request_hash: [0; 32],
            text: None,
            fresh: false,
        }
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("asker", &self.asker).finish_non_exhaustive()
    }
}

/// How a call ended for the one who asked.
#[derive(Clone, Debug)]
pub enum CallEnd {
    /// An answer, journalled, with the guest's time after it.
    Answered {
        /// The answer.
        answer: Result<Reply, CallError>,
        /// The time at which it was journalled.
        at: Timestamp,
    },
    /// It has to wait so long that the job is better parked. Nothing is held.
    Park(Wait),
    /// Another attempt holds the lease. Nothing is held.
    LeaseLost,
    /// The store failed; what happened is not certain to be kept.
    StoreFailed(String),
}

/// Watches a call. Dropping it does not end the call: what was sent is settled all the same.
#[derive(Debug)]
#[must_use]
pub struct CallHandle {
    pub(crate) end: oneshot::Receiver<CallEnd>,
}

impl CallHandle {
    /// Waits for the end.
    pub async fn wait(self) -> CallEnd {
        self.end.await.unwrap_or_else(|_| CallEnd::StoreFailed("the gateway has shut down".to_owned()))
    }
}
