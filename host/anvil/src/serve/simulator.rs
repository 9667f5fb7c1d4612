//! The built-in simulator, on the host's own clock.

use anvil_settings::Settings;
use anvil_sim::{Latency, SimClock, SimConfig, Span};
use anvil_types::{Clock, End, Supervisor};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

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

/// Starts it on a free port of loopback; answers its address. Where it falls, another takes its place there: what the
/// one before had answered is nothing that the host asks it for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the setting's range is checked")]
pub(super) fn start(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> anyhow::Result<String> {
    let simulator = &settings.simulator;
    let config = SimConfig {
        latency: Latency {
            first_byte_ms: Span::Fixed(simulator.latency_ms),
            per_token_us: (simulator.stream_ms_per_token * 1_000.0).round() as u64,
            ..Latency::default()
        },
        ..SimConfig::default()
    };
    let listener = std::net::TcpListener::bind(config.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    supervisor.keep("the built-in simulator", move || {
        let (listener, config) = (listener.try_clone(), config.clone());
        let clock = Arc::new(HostClock(clock.clone()));
        async move {
            let Ok(listener) = listener.and_then(TcpListener::from_std) else {
                return End::Unexpected("its port cannot be listened on");
            };
            let served = anvil_sim::serve_with_clock(listener, config, clock, std::future::pending()).await;
            End::Unexpected(if served.is_ok() { "it ended" } else { "its port cannot be listened on" })
        }
    });
    Ok(format!("http://{address}"))
}
