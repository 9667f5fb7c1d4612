//! A clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anvil_sim::SimClock;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// Stands still until it is moved; a sleep moves it at once.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn at(ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(ms)))
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl SimClock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.advance(i64::try_from(duration.as_millis()).unwrap());
        Box::pin(std::future::ready(()))
    }
}

/// Stands still until it is moved, and who sleeps on it sleeps until then.
#[derive(Clone)]
pub(crate) struct HeldClock(Arc<watch::Sender<i64>>);

impl HeldClock {
    pub(crate) fn at(ms: i64) -> Self {
        Self(Arc::new(watch::Sender::new(ms)))
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.send_modify(|now| *now += ms);
    }
}

impl SimClock for HeldClock {
    fn now_ms(&self) -> i64 {
        *self.0.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.now_ms() + i64::try_from(duration.as_millis()).unwrap();
        let mut now = self.0.subscribe();
        Box::pin(async move {
            now.wait_for(|now| *now >= until).await.unwrap();
        })
    }
}
