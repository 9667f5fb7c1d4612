//! A call on its way in, and how it ends for the one who asked.

use anvil_types::{
    CallError, ContentBlock, Effort, JobId, Lease, Message, Priority, Reply, Request, Role, Tier, Timestamp,
    Wait,
};
use std::fmt;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Who asks in the ledger where it is a person's probe. No plugin can have this name.
pub const PROBE: &str = "(probe)";
/// The most output tokens of a probe's answer.
const PROBE_TOKENS: u32 = 16;

/// Takes the text of a running call as it streams by.
pub type TextSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Who asks: goes into the ledger, and decides the place in the queue.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The attempt's lease; none where no job asks.
    pub lease: Option<Lease>,
    /// The agent, or the name of the host's own that asks: see [`PROBE`].
    pub agent: String,
    /// The attempt; 0 where no job asks.
    pub attempt: u32,
    /// The job's tags.
    pub tags: Vec<String>,
    /// The job's priority.
    pub priority: Priority,
    /// When the job was submitted: its place among calls of one priority, kept over parks.
    pub since: Timestamp,
    /// The agent's effort, where the request does not say.
    pub effort: Effort,
    /// The weakest tier that the agent can do with.
    pub floor: Option<Tier>,
    /// The agent's own limit of input tokens a call, where it has one.
    pub max_input_tokens: Option<u32>,
    /// The agent's own limit of output tokens a call, where it has one.
    pub max_output_tokens: Option<u32>,
}

impl Asker {
    /// The job that asks, where one does.
    pub fn job(&self) -> Option<JobId> {
        self.lease.map(|lease| lease.job)
    }
}

/// Where the answer goes in the job's journal, where a job asks.
#[derive(Clone, Copy, Debug)]
pub struct JournalSlot {
    /// The place.
    pub position: u32,
    /// BLAKE3 of the guest's own request.
    pub request_hash: [u8; 32],
}

/// One question.
#[derive(Clone)]
pub struct Ask {
    /// Who asks.
    pub asker: Asker,
    /// What.
    pub request: Request,
    /// Where the answer is kept.
    pub slot: JournalSlot,
    /// Where the text goes as it streams by.
    pub text: Option<TextSink>,
}

impl Ask {
    /// The job, where one asks, and the place in its journal.
    pub(crate) fn place(&self) -> (Option<JobId>, u32) {
        (self.asker.job(), self.slot.position)
    }

    /// The question by which a person finds out whether Claude answers: as cheap as a question can be.
    pub(crate) fn probe(by: &str, at: Timestamp) -> Self {
        let text = "Answer with the word yes.".to_owned();
        Self {
            asker: Asker {
                lease: None,
                agent: PROBE.to_owned(),
                attempt: 0,
                tags: vec![format!("by:{by}")],
                // A person waits for it.
                priority: Priority::Critical,
                since: at,
                effort: Effort::Simple,
                floor: None,
                max_input_tokens: None,
                max_output_tokens: None,
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
            slot: JournalSlot { position: 0, request_hash: [0; 32] },
            text: None,
        }
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("job", &self.asker.job())
            .field("slot", &self.slot)
            .finish_non_exhaustive()
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
