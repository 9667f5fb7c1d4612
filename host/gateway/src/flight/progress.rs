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
    /// So many more bytes are there; returns all of them where it is time to look what they come to.
    pub(crate) fn add(&mut self, now: Timestamp, bytes: usize) -> Option<u64> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match self.parts.last_mut() {
            Some((at, sum)) if now.since(self.begun) < PART => {
                (*at, *sum) = (now, *sum + bytes);
                None
            }
            _ => {
                self.begun = now;
                self.parts.push((now, bytes));
                Some(self.bytes())
            }
        }
    }

    /// All bytes that are there.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }

    pub(crate) fn parts(&self) -> &[(Timestamp, u64)] {
        &self.parts
    }
}
