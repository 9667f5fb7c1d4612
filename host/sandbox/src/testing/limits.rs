//! Limits that a test breaks quickly.

use crate::{AttemptLimits, EngineCount, EngineSettings, LimitsOf};
use std::time::Duration;

const MIB: usize = 1024 * 1024;

/// Small limits, for a test to change one of.
pub fn small_limits() -> AttemptLimits {
    AttemptLimits {
        of: LimitsOf::Attempt,
        memory_bytes: 8 * MIB,
        table_elements: 1_000,
        instances: 16,
        wall_time: Duration::from_secs(10),
        cpu_time: Duration::from_secs(2),
        log_lines: 100,
        log_bytes: 64 * 1024,
        artifacts: 4,
        artifact_bytes: 64 * 1024,
        hostcall_bytes: MIB,
        resources: 64,
    }
}

/// A small engine.
pub fn small_engine() -> EngineSettings {
    EngineSettings {
        max_instances: 12,
        max_core_instances: 16,
        max_memories: 4,
        max_tables: 8,
        max_memory_bytes: 64 * MIB,
        max_table_elements: 20_000,
        stack_bytes: 512 * 1024,
        tick: Duration::from_millis(10),
        count: EngineCount::Nothing,
    }
}
