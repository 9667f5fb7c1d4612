//! Calls: questions to Claude and what came of them.

use crate::{
    CacheMiss, CallId, Compressed, Effort, JobId, Nanodollars, RequestOption, Tier, Timestamp, Usage,
};
use serde::{Deserialize, Serialize};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one who asks.
    User,
    /// Claude.
    Assistant,
}

/// One piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ContentBlock {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Its media type.
        media_type: String,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// Claude asks for a tool.
    ToolUse {
        /// Repeated in the result.
        id: String,
        /// The tool's name.
        name: String,
        /// A JSON object.
        input: String,
    },
    /// A tool's result.
    ToolResult {
        /// The id of the question.
        tool_use_id: String,
        /// The result.
        content: String,
        /// Whether the tool failed.
        is_error: bool,
    },
    /// Reasoning, handed back unchanged.
    Thinking {
        /// The text.
        text: String,
        /// Opaque.
        signature: String,
    },
    /// Any other block of the Messages API, as JSON.
    Other {
        /// The block.
        json: String,
    },
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: Vec<ContentBlock>,
}

/// A tool that Claude may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    pub input_schema: String,
}

/// A question to Claude, as an agent asks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Standing instructions.
    pub system: Option<String>,
    /// The conversation.
    pub messages: Vec<Message>,
    /// Tools.
    pub tools: Vec<Tool>,
    /// How hard the work is.
    pub effort: Option<Effort>,
    /// The most output tokens.
    pub max_output_tokens: Option<u32>,
    /// Texts that end the answer.
    pub stop_sequences: Vec<String>,
    /// Whether an earlier reply may answer.
    pub cacheable: bool,
    /// Further options: name and JSON.
    pub options: Vec<(String, String)>,
}

impl Request {
    /// The JSON of an option, where the request has it.
    pub fn option(&self, option: RequestOption) -> Option<&str> {
        let (_, json) = self.options.iter().find(|(name, _)| name == option.name())?;
        Some(json)
    }
}

/// Where a reply came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Asked now.
    Live,
    /// The cache of replies.
    Cache,
    /// The job's journal.
    Journal,
    /// A batch.
    Batch,
}

impl Origin {
    /// The name in the contract's open vocabulary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Cache => "cache",
            Self::Journal => "journal",
            Self::Batch => "batch",
        }
    }
}

/// Claude's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The answer's blocks.
    pub content: Vec<ContentBlock>,
    /// Why it ended.
    pub stop_reason: String,
    /// The exact id of the model that answered.
    pub model: String,
    /// What it used.
    pub usage: Usage,
    /// What it cost.
    pub cost: Nanodollars,
    /// Where it came from.
    pub origin: Origin,
    /// More: name and JSON.
    pub extras: Vec<(String, String)>,
}

/// Why there is no reply: the known part of the contract's open vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallErrorKind {
    /// Malformed, or refused by Claude.
    InvalidRequest,
    /// Over the tokens that a call may have.
    TooLarge,
    /// Content whose cost cannot be bounded.
    UnboundedContent,
    /// A limit that waiting does not mend.
    OverBudget,
    /// The job's calls are spent.
    CallsExhausted,
    /// Upstream's rate limit, after retries.
    RateLimited,
    /// Upstream is overloaded, after retries.
    Overloaded,
    /// Upstream failed.
    Upstream,
    /// Sent, but no full answer came; it may have been billed.
    UnknownOutcome,
    /// A fault of the host.
    Internal,
}

impl CallErrorKind {
    /// The name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::TooLarge => "too-large",
            Self::UnboundedContent => "unbounded-content",
            Self::OverBudget => "over-budget",
            Self::CallsExhausted => "calls-exhausted",
            Self::RateLimited => "rate-limited",
            Self::Overloaded => "overloaded",
            Self::Upstream => "upstream",
            Self::UnknownOutcome => "unknown-outcome",
            Self::Internal => "internal",
        }
    }
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", kind.name())]
pub struct CallError {
    /// The kind.
    pub kind: CallErrorKind,
    /// For people.
    pub message: String,
    /// When asking again may help, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Whether the request left the host.
    pub request_sent: bool,
}

impl CallError {
    /// An error before anything was sent.
    pub fn unsent(kind: CallErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after_ms: None, request_sent: false }
    }
}

/// What a job may still spend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remaining {
    /// Left for the job.
    pub job: Nanodollars,
    /// Left in the tightest window.
    pub window: Nanodollars,
    /// Calls left for the job.
    pub calls: u32,
    /// The most input tokens of a call.
    pub max_input_tokens: u32,
    /// The most output tokens of a call.
    pub max_output_tokens: u32,
    /// How full the fullest window is, from 0 to 1.
    pub pressure: f64,
}

/// How a call ended, for the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallOutcome {
    /// Usage arrived; the cost is exact.
    Settled,
    /// The outcome is unknown; the cost is the most it can be.
    Unknown,
    /// Certainly not billed; the hold was released.
    Released,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// Money is held; the request is out or about to be.
    Held,
    /// It ended.
    Settled,
    /// It ended; its cost is the most it can be.
    Unknown,
    /// It ended unbilled.
    Released,
}

impl CallState {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Settled => "settled",
            Self::Unknown => "unknown",
            Self::Released => "released",
        }
    }
}

/// Later truth about a call's cost, or a person's correction: an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CostCorrection {
    /// When it was written.
    pub at: Timestamp,
    /// What the call counts as since then.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// One call as the ledger has it: who, what, and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// Its id, the hold's too.
    pub id: CallId,
    /// Where it stands.
    pub state: CallState,
    /// When the hold was taken; the windows that it belongs to follow from it.
    pub held_at: Timestamp,
    /// When it was settled or released.
    pub settled_at: Option<Timestamp>,
    /// The job that asked.
    pub job: Option<JobId>,
    /// The agent that asked.
    pub agent: Option<String>,
    /// The job's attempt.
    pub attempt: Option<u32>,
    /// The place in the job's journal.
    pub position: Option<u32>,
    /// The API key that asked, where no job did.
    pub api_key: Option<String>,
    /// A client's session.
    pub session: Option<String>,
    /// Tags of the job.
    pub tags: Vec<String>,
    /// The tier asked for.
    pub tier_asked: Tier,
    /// The tier given.
    pub tier_given: Tier,
    /// Why it is this one, where money is short.
    pub tier_reason: Option<String>,
    /// Why it went out before its turn, where it did.
    #[serde(default)]
    pub early: Option<String>,
    /// The exact model asked.
    pub model: String,
    /// The exact model that answered, where it is another.
    #[serde(default)]
    pub model_answered: Option<String>,
    /// What it used; zero while held or released.
    pub usage: Usage,
    /// The id of the price row that the hold pinned.
    pub price_row: String,
    /// What was held: the most it can cost.
    #[serde(rename = "hold_usd")]
    pub hold: Nanodollars,
    /// What it cost, with its corrections.
    #[serde(rename = "cost_usd")]
    pub cost: Nanodollars,
    /// What the prompt cache saved it: what the same tokens would have cost with nothing read or written, less what
    /// they cost. Less than nothing where what was written was not made up for.
    #[serde(rename = "saved_usd", default)]
    pub saved: Nanodollars,
    /// The miss of the prompt cache that it was; none where it was none, or where nobody knows.
    #[serde(default)]
    pub miss: Option<CacheMiss>,
    /// The call that had paid for its answer, where the cache of replies answered it. It held and cost nothing then, and
    /// used no token.
    #[serde(default)]
    pub reply_of: Option<CallId>,
    /// What the same tokens would have cost it, where the cache of replies answered it.
    #[serde(rename = "reply_saved_usd", default)]
    pub reply_saved: Nanodollars,
    /// By how much its prompt was shorter, and what that saved; none where it was sent as it is.
    #[serde(default)]
    pub compressed: Option<Compressed>,
    /// Whether it went, or waits to go, in a batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batched: bool,
    /// What the batch saved it: what the same tokens would have cost by themselves, less what they cost.
    #[serde(rename = "batch_saved_usd", default)]
    pub batch_saved: Nanodollars,
    /// Its corrections, the oldest first; a call that has any counts as settled.
    #[serde(default)]
    pub corrections: Vec<CostCorrection>,
    /// Why it ended: a stop reason or an error's kind.
    pub detail: Option<String>,
    /// How long it took from hold to settlement, in milliseconds.
    pub duration_ms: Option<u64>,
}
