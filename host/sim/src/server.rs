//! Starting, serving and stopping.

use std::future::Future;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::header::{DATE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::batch::{SimBatchSettings, SimBatchUse, work_off};
use crate::bill::Bill;
use crate::clock::{SimClock, SimSystemClock};
use crate::config::SimConfig;
use crate::error::SimError;
use crate::fault::FaultRule;
use crate::latency::Latency;
use crate::limits::LimitUse;
use crate::log::LogEntry;
use crate::routes::route;
use crate::script::{Player, Script};
use crate::state::Shared;

/// A simulator: what stands on its bill and in its log, and how it behaves from now on. Clones are the same simulator.
#[derive(Clone)]
pub struct Sim {
    shared: Arc<Shared>,
}

/// A simulator that runs in this process. It stops when this is dropped; answers that are under way break off.
pub struct SimHandle {
    sim: Sim,
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sim {
    /// Starts on `config.listen`, on the system's clock.
    pub async fn start(config: SimConfig) -> Result<SimHandle, SimError> {
        Self::start_with_clock(config, Arc::new(SimSystemClock::new())).await
    }

    /// Starts on `config.listen`, on a given clock.
    pub async fn start_with_clock(
        config: SimConfig,
        clock: Arc<dyn SimClock>,
    ) -> Result<SimHandle, SimError> {
        let addr = config.listen;
        let listener = TcpListener::bind(addr).await.map_err(|source| SimError::Listen { addr, source })?;
        let addr = listener.local_addr()?;
        let sim = Self { shared: Arc::new(Shared::new(config, clock)) };
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&sim.shared);
        let task = tokio::spawn(async move {
            // A dropped sender stops it as well as one that sends.
            accept(listener, shared, async { drop(stopped.await) }).await;
        });
        Ok(SimHandle { sim, addr, stop, task })
    }

    /// The bill so far.
    pub fn bill(&self) -> Bill {
        self.shared.state().bill.clone()
    }

    /// How the rate limits of every pool that was asked were used: the fullest minutes, and refusals.
    pub fn limit_use(&self) -> Vec<LimitUse> {
        self.shared.state().limiter.usage()
    }

    /// Up to `limit` log entries with a number above `after`, oldest first.
    pub fn log(&self, after: u64, limit: usize) -> Vec<LogEntry> {
        self.shared.state().log.after(after, limit)
    }

    /// Plays a script from its start, in place of any other.
    pub fn set_script(&self, script: Script) {
        self.shared.state().set_player(Player::new(script));
    }

    /// Sets the faults by chance, in place of any others.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.shared.state().set_faults(rules);
    }

    /// Sets how long answers take from now on.
    pub fn set_latency(&self, latency: Latency) {
        self.shared.state().latency = latency;
    }

    /// Sets how batches are worked off from now on.
    pub fn set_batches(&self, settings: SimBatchSettings) {
        self.shared.set_batches(settings);
    }

    /// How every batch stands that was not deleted, the oldest first.
    pub fn batches(&self) -> Vec<SimBatchUse> {
        self.shared.shelf().usage()
    }

    /// The custom_ids of a batch in the order in which they were sent; none where there is no such batch.
    pub fn batch_custom_ids(&self, id: &str) -> Vec<String> {
        self.shared.shelf().custom_ids(id)
    }

    /// Everything as at the start: empty bill, log and caches, no batches, full rate limits, the configured script and
    /// faults.
    pub fn reset(&self) {
        self.shared.reset();
    }
}

impl SimHandle {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as `ANTHROPIC_BASE_URL` wants it.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The simulator itself, to keep beside the handle.
    pub fn sim(&self) -> Sim {
        self.sim.clone()
    }

    /// Stops it and waits until its port is free.
    pub async fn shutdown(self) {
        drop(self.stop);
        // The task ends by itself; if it panicked, there is nothing left to stop.
        let _ = self.task.await;
    }
}

impl Deref for SimHandle {
    type Target = Sim;

    fn deref(&self) -> &Sim {
        &self.sim
    }
}

/// Serves on a listener until `shutdown` completes, on the system's clock. `config.listen` is not looked at.
pub async fn serve(
    listener: TcpListener,
    config: SimConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), SimError> {
    serve_with_clock(listener, config, Arc::new(SimSystemClock::new()), shutdown).await
}

/// Serves on a listener until `shutdown` completes, on a given clock.
pub async fn serve_with_clock(
    listener: TcpListener,
    config: SimConfig,
    clock: Arc<dyn SimClock>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), SimError> {
    listener.local_addr()?;
    accept(listener, Arc::new(Shared::new(config, clock)), shutdown).await;
    Ok(())
}

/// An answer says what time it is by the simulator's clock, which need not be the machine's.
fn dated<B>(mut answer: Response<B>, now_ms: i64) -> Response<B> {
    let said = jiff::Timestamp::from_millisecond(now_ms).ok();
    let said = said.and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok());
    if let Some(said) = said.and_then(|said| HeaderValue::try_from(said).ok()) {
        answer.headers_mut().insert(DATE, said);
    }
    answer
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, shutdown: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut batches = JoinSet::new();
    batches.spawn(work_off(Arc::clone(&shared)));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Ok((socket, _)) = accepted else {
            // Out of file descriptors, most likely: those that close make room.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Small events must not wait for one another; where the option is refused, they only come later.
        let _ = socket.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move {
                    let now = shared.clock.now_ms();
                    route(shared, request).await.map(|answer| dated(answer, now))
                }
            });
            // A client may keep a connection idle for as long as it likes. An error here is a client that went away or
            // a connection broken on purpose; both stand in the log already.
            let _ = http1::Builder::new()
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
