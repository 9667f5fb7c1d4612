//! The orderly stop: calls under way end, nothing begins, and what runs on is given back.

use crate::Runner;
use anvil_types::words::Stopping;
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
        self.shared.gateway.keep_what_was_learnt().await;
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
