//! The orderly stop: calls under way end, nothing begins, and what runs on is given back.

use crate::Runner;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// How long jobs without a call under way may take to end.
const WITHOUT_CALLS: Duration = Duration::from_secs(5);
/// How long jobs may take to be given back once they are told to stop.
const GIVE_BACK: Duration = Duration::from_secs(2);
/// How often it is told what the stop waits for.
const TELL: Duration = Duration::from_secs(5);
/// How often it is looked whether all is quiet.
const LOOK: Duration = Duration::from_millis(20);

/// What an orderly stop still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopping {
    /// Jobs that run.
    pub jobs: u32,
    /// Calls under way.
    pub calls: u32,
    /// The longest that it goes on waiting.
    pub at_most: Duration,
}

impl fmt::Display for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "1 call".to_owned() } else { format!("{} calls", self.calls) };
        let jobs = if self.jobs == 1 { "1 job".to_owned() } else { format!("{} jobs", self.jobs) };
        let seconds = self.at_most.as_secs();
        write!(f, "Waiting for {calls} under way and {jobs}, for {seconds} s more at most.")
    }
}

impl Runner {
    /// Stops taking jobs, lets calls under way end within `patience` and begins none, gives back what runs (no attempt is
    /// used up), and closes the store. What is not settled by then is counted as unknown at the next start. `tell` hears
    /// every few seconds what is waited for.
    pub async fn shutdown(&self, patience: Duration, tell: impl FnMut(Stopping)) {
        self.shared.shutdown.cancel();
        self.shared.gateway.close();
        self.quiet(patience, WITHOUT_CALLS, tell).await;
        for run in self.shared.running().values() {
            run.cancel.cancel();
        }
        self.quiet(GIVE_BACK, GIVE_BACK, |_| {}).await;
        self.shared.store.close().await;
    }

    // Waits until nothing is under way, or for as long as it may.
    async fn quiet(&self, patience: Duration, without_calls: Duration, mut tell: impl FnMut(Stopping)) {
        let begun = Instant::now();
        let (mut last_call, mut told) = (begun, begun);
        loop {
            let now = Instant::now();
            let at_most = patience.saturating_sub(now - begun);
            let jobs = self.shared.running_now();
            let stopping = Stopping { jobs, calls: self.shared.gateway.report().in_flight, at_most };
            if stopping.calls > 0 {
                last_call = now;
            }
            let over = stopping.jobs == 0 && stopping.calls == 0;
            if over || at_most.is_zero() || now - last_call >= without_calls {
                return;
            }
            if now - told >= TELL {
                told = now;
                tell(stopping);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_in_a_sentence() {
        let stopping = Stopping { jobs: 2, calls: 1, at_most: Duration::from_millis(42_900) };
        assert_eq!(stopping.to_string(), "Waiting for 1 call under way and 2 jobs, for 42 s more at most.");
    }
}
