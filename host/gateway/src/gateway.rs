//! The facade.

use crate::admission::Admission;
use crate::ask::{Ask, CallEnd, CallHandle};
use crate::call;
use crate::config::{GatewayConfig, Upstream};
use crate::pace::{Expected, Pace};
use crate::pressure::Pressure;
use crate::send::Sender;
use crate::warm::WarmPrompts;
use anvil_budget::{PriceError, PriceTable, Windows};
use anvil_store::{Settled, Settlement, Store, StoreError};
use anvil_types::{CallId, CallState, Clock, JobId, Limits, Timestamp, Wait, WaitReason};
use arc_swap::ArcSwap;
use rand::RngExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Why a gateway could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A price that was set at run time makes no sense any more.
    #[error(transparent)]
    Price(#[from] PriceError),
}

/// How the gateway stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceReport {
    /// Requests in the last 60 seconds.
    pub requests_last_minute: u32,
    /// Calls that wait for pace or money.
    pub waiting: u32,
    /// Calls under way.
    pub in_flight: u32,
}

/// The one door to Claude. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub config: GatewayConfig,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub admission: Admission,
    pub sender: Sender,
    /// The settings' prices, and over them what people set at run time.
    prices: ArcSwap<PriceTable>,
    /// How full the fullest window is.
    pub pressure: Pressure,
    /// Which prompts the models have in their caches.
    pub warm: Mutex<WarmPrompts>,
    /// Output tokens that a call usually has.
    pub usual_output: AtomicU64,
    /// A settlement could not be stored: no new call until one can.
    pub store_failed: AtomicBool,
    under_way: AtomicU32,
}

impl Gateway {
    /// Opens the door.
    pub async fn start(
        config: GatewayConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayError> {
        let limits = store.limits().await?.limits;
        let recent = recent_calls(store.as_ref(), &config, clock.now()).await?;
        let pace = Pace::new(&limits, config.pace.burst, recent, clock.clone());
        let admission = Admission::start(store.clone(), pace, config.pace.longest_wait, clock.clone());
        let prices = prices(&config, store.as_ref()).await?;
        let sender = Sender::new(config.upstream.clone(), config.patience)?;
        let inner = Inner {
            config,
            store,
            clock,
            admission,
            sender,
            prices: ArcSwap::from_pointee(prices),
            pressure: Pressure::default(),
            warm: Mutex::default(),
            usual_output: AtomicU64::new(500),
            store_failed: AtomicBool::new(false),
            under_way: AtomicU32::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asks, in a task of its own.
    pub fn call(&self, ask: Ask) -> CallHandle {
        let (watcher, end) = oneshot::channel::<CallEnd>();
        tokio::spawn(call::run(self.inner.clone(), ask, watcher));
        CallHandle { end }
    }

    /// The limits or the brake changed: waits are judged anew.
    pub fn limits_changed(&self, limits: &Limits) {
        self.inner.admission.with_pace(|pace| pace.change(limits));
        self.inner.pressure.moved();
        self.inner.admission.room();
    }

    /// Prices were set or reset at run time: calls that are planned from now on go by them.
    pub async fn prices_changed(&self) -> Result<(), GatewayError> {
        let prices = prices(&self.inner.config, self.inner.store.as_ref()).await?;
        self.inner.prices.store(Arc::new(prices));
        Ok(())
    }

    /// How it stands.
    pub fn report(&self) -> PaceReport {
        PaceReport {
            requests_last_minute: self.inner.admission.with_pace(Pace::requests_last_minute),
            waiting: self.inner.admission.waiting(),
            in_flight: self.inner.under_way.load(Ordering::Relaxed),
        }
    }

    /// The prices in force.
    pub fn prices(&self) -> Arc<PriceTable> {
        self.inner.prices()
    }

    /// What a job's call waits for before it goes out, if one does.
    pub fn wait_of(&self, job: JobId) -> Option<Wait> {
        self.inner.admission.wait_of(job)
    }

    /// Whether a settlement could not be stored: no new call goes out until one can.
    pub fn store_failing(&self) -> bool {
        self.inner.store_failed.load(Ordering::Relaxed)
    }

    /// Whom it asks.
    pub fn upstream(&self) -> &Upstream {
        &self.inner.config.upstream
    }
}

async fn prices(config: &GatewayConfig, store: &dyn Store) -> Result<PriceTable, GatewayError> {
    let changes: Vec<_> = store.prices().await?.into_iter().map(|change| change.price).collect();
    Ok(config.prices.with_changes(&changes)?)
}

// What an earlier life of the host sent in the last minute, the oldest first.
async fn recent_calls(
    store: &dyn Store,
    config: &GatewayConfig,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Expected)>, StoreError> {
    let since = now - Duration::from_mins(1);
    let calls = store.ledger(config.upstream.kind, None, 500).await?;
    let recent = calls.into_iter().filter(|call| call.held_at > since && call.state != CallState::Released);
    let mut recent: Vec<_> = recent
        .map(|call| {
            let tokens = Expected {
                input_tokens: call.usage.paced_input_tokens(),
                output_tokens: call.usage.output_tokens,
            };
            (call.held_at, tokens)
        })
        .collect();
    recent.reverse();
    Ok(recent)
}

/// Counts a call under way for as long as it lives.
pub(crate) struct UnderWay<'a>(&'a AtomicU32);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    pub(crate) fn new_call_id(&self) -> CallId {
        CallId::new(self.clock.now(), rand::rng().random())
    }

    /// The prices in force.
    pub(crate) fn prices(&self) -> Arc<PriceTable> {
        self.prices.load_full()
    }

    pub(crate) fn in_flight(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// Stores a settlement. Where that fails the hold stays, no new call goes out, and it is tried on.
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let mut wait = Duration::from_millis(50);
        let mut tries = 0;
        loop {
            match self.store.settle(settlement.clone()).await {
                Ok(settled) => {
                    if self.store_failed.swap(false, Ordering::Relaxed) {
                        self.resume_after_failure().await;
                    }
                    self.pressure.moved();
                    self.admission.room();
                    if settled.over_hold > anvil_types::Nanodollars::ZERO {
                        tracing::error!(call = %settlement.call, over = %settled.over_hold, "a call cost more than its hold: the bound is wrong");
                    }
                    return Ok(settled);
                }
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                Err(error) => {
                    tries += 1;
                    tracing::error!(call = %settlement.call, %error, tries, "a settlement could not be stored; the hold stays");
                    self.store_failed.store(true, Ordering::Relaxed);
                    if tries == 40 {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(15));
                }
            }
        }
    }

    // Jobs that were parked while the store failed go on, unless the brake has other causes.
    async fn resume_after_failure(&self) {
        let resumed = match self.store.brake().await {
            Ok(brake) if brake.engaged() => return,
            Ok(_) => self.store.resume(&[WaitReason::Brake], None).await,
            Err(error) => Err(error),
        };
        if let Err(error) = resumed {
            tracing::error!(%error, "jobs that were parked while the store failed could not be resumed");
        }
    }

    /// Upstream's own spend cap lasts until the first of next month, UTC.
    pub(crate) async fn engage_spend_cap(&self, message: &str, now: Timestamp) {
        let until = Windows::new(jiff::tz::TimeZone::UTC).month(now).end;
        if let Err(error) = self.store.engage_brake(call::spend_cap_cause(message, now, until)).await {
            tracing::error!(%error, "the brake could not be engaged for upstream's spend cap");
        }
    }
}
