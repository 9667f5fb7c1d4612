//! The built-in simulator, on the host's own clock.

use anvil_settings::Settings;
use anvil_sim::{Latency, Sim, SimClock, SimConfig, SimHandle, Span};
use anvil_types::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The host's clock in the simulator's terms: who drives the one drives the other.
struct HostClock(Arc<dyn Clock>);

impl SimClock for HostClock {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        let clock = self.0.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}

/// Starts it on a free port of loopback.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the setting's range is checked")]
pub(super) async fn start(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<SimHandle> {
    let simulator = &settings.simulator;
    let config = SimConfig {
        latency: Latency {
            first_byte_ms: Span::Fixed(simulator.latency_ms),
            per_token_us: (simulator.stream_ms_per_token * 1_000.0).round() as u64,
            ..Latency::default()
        },
        ..SimConfig::default()
    };
    Ok(Sim::start_with_clock(config, Arc::new(HostClock(clock))).await?)
}
