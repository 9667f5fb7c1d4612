//! What is said between the pace and those who ask it.

use anvil_budget::{AnswerKind, Estimate};
use anvil_types::{Timestamp, Usage};
use std::time::Duration;

/// What a call will take, by the estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Input tokens, those that are read from a cache included.
    pub input: Estimate,
    /// Output tokens.
    pub output: Estimate,
    /// The most output that it may have.
    pub most_output: u64,
    /// Whose answers its own is expected to be like.
    pub kind: AnswerKind,
}

/// Names what a call took, so that it can be corrected or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(super) u64);

/// Why nothing may be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For how long; none where it depends on what calls under way turn out to take.
    pub wait: Option<Duration>,
    /// Whether it holds for every model, or for this one's pool alone.
    pub every_model: bool,
}

/// What became of a call that had taken.
#[derive(Clone, Debug)]
pub enum Spent<'a> {
    /// It never reached the upstream.
    NotSent,
    /// The upstream refused it before it produced anything.
    Refused,
    /// Its whole usage. `progress` says when how many bytes of the answer came.
    Usage(&'a Usage, &'a [(Timestamp, u64)]),
    /// Nobody knows: the output counts as all that it may have.
    Unknown(u64),
}

/// What an earlier life of the host sent.
#[derive(Clone, Debug)]
pub struct Recent {
    /// The model that was asked.
    pub model: String,
    /// The last time at which the upstream can have counted it.
    pub at: Timestamp,
    /// Input tokens, cache reads not counted.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
}

/// A call under way. What is not final yet counts by its estimate, however long it takes: the upstream
/// may count it at any moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub pool: usize,
    /// Whether the upstream has not answered yet.
    pub unheard: bool,
    pub input: Option<Estimate>,
    pub output: Estimate,
    pub most_output: u64,
    pub kind: AnswerKind,
}
