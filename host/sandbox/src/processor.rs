//! What the operating system says of this thread: its time on a processor, its priority.

use std::time::Duration;

/// The processor time of this thread so far. Where the system does not tell, real time stands in
/// for it: a slice is then counted too long, never too short.
pub(crate) fn thread_time() -> Duration {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    }
    #[cfg(not(unix))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

/// Lowers the priority of this thread alone. That never needs a right, and where the system knows no
/// priorities of threads the lanes still hold, only the host's own lead over them is less.
pub fn lower_priority(nice: i32) {
    // On Linux "process 0" means the calling thread; elsewhere it would be the whole host.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, nice) {
        tracing::debug!(%error, "a guest thread keeps its priority");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}
