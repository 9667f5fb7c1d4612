//! The journal: what the host answered a job, by position.

use anvil_types::{Json, Lease, Timestamp};
use serde::{Deserialize, Serialize};

/// What kind of question an entry answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalKind {
    /// A question to Claude: the answer is a reply or an error.
    Call,
    /// What the job may still spend.
    Allowance,
}

impl JournalKind {
    /// The name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Allowance => "allowance",
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its place, from 0.
    pub position: u32,
    /// What was asked for.
    pub kind: JournalKind,
    /// BLAKE3 of the guest's own request, before compression or choice of a model.
    pub request_hash: [u8; 32],
    /// The answer.
    pub answer: Json,
    /// The guest's time after it.
    pub at: Timestamp,
}

/// An entry on its way into the journal, fenced by the lease.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalWrite {
    /// The attempt that writes.
    pub lease: Lease,
    /// What it writes; replaces an entry of the same position.
    pub entry: JournalEntry,
}
