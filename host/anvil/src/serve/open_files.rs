//! Files that the process may have open: sockets, the database, plugins.

/// As many as a host may ever need; not every system likes a limit without end.
#[cfg(unix)]
const WANTED: u64 = 65_536;

/// Raises what the process may have open to what the system lets it: the usual limit of a shell, 1,024, is for programs
/// that cannot count further.
pub(super) fn raise() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.map_or(WANTED, |hard| hard.min(WANTED));
        if limit.current.is_some_and(|soft| soft < most) {
            let raised = Rlimit { current: Some(most), maximum: limit.maximum };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!(%error, "the number of files that may be open cannot be raised");
            }
        }
    }
}

/// Connections of people and programs at once: a quarter of what may be open, so that the rest is there for jobs.
pub(super) fn connections() -> usize {
    #[cfg(unix)]
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let most: Option<u64> = None;
    usize::try_from(most.unwrap_or(8_192) / 4).unwrap_or(usize::MAX).clamp(16, 4_096)
}
