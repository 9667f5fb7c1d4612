//! When how much of an answer came.

use anvil_types::Timestamp;
use std::time::Duration;

/// Parts shorter than this are one.
const PART: Duration = Duration::from_millis(250);

/// The bytes of an answer by the time at which they were there.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    parts: Vec<(Timestamp, u64)>,
    begun: Timestamp,
}

impl Progress {
    pub(crate) fn add(&mut self, now: Timestamp, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match self.parts.last_mut() {
            Some((at, sum)) if now.since(self.begun) < PART => (*at, *sum) = (now, *sum + bytes),
            _ => {
                self.begun = now;
                self.parts.push((now, bytes));
            }
        }
    }

    pub(crate) fn parts(&self) -> &[(Timestamp, u64)] {
        &self.parts
    }
}
