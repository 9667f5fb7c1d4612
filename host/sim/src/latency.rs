//! How long an answer takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// A length of time in milliseconds: a number, or `[least, most]` for one at random between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Span {
    /// Always the same.
    Fixed(u64),
    /// Anything between the two, both included.
    Range([u64; 2]),
}

impl Default for Span {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

impl Span {
    fn draw(self, rng: &mut Rng) -> u64 {
        match self {
            Self::Fixed(ms) => ms,
            Self::Range([low, high]) => rng.between(low, high),
        }
    }
}

/// How long the parts of an answer take; all zero by default. They add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Latency {
    /// Until the first byte, ms.
    pub first_byte_ms: Span,
    /// From the first byte to the last, ms, spread evenly over the events.
    pub duration_ms: Span,
    /// For each output token, µs.
    pub per_token_us: u64,
    /// Before each event, ms: a slow drip.
    pub per_event_ms: u64,
}

/// The times of one answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tempo {
    pub(crate) first_byte: Duration,
    total: Duration,
    per_token_us: u64,
    per_event: Duration,
}

impl Latency {
    pub(crate) fn draw(&self, rng: &mut Rng) -> Tempo {
        Tempo {
            first_byte: Duration::from_millis(self.first_byte_ms.draw(rng)),
            total: Duration::from_millis(self.duration_ms.draw(rng)),
            per_token_us: self.per_token_us,
            per_event: Duration::from_millis(self.per_event_ms),
        }
    }
}

impl Tempo {
    /// The same, with so much more time before each event.
    pub(crate) fn dripping(self, each: Duration) -> Self {
        Self { per_event: self.per_event + each, ..self }
    }

    /// How long after the first byte the event `index` of `events` is due, with `tokens` output by then.
    pub(crate) fn due(&self, index: usize, events: usize, tokens: u64) -> Duration {
        let share = |whole: Duration| {
            let (index, last) = (index as u128, (events.max(2) - 1) as u128);
            Duration::from_micros(u64::try_from(whole.as_micros() * index / last).unwrap_or(u64::MAX))
        };
        share(self.total)
            + Duration::from_micros(self.per_token_us.saturating_mul(tokens))
            + self.per_event.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX))
    }
}
