//! How much of each limit a guest has had, for whoever is told when it is over.

use anvil_types::AttemptUse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The most that one run of a guest had of each. Shared with what bounds it, since a guest that is stopped takes its
/// store along.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    memory_bytes: AtomicU64,
    table_elements: AtomicU64,
    log_lines: AtomicU64,
    log_bytes: AtomicU64,
    fuel: AtomicU64,
}

impl Gauge {
    /// Its memories have so many bytes together.
    pub(crate) fn memory(&self, bytes: usize) {
        self.memory_bytes.fetch_max(bytes as u64, Ordering::Relaxed);
    }

    /// Its tables have so many elements together.
    pub(crate) fn tables(&self, elements: usize) {
        self.table_elements.fetch_max(elements as u64, Ordering::Relaxed);
    }

    /// Another line of so many bytes is in its log.
    pub(crate) fn line(&self, bytes: usize) {
        self.log_lines.fetch_add(1, Ordering::Relaxed);
        self.log_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// It has burnt so much fuel.
    pub(crate) fn fuel(&self, burnt: u64) {
        self.fuel.fetch_max(burnt, Ordering::Relaxed);
    }

    /// The fuel that it has burnt.
    pub(crate) fn burnt(&self) -> u64 {
        self.fuel.load(Ordering::Relaxed)
    }

    /// All of it, beside the times that its meters tell.
    pub(crate) fn read(&self, cpu: Duration, (wall, waited): (Duration, Duration)) -> AttemptUse {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let most = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        AttemptUse {
            cpu_us: micros(cpu),
            wall_us: micros(wall),
            waited_us: micros(waited),
            memory_bytes: most(&self.memory_bytes),
            table_elements: most(&self.table_elements),
            log_lines: most(&self.log_lines),
            log_bytes: most(&self.log_bytes),
        }
    }
}
