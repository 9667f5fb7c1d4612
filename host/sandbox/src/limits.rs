//! What one attempt of a guest may take.

use std::time::Duration;

/// The bounds of one attempt. There is no default: whoever runs a guest names every bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Bytes of linear memory, summed over all of the guest's memories. The engine's own
    /// `max_memory_bytes` bounds each single memory besides.
    pub memory_bytes: usize,
    /// Elements, summed over all of the guest's tables.
    pub table_elements: usize,
    /// Core instances, memories and tables, each.
    pub instances: usize,
    /// Time by the wall, without what passes while a call waits for Claude, pace or money: that is not the
    /// guest's doing.
    pub wall_time: Duration,
    /// Time on a processor, of the guest and of the host code that serves it.
    pub cpu_time: Duration,
    /// Lines of log, standard output and standard error together.
    pub log_lines: u32,
    /// Bytes of the same.
    pub log_bytes: usize,
    /// Artifacts of the job, counted by name over all of its attempts.
    pub artifacts: usize,
    /// Bytes of all artifacts of the job together; and bytes that one attempt writes, replaced ones counted too.
    pub artifact_bytes: usize,
    /// Bytes of guest data that cross into the host in one call.
    pub hostcall_bytes: usize,
    /// Entries of the table of host resources (streams, pollables).
    pub resources: usize,
}

/// The longest line of a log; what is beyond is cut.
pub const LOG_LINE_BYTES: usize = 8 * 1024;
