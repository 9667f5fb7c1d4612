//! What one attempt of a guest may take.

use crate::BreachKind;
use std::time::Duration;

/// The bounds of one attempt. There is no default: whoever runs a guest names every bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptLimits {
    /// What they bound.
    pub of: LimitsOf,
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

/// What a guest does within its limits: another setting raises each by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitsOf {
    /// An attempt of a job.
    Attempt,
    /// It says what it is.
    Description,
}

impl LimitsOf {
    /// What stands behind a limit of this kind that was hit: the setting that raises it; empty where there is none.
    pub(crate) fn raised_by(self, kind: BreachKind) -> &'static str {
        match (kind, self) {
            (BreachKind::CpuTime, Self::Attempt) => " (`jobs.cpu_s`, `agents.NAME.cpu_s`)",
            (BreachKind::CpuTime, Self::Description) => " (`sandbox.describe_s`)",
            (BreachKind::WallTime, Self::Attempt) => {
                " (`jobs.wall_s`, `agents.NAME.wall_s`); waiting for Claude is not counted"
            }
            (BreachKind::WallTime, Self::Description) => " (a multiple of `sandbox.describe_s`)",
            (BreachKind::Memory, Self::Attempt) => " (`sandbox.memory_mb`, `agents.NAME.memory_mb`)",
            (BreachKind::Memory, Self::Description) => " while it describes itself, which no setting raises",
            (BreachKind::Table, Self::Attempt) => " (`sandbox.table_elements`, `agents.NAME.table_elements`)",
            (BreachKind::Table, Self::Description) => " (`sandbox.table_elements`)",
            (BreachKind::Stack, _) => " (`sandbox.stack_kb`)",
            (BreachKind::HostcallSize, Self::Attempt) => {
                " (`sandbox.value_bytes`, `agents.NAME.value_bytes`)"
            }
            (BreachKind::HostcallSize, Self::Description) => " (`sandbox.value_bytes`)",
            (BreachKind::Resources, Self::Attempt) => " (`sandbox.resources`, `agents.NAME.resources`)",
            (BreachKind::Resources, Self::Description) => " (`sandbox.resources`)",
            (
                BreachKind::Trap
                | BreachKind::Exit
                | BreachKind::Protocol
                | BreachKind::Instantiate
                | BreachKind::NoHost
                | BreachKind::Internal,
                _,
            ) => "",
        }
    }
}

/// The longest line of a log; what is beyond is cut.
pub const LOG_LINE_BYTES: usize = 8 * 1024;
