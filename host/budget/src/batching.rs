//! When calls that were gathered go out as a batch.

mod day_shape;

use anvil_types::{GatheredCalls, Timestamp};
pub use day_shape::DayShape;
use std::time::Duration;

/// When a batch is made, and how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRule {
    /// Calls of one batch, at most; as soon as so many wait it is made.
    pub calls: u64,
    /// Bytes of their requests, at most, likewise.
    pub bytes: u64,
    /// How long the first of them waits for others, at most.
    pub wait: Duration,
}

impl BatchRule {
    /// The most calls that the API takes in one batch.
    pub const MOST_CALLS: u64 = 100_000;
    /// The most bytes of requests in one: what the API takes (256 MB) with room for what stands around them.
    pub const MOST_BYTES: u64 = 200 * 1024 * 1024;

    /// When a batch is to be made of what waits: now or earlier, where it is due. None where nothing waits.
    pub fn due(&self, waiting: &GatheredCalls) -> Option<Timestamp> {
        let oldest = waiting.oldest?;
        let full = waiting.calls >= self.calls || waiting.bytes >= self.bytes;
        Some(if full { oldest } else { oldest + self.wait })
    }

    /// The same, where its first call waits for no others than the day's shape lets expect.
    #[must_use]
    pub fn shaped(self, shape: Option<&DayShape>, waiting: &GatheredCalls, now: Timestamp) -> Self {
        let shaped = shape.zip(waiting.oldest);
        let wait = shaped.map_or(self.wait, |(shape, oldest)| shape.wait(oldest, now, self.wait));
        Self { wait, ..self }
    }

    /// How many of the calls that wait go into one batch, by the sizes of their requests in their order: one at least.
    pub fn fits(&self, sizes: impl IntoIterator<Item = u64>) -> usize {
        let most = usize::try_from(self.calls).unwrap_or(usize::MAX).max(1);
        let mut bytes = 0_u64;
        let fits = sizes.into_iter().take(most).take_while(|size| {
            let is_first = bytes == 0;
            bytes = bytes.saturating_add(*size);
            is_first || bytes <= self.bytes
        });
        fits.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: BatchRule = BatchRule { calls: 3, bytes: 100, wait: Duration::from_mins(5) };

    #[test]
    fn a_batch_is_due_when_it_is_full_or_its_first_call_has_waited() {
        let oldest = Timestamp::from_secs(1_000);
        let gathered = |calls, bytes| GatheredCalls { calls, bytes, oldest: Some(oldest) };
        assert_eq!(RULE.due(&GatheredCalls::default()), None);
        assert_eq!(RULE.due(&gathered(2, 99)), Some(Timestamp::from_secs(1_300)));
        assert_eq!(RULE.due(&gathered(3, 99)), Some(oldest));
        assert_eq!(RULE.due(&gathered(1, 100)), Some(oldest));
    }

    #[test]
    fn what_fits_is_bounded_in_calls_and_bytes_and_is_never_nothing() {
        assert_eq!(RULE.fits([40, 40, 20, 1]), 3);
        assert_eq!(RULE.fits([40, 40, 21]), 2);
        assert_eq!(RULE.fits([500, 1]), 1);
        assert_eq!(RULE.fits([]), 0);
    }
}
