//! The journal: what the host answered a job, by position.

use anvil_types::{JournalKind, Json, Lease, Timestamp};

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
