//! The facade.

use crate::agent::ask::{Ask, CallEnd, CallHandle};
use crate::agent::call;
use crate::choice::estimates::Learner;
use crate::choice::pressure::Pressure;
use crate::choice::prompt_cache::WarmPrompts;
use crate::config::{GatewayConfig, Upstream};
use crate::flight::bill::Bill;
use crate::flight::strikes::Strikes;
use crate::line::admission::Admission;
use crate::pace::pool::BucketReport;
use crate::pace::{Pace, Recent};
use crate::upstream::circuit::{Breaker, CircuitReport};
use crate::upstream::class::Account;
use crate::upstream::client::Sender;
use anvil_budget::{BrakeCause, PriceError, PriceTable};
use anvil_store::{Settled, Settlement, SettlementOutcome, Store, StoreError};
use anvil_types::{
    CallId, CallRecord, CallState, Clock, End, Inbox, JobId, Limits, Nanodollars, Timestamp, Wait,
    WaitReason, shown_address,
};
use arc_swap::ArcSwap;
use rand::RngExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Why a gateway could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The HTTP client.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
    /// The upstream's address.
    #[error("the upstream's address `{url}` is no URL: {error}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        error: String,
    },
    /// The API key.
    #[error("the API key holds a line break or another character that no request can carry; set it anew")]
    Key,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A price that was set at run time makes no sense any more.
    #[error(transparent)]
    Price(#[from] PriceError),
}

/// How the gateway stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PaceReport {
    /// Requests in the last 60 seconds.
    pub requests_last_minute: u32,
    /// Calls that wait for pace or money.
    pub waiting: u32,
    /// Jobs that have such a call.
    pub waiting_jobs: u32,
    /// Calls under way.
    pub in_flight: u32,
    /// What was taken of each limit a minute, and what the upstream says of its own: requests over all
    /// models first, then the three of each pool of models.
    pub buckets: Vec<BucketReport>,
    /// The circuit to the upstream.
    pub circuit: CircuitReport,
    /// By how many percent the estimates of input tokens were off on average, of late.
    pub input_error_percent: Option<f64>,
    /// By how many percent the estimates of output tokens were off on average, of late.
    pub output_error_percent: Option<f64>,
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
    /// What was learnt of how many tokens calls take.
    pub learner: Learner,
    /// What keeps calls back while the upstream is in trouble.
    pub breaker: Breaker,
    strikes: Mutex<Strikes>,
    /// The settings' prices, and over them what people set at run time.
    prices: ArcSwap<PriceTable>,
    /// How full the fullest window is.
    pub pressure: Pressure,
    /// Which prompts the models have in their caches.
    pub warm: Mutex<WarmPrompts>,
    /// A settlement could not be stored: no new call until one can.
    pub store_failed: AtomicBool,
    /// The host ends: nothing more goes out.
    pub closing: AtomicBool,
    under_way: AtomicU32,
}

impl Gateway {
    /// Opens the door.
    pub async fn start(
        mut config: GatewayConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayError> {
        let limits = store.limits().await?.limits;
        let recent = recent_calls(store.as_ref(), &config, &limits, clock.now()).await?;
        let pace = Pace::new(&limits, config.pace.burst, &recent, clock.clone());
        let kind = config.upstream.kind;
        let learner = Learner::start(store.clone(), clock.clone(), kind.name()).await;
        let map = &config.models;
        let models = [map.haiku.as_str(), map.sonnet.as_str(), map.opus.as_str()];
        let keeper = &config.supervisor;
        let breaker = Breaker::start(config.circuit, kind, &models, store.clone(), clock.clone(), keeper);
        let (releases, to_release) = mpsc::unbounded_channel();
        let admission =
            Admission::start(store.clone(), pace, config.pace.longest_wait, clock.clone(), releases, keeper);
        let prices = prices(&config, store.as_ref()).await?;
        let sender = Sender::new(&config.upstream, config.patience)?;
        // From here on nobody needs what stands before the `@`.
        config.upstream.base_url = shown_address(&config.upstream.base_url);
        let inner = Inner {
            config,
            store,
            clock,
            admission,
            sender,
            learner,
            breaker,
            strikes: Mutex::default(),
            prices: ArcSwap::from_pointee(prices),
            pressure: Pressure::default(),
            warm: Mutex::default(),
            store_failed: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            under_way: AtomicU32::new(0),
        };
        let inner = Arc::new(inner);
        let (released_by, to_release) = (Arc::downgrade(&inner), Inbox::new(to_release));
        let release = move || release(released_by.clone(), to_release.clone());
        inner.config.supervisor.keep("the releaser of holds", release);
        Ok(Self { inner })
    }

    /// Asks, in a task of its own.
    pub fn call(&self, ask: Ask) -> CallHandle {
        let (watcher, end) = oneshot::channel::<CallEnd>();
        tokio::spawn(call::run(self.inner.clone(), ask, watcher));
        CallHandle { end }
    }

    /// Asks Claude for a word, for a person who wants to know whether it answers. What failed before is tried by it;
    /// the brake's causes of the account end where it is answered. Every other rule holds for it as for any call.
    pub fn probe(&self, by: &str) -> CallHandle {
        self.inner.breaker.look_again();
        self.call(Ask::probe(by, self.inner.clock.now()))
    }

    /// Lets nothing more out: what waits is told that the host ends, what is under way goes on.
    pub fn close(&self) {
        self.inner.closing.store(true, Ordering::Relaxed);
        self.inner.admission.close();
    }

    /// The limits or the brake changed: waits are judged anew.
    pub fn limits_changed(&self, limits: &Limits) {
        self.inner.admission.with_pace(|pace| pace.change(limits));
        self.inner.pressure.forget();
        // The next call that is planned says how fast money may go out now.
        self.inner.admission.with_throttle(|throttle| throttle.set(None));
        self.inner.admission.room();
    }

    /// A person wants waiting to end now: what the upstream told of its limits and its 429s is not believed
    /// any longer, what failed is tried by the next call, and whoever waits looks again.
    pub fn look_again(&self) {
        self.inner.breaker.look_again();
        self.inner.admission.with_pace(crate::pace::Pace::look_again);
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
        let (requests_last_minute, buckets) =
            self.inner.admission.with_pace(|pace| (pace.requests_last_minute(), pace.report()));
        let (input_error_percent, output_error_percent) = self.inner.learner.errors();
        PaceReport {
            requests_last_minute,
            waiting: self.inner.admission.waiting(),
            waiting_jobs: self.inner.admission.waiting_jobs(),
            in_flight: self.inner.under_way.load(Ordering::Relaxed),
            buckets,
            circuit: self.inner.breaker.report(),
            input_error_percent,
            output_error_percent,
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

/// How many entries of the ledger are read at once.
const PAGE: u32 = 500;

// What an earlier life of the host sent in the last minute: calls that ended in it, and those that may
// have. A call whose usage nobody knows counts as all that its hold could pay for.
async fn recent_calls(
    store: &dyn Store,
    config: &GatewayConfig,
    limits: &Limits,
    now: Timestamp,
) -> Result<Vec<Recent>, StoreError> {
    let minute = Duration::from_mins(1);
    let (ended, begun) = (now - minute, now - minute - config.patience.call - config.patience.drain);
    let (mut recent, mut after) = (Vec::new(), None);
    loop {
        let page = store.ledger(config.upstream.kind, after, PAGE).await?;
        let Some(last) = page.last().map(|call| (call.id, call.held_at)) else { return Ok(recent) };
        for call in page {
            let at = call.settled_at.unwrap_or(now);
            // What lies ahead was counted before a person set the time back.
            if at <= ended || at > now || call.state == CallState::Released && call.settled_at.is_none() {
                continue;
            }
            let untold =
                matches!(call.state, CallState::Unknown | CallState::Held) && call.usage.prompt_tokens() == 0;
            let (input, output) = if untold {
                most_of(&call, config, limits)
            } else {
                // No answer has more than its model can, whatever it told.
                let row = config.prices.row(&call.model, None, call.held_at).ok();
                let (context, longest) =
                    row.map_or((u64::MAX, u64::MAX), |row| (row.context, row.max_output));
                (call.usage.paced_input_tokens().min(context), call.usage.output_tokens.min(longest))
            };
            recent.push(Recent { model: call.model, at, input, output });
        }
        if last.1 < begun {
            return Ok(recent);
        }
        after = Some(last.0);
    }
}

// The most tokens that a hold can have been for.
fn most_of(call: &CallRecord, config: &GatewayConfig, limits: &Limits) -> (u64, u64) {
    let (input, output) = (u64::from(limits.max_input_tokens), u64::from(limits.max_output_tokens));
    let Ok(row) = config.prices.row(&call.model, None, call.held_at) else { return (input, output) };
    let pays_for = |one: Nanodollars| call.hold.get().unsigned_abs() / one.get().unsigned_abs().max(1);
    (pays_for(row.bound(1, 0)).min(input), pays_for(row.bound(0, 1)).min(output))
}

pub(crate) fn cost_of(outcome: &SettlementOutcome) -> Nanodollars {
    match outcome {
        SettlementOutcome::Usage { cost, .. } | SettlementOutcome::Unknown { cost, .. } => *cost,
        SettlementOutcome::Released => Nanodollars::ZERO,
    }
}

// Releases holds whose calls were gone before anything was sent, for as long as there is a gateway.
async fn release(gateway: Weak<Inner>, holds: Inbox<mpsc::UnboundedReceiver<CallId>>) -> End {
    let mut holds = holds.open().await;
    while let Some(hold) = holds.recv().await {
        let Some(gateway) = gateway.upgrade() else { return End::Asked };
        tokio::spawn(async move {
            if let Err(error) = gateway.settle(call::released(hold, "the asker was gone")).await {
                tracing::error!(call = %hold, %error, "a hold could not be released; the next start counts it as spent");
            }
        });
    }
    End::Asked
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

    /// Tells of an answer that has no price, before it is settled: told twice is better than not at all.
    pub(crate) async fn tell_without_price(&self, call: CallId, bill: &Bill) {
        let Some(alert) = bill.alert(call, self.config.upstream.kind) else { return };
        if let Err(error) = self.store.raise_alert(alert).await {
            tracing::error!(%call, %error, "an answer without a price could not be told");
        }
    }

    /// Stores a settlement. Where that fails the hold stays, no new call goes out, and it is tried on.
    pub(crate) async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let mut wait = Duration::from_millis(50);
        let mut tries = 0_u64;
        loop {
            match self.store.settle(settlement.clone()).await {
                Ok(settled) => {
                    if self.store_failed.swap(false, Ordering::Relaxed) {
                        self.resume_after_failure().await;
                    }
                    self.pressure.settled(cost_of(&settlement.outcome));
                    self.admission.room();
                    if settled.over_hold > Nanodollars::ZERO {
                        tracing::error!(call = %settlement.call, over = %settled.over_hold, "a call cost more than its hold: the bound is wrong");
                    }
                    return Ok(settled);
                }
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                Err(error) => {
                    tries += 1;
                    tracing::error!(call = %settlement.call, %error, tries, "a settlement could not be stored; the hold stays");
                    self.store_failed.store(true, Ordering::Relaxed);
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
            Ok(_) => self.store.resume(&[WaitReason::Brake, WaitReason::Pace], None).await,
            Err(error) => Err(error),
        };
        if let Err(error) = resumed {
            tracing::error!(%error, "jobs that were parked while the store failed could not be resumed");
        }
    }

    pub(crate) fn strikes(&self) -> MutexGuard<'_, Strikes> {
        self.strikes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The upstream refuses the account: no call goes out until a person, a trial or a month mends it.
    /// Answers what stops calls now.
    pub(crate) async fn engage_for_account(
        &self,
        account: Account,
        why: &str,
        now: Timestamp,
    ) -> Vec<BrakeCause> {
        match self.store.engage_brake(call::account_cause(account, why, now)).await {
            Ok(brake) => brake.causes,
            Err(error) => {
                tracing::error!(%error, why, "the brake could not be engaged for the account");
                Vec::new()
            }
        }
    }

    /// A stop has ended before the time that those who wait for it know.
    pub(crate) async fn pace_is_back(&self) {
        if let Err(error) = self.store.resume(&[WaitReason::Pace], None).await {
            tracing::error!(%error, "jobs that wait for the pace could not be put back into the queue");
        }
    }

    /// A trial was answered: the account is taken again.
    pub(crate) async fn account_answers(&self) {
        if let Err(error) = self.store.account_answers("a call was answered again").await {
            tracing::error!(%error, "the brake's causes of the account could not be ended");
        }
    }
}
