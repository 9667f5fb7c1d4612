//! How one try of a call ended, and what stays the same over its tries.

use crate::agent::ask::CallEnd;
use crate::flight::admit::FlightCourse;
use anvil_types::Timestamp;
use std::time::Duration;

/// How one try ended.
pub(crate) enum Tried {
    End(Box<CallEnd>),
    /// The same is tried again after a while.
    Again(Duration),
    /// What was planned does not hold any more; nothing was sent.
    Stale,
}

impl Tried {
    pub(crate) fn end(end: CallEnd) -> Self {
        Self::End(Box::new(end))
    }
}

/// What stays the same over the tries of one call.
pub(crate) struct Tries {
    pub course: FlightCourse,
    pub retries: u32,
    /// Since when it has been told again and again that the pace is too fast.
    pub refused_since: Option<Timestamp>,
    /// How often the admission queue fell with it in it.
    pub falls: u32,
    /// The host's marks stood in its way: it goes without.
    pub unmarked: bool,
    /// It has waited for the answer of one that asked the same.
    pub has_waited: bool,
    /// It goes out by itself, whatever its job says of batches.
    pub alone: bool,
}

impl Tries {
    pub(crate) fn new(course: FlightCourse) -> Self {
        let has_waited = false;
        Self { course, retries: 0, refused_since: None, falls: 0, unmarked: false, alone: false, has_waited }
    }
}
