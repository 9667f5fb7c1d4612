//! The simulator on the gateway's clock: who drives the one drives the other.

use anvil_sim::SimClock;
use anvil_types::{Clock, DrivenClock};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Same(pub(crate) Arc<DrivenClock>);

impl SimClock for Same {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        let clock = self.0.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}
