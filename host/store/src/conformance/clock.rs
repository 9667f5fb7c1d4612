//! A clock that stands still until a test moves it.

use anvil_types::clock::Sleep;
use anvil_types::{Clock, Timestamp};
use std::time::Duration;
use tokio::sync::watch;

/// A clock that stands still until it is moved; the one clock of the house that can be set back.
#[derive(Debug)]
pub struct TestClock(watch::Sender<Timestamp>);

impl TestClock {
    /// A clock that stands at this time.
    pub fn at(time: Timestamp) -> Self {
        Self(watch::Sender::new(time))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = *now + by);
    }

    /// Sets it, back too.
    pub fn set(&self, time: Timestamp) {
        self.0.send_replace(time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        let mut moves = self.0.subscribe();
        Box::pin(async move {
            // The sender lives as long as this borrow of it.
            let _ = moves.wait_for(|now| *now >= time).await;
        })
    }
}
