//! A clock that stands still until a test moves it.

use anvil_types::clock::Sleep;
use anvil_types::{Clock, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A clock that stands still until it is moved; the one clock of the house that can be set back.
#[derive(Debug)]
pub struct TestClock {
    now: watch::Sender<Timestamp>,
    wall: Mutex<Option<Timestamp>>,
}

impl TestClock {
    /// A clock that stands at this time.
    pub fn at(time: Timestamp) -> Self {
        Self { now: watch::Sender::new(time), wall: Mutex::new(None) }
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = *now + by);
    }

    /// Sets the wall's clock beside it.
    pub fn set_wall(&self, time: Option<Timestamp>) {
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Sets it, back too.
    pub fn set(&self, time: Timestamp) {
        self.now.send_replace(time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn wall(&self) -> Option<Timestamp> {
        *self.wall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        let mut moves = self.now.subscribe();
        Box::pin(async move {
            // The sender lives as long as this borrow of it.
            let _ = moves.wait_for(|now| *now >= time).await;
        })
    }
}
