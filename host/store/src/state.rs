//! What agents keep beyond their jobs.

use anvil_types::{Lease, StateAsk, StateSize, Timestamp};

/// A question of a running attempt to its agent's state, fenced by the lease.
#[derive(Clone, Debug, PartialEq)]
pub struct StateStep {
    /// The attempt that asks.
    pub lease: Lease,
    /// Its place in the journal.
    pub position: u32,
    /// BLAKE3 of the question.
    pub request_hash: [u8; 32],
    /// The question.
    pub ask: StateAsk,
    /// How much the agent may keep.
    pub quota: StateSize,
    /// The guest's time after it.
    pub at: Timestamp,
}
