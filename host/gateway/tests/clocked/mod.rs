//! The simulator on the gateway's clock: who drives the one drives the other.

use anvil_sim::SimClock;
use anvil_types::{Clock, DrivenClock};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The clock, and by how much the simulator's is behind it.
pub(crate) struct Same {
    pub(crate) clock: Arc<DrivenClock>,
    pub(crate) behind: Duration,
}

impl Same {
    pub(crate) fn as_it_is(clock: Arc<DrivenClock>) -> Self {
        Self { clock, behind: Duration::ZERO }
    }
}

impl SimClock for Same {
    fn now_ms(&self) -> i64 {
        (self.clock.now() - self.behind).micros() / 1_000
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}
