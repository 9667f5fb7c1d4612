//! Replies that are kept to answer the same question again.

use crate::{HoldRequest, JournalWrite};
use anvil_types::{CallId, Json, Nanodollars, Timestamp};
use std::time::Duration;

/// What tells one question from another: the BLAKE3 of all that can change the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplyKey(pub [u8; 32]);

/// What is kept at most, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyBounds {
    /// How long a reply answers.
    pub ttl: Duration,
    /// Replies.
    pub entries: u64,
    /// Bytes of all of them together.
    pub bytes: u64,
}

impl ReplyBounds {
    /// The longest reply that is kept, in bytes: one must not put out all others.
    pub fn longest(&self) -> u64 {
        self.bytes / 8
    }
}

/// A reply to be kept, within the transaction of the settlement of its call.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReply {
    /// What it answers; a reply of the same key is replaced.
    pub key: ReplyKey,
    /// The agent that paid for it.
    pub agent: String,
    /// The reply.
    pub reply: Json,
    /// What is kept at most; those that were not used for the longest time make room.
    pub bounds: ReplyBounds,
}

/// A reply that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReply {
    /// The agent that paid for it.
    pub agent: String,
    /// The call that paid for it.
    pub call: CallId,
    /// When it was kept.
    pub at: Timestamp,
    /// The reply as it was written; JSON, unless whoever wrote it was mistaken.
    pub reply: String,
}

/// What is found under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyFound {
    /// Nothing, or nothing that is young enough.
    Nothing,
    /// A reply.
    Kept(KeptReply),
    /// One that is not what was written: it answers nobody, and is to be dropped.
    Damaged,
}

/// A call that a kept reply answers, fenced by the lease of its journal's entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplyHit {
    /// The key that it was found under.
    pub key: ReplyKey,
    /// The call that paid for it: where another reply stands there by now, this one answers no more.
    pub of: CallId,
    /// Replies that were kept before this time answer no more.
    pub kept_since: Timestamp,
    /// The call as the ledger has it. Nothing is held for it.
    pub asked: HoldRequest,
    /// What the same tokens would have cost now.
    pub saved: Nanodollars,
    /// Why the answer ended.
    pub detail: String,
    /// What the job's journal keeps of it.
    pub journal: JournalWrite,
}
