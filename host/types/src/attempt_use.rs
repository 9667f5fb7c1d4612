//! What attempts use of a machine.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an attempt has used, summed over its runs; of memory, tables and log the most that one of its runs had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct AttemptUse {
    /// Microseconds on a processor: the guest's own, and those of the host's code that serves it.
    pub cpu_us: u64,
    /// Microseconds by the wall that count against its limit.
    pub wall_us: u64,
    /// Microseconds that it waited for Claude, pace or money, which count against nothing.
    pub waited_us: u64,
    /// The most bytes of memory that it had, summed over all of its memories.
    pub memory_bytes: u64,
    /// The most elements that its tables had together.
    pub table_elements: u64,
    /// Lines of log.
    pub log_lines: u64,
    /// Bytes of the same.
    pub log_bytes: u64,
}

impl AttemptUse {
    /// With another run of the same attempt, or another attempt of the same job.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            cpu_us: self.cpu_us.saturating_add(other.cpu_us),
            wall_us: self.wall_us.saturating_add(other.wall_us),
            waited_us: self.waited_us.saturating_add(other.waited_us),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            table_elements: self.table_elements.max(other.table_elements),
            log_lines: self.log_lines.max(other.log_lines),
            log_bytes: self.log_bytes.max(other.log_bytes),
        }
    }
}

impl fmt::Display for AttemptUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "computed {}, waited {} for Claude, pace or money, {} of other time; {} of memory at most",
            ShownMicros(self.cpu_us),
            ShownMicros(self.waited_us),
            ShownMicros(self.wall_us.saturating_sub(self.cpu_us)),
            ShownBytes(self.memory_bytes),
        )
    }
}

/// A time for reading, of a microsecond or of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownMicros(pub u64);

impl fmt::Display for ShownMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0;
        match micros {
            0 => f.write_str("0 ms"),
            1..10_000 => write!(f, "{}.{:02} ms", micros / 1_000, micros % 1_000 / 10),
            10_000..1_000_000 => write!(f, "{} ms", micros / 1_000),
            1_000_000..60_000_000 => write!(f, "{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000),
            60_000_000..3_600_000_000 => {
                write!(f, "{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60)
            }
            _ => write!(f, "{} h {} min", micros / 3_600_000_000, micros / 60_000_000 % 60),
        }
    }
}

/// A size in bytes for reading, in the units of the limits: MiB and KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownBytes(pub u64);

impl fmt::Display for ShownBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = |unit: u64| (self.0 / unit, self.0 % unit * 10 / unit);
        let (whole, tenth, unit) = match self.0 {
            0..1_024 => return write!(f, "{} bytes", self.0),
            1_024..1_048_576 => (tenths(1_024).0, tenths(1_024).1, "KiB"),
            _ => (tenths(1_048_576).0, tenths(1_048_576).1, "MiB"),
        };
        if tenth == 0 { write!(f, "{whole} {unit}") } else { write!(f, "{whole}.{tenth} {unit}") }
    }
}

/// What the attempts of one agent have used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AgentUse {
    /// The agent.
    pub agent: String,
    /// Runs of attempts: one that waited and went on is another run.
    pub runs: u64,
    /// Microseconds on a processor, of all of them.
    pub cpu_us: u64,
    /// Microseconds by the wall that counted against their limits, of all of them.
    pub wall_us: u64,
    /// Microseconds that they waited for Claude, pace or money.
    pub waited_us: u64,
    /// The most that one attempt of the version that ran last has used of each.
    pub most: AttemptUse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_of_the_rest_the_most_counts() {
        let one =
            AttemptUse { cpu_us: 1, wall_us: 10, waited_us: 100, memory_bytes: 7, ..Default::default() };
        let two =
            AttemptUse { cpu_us: 2, wall_us: 20, waited_us: 200, memory_bytes: 5, ..Default::default() };
        let both =
            AttemptUse { cpu_us: 3, wall_us: 30, waited_us: 300, memory_bytes: 7, ..Default::default() };
        assert_eq!((one.and(two), two.and(one)), (both, both));
    }

    #[test]
    fn what_was_used_is_told_apart() {
        let used = AttemptUse {
            cpu_us: 12_400,
            wall_us: 112_400,
            waited_us: 3_210_000,
            memory_bytes: 1_200_000,
            ..AttemptUse::default()
        };
        assert_eq!(
            used.to_string(),
            "computed 12 ms, waited 3.21 s for Claude, pace or money, 100 ms of other time; 1.1 MiB of memory at most"
        );
        for (micros, shown) in
            [(0, "0 ms"), (370, "0.37 ms"), (61_000_000, "1 min 1 s"), (7_260_000_000, "2 h 1 min")]
        {
            assert_eq!(ShownMicros(micros).to_string(), shown);
        }
        for (bytes, shown) in [(65_536, "64 KiB"), (1_000, "1000 bytes"), (268_435_456, "256 MiB")] {
            assert_eq!(ShownBytes(bytes).to_string(), shown);
        }
    }
}
