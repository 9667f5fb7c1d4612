//! Limits that a test breaks quickly.

use crate::AttemptLimits;
use std::time::Duration;

/// Small limits, for a test to change one of.
pub fn small_limits() -> AttemptLimits {
    AttemptLimits {
        memory_bytes: 8 * 1024 * 1024,
        table_elements: 1_000,
        instances: 16,
        wall_time: Duration::from_secs(10),
        cpu_time: Duration::from_secs(2),
        log_lines: 100,
        log_bytes: 64 * 1024,
        artifacts: 4,
        artifact_bytes: 64 * 1024,
        hostcall_bytes: 1024 * 1024,
        resources: 64,
    }
}
