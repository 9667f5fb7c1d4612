//! What tells the host to stop: Ctrl-C, the SIGTERM of a service manager, the SIGHUP of a terminal or a connection
//! that is closed, and SIGQUIT (Ctrl-\). Whichever comes, what is paid for is kept.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears every signal from when it was made on: one that comes while the last is still being heeded is not lost.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    quit: Signal,
    /// None where whoever started the host has it outlive its terminal, as `nohup` does.
    #[cfg(unix)]
    hang_up: Option<Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            // Asked first: who listens to a signal no longer passes it over.
            #[cfg(unix)]
            hang_up: if outlives_its_terminal() { None } else { Some(signal(SignalKind::hangup())?) },
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            quit: signal(SignalKind::quit())?,
            #[cfg(windows)]
            interrupt: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// Returns at the next one.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        {
            let hang_up = async {
                match &mut self.hang_up {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.quit.recv() => {}
                _ = hang_up => {}
            }
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}

// Whether SIGHUP is passed over by whoever started the host. Only Linux tells; elsewhere a host that says nothing to
// a terminal is taken for one that outlives it.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    use std::io::IsTerminal as _;
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => ignores(&status, SignalKind::hangup()),
        Err(_) => !std::io::stderr().is_terminal(),
    }
}

// `SigIgn` of proc_pid_status(5): a mask in hexadecimal, whose lowest bit is signal 1.
#[cfg(unix)]
fn ignores(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let bit = u32::try_from(kind.as_raw_value() - 1).unwrap_or(u32::MAX);
    1_u128.checked_shl(bit).is_some_and(|bit| mask & bit != 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_the_starter_passes_over_is_known_by_its_bit() {
        let status =
            "Name:\tanvil\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert!(ignores(status, SignalKind::hangup()), "signal 1");
        assert!(ignores(status, SignalKind::pipe()), "signal 13");
        assert!(!ignores(status, SignalKind::interrupt()), "signal 2 is caught, and not passed over");
        for odd in ["", "SigIgn:\n", "SigIgn:\tzz", "SigIgn:\t0000000000001000"] {
            assert!(!ignores(odd, SignalKind::hangup()), "{odd:?}");
        }
    }
}
