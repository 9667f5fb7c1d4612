//! What stands behind the gateway's handle: all that the calls share.

use crate::choice::estimates::Learner;
use crate::choice::note::KeptNote;
use crate::choice::pressure::Pressure;
use crate::compression::memory::Memory;
use crate::config::GatewayConfig;
use crate::error::GatewayError;
use crate::flight::account::account_cause;
use crate::flight::bill::Bill;
use crate::flight::settlement::cost_of;
use crate::flight::strikes::Strikes;
use crate::flight::unpriced::Unpriced;
use crate::line::admission::Admission;
use crate::pace::Pace;
use crate::pace::recent::recent_calls;
use crate::prompt_cache::caches::PromptCaches;
use crate::prompt_cache::leads::Leads;
use crate::refresh::waiting::Refreshes;
use crate::stage::twins::Replies;
use crate::upstream::circuit::Breaker;
use crate::upstream::class::Account;
use crate::upstream::client::Sender;
use anvil_budget::{BrakeCause, PriceTable};
use anvil_store::{Settled, Settlement, Store, StoreError};
use anvil_types::{CallId, Clock, End, Inbox, Nanodollars, Timestamp, WaitReason, shown_address};
use arc_swap::ArcSwap;
use rand::RngExt as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

#[derive(Debug)]
pub(crate) struct GatewayDoor {
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
    unpriced: Mutex<Unpriced>,
    /// The settings' prices, and over them what people set at run time.
    prices: ArcSwap<PriceTable>,
    /// How full the fullest window is.
    pub pressure: Pressure,
    /// Which prompts the models have in their caches.
    pub prompt_caches: Mutex<PromptCaches>,
    /// Which are on their way there.
    pub leads: Leads,
    /// What of that is kept over a restart.
    pub habits: KeptNote,
    /// Which are to be kept there by calls of the host's own.
    pub refreshes: Refreshes,
    /// What the cache of replies goes by.
    pub replies: Replies,
    /// In which form conversations are sent, and whether that pays.
    pub compression: Mutex<Memory>,
    /// What of that is kept over a restart.
    pub replays: KeptNote,
    /// There is news for whoever sends batches.
    pub batch_news: Arc<Notify>,
    /// Jobs have ended: what of theirs waits for a batch is not to be sent.
    pub batch_withdraws: AtomicBool,
    /// A settlement could not be stored: no new call until one can.
    pub store_failed: AtomicBool,
    /// The host ends: nothing more goes out.
    pub closing: AtomicBool,
    under_way: AtomicU32,
}

async fn prices(config: &GatewayConfig, store: &dyn Store) -> Result<PriceTable, GatewayError> {
    let changes: Vec<_> = store.prices().await?.into_iter().map(|change| change.price).collect();
    Ok(config.prices.with_changes(&changes)?)
}

// Ends holds whose calls are gone, for as long as there is a gateway.
async fn end_what_was_left(door: Weak<GatewayDoor>, left: Inbox<mpsc::UnboundedReceiver<Settlement>>) -> End {
    let mut left = left.open().await;
    while let Some(settlement) = left.recv().await {
        let Some(door) = door.upgrade() else { return End::Asked };
        tokio::spawn(async move {
            let call = settlement.call;
            if let Err(error) = door.settle(settlement).await {
                tracing::error!(%call, %error, "a hold could not be ended; the next start counts it as spent");
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

impl GatewayDoor {
    /// Makes it, as an earlier life of the host left things.
    pub(crate) async fn open(
        mut config: GatewayConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, GatewayError> {
        let limits = store.limits().await?.limits;
        let recent = recent_calls(store.as_ref(), &config, &limits, clock.now()).await?;
        let pace = Pace::new(&limits, config.pace.burst, &recent, clock.clone());
        let kind = config.upstream.kind;
        let learner = Learner::start(store.clone(), clock.clone(), kind.name()).await;
        let key = format!("prompt_cache.{}", kind.name());
        let habits = KeptNote::new(store.clone(), clock.clone(), key, "what was learnt of prompt caches");
        let known = habits.recall().await.unwrap_or_default();
        let key = format!("compression.{}", kind.name());
        let replays = KeptNote::new(store.clone(), clock.clone(), key, "what was learnt of compression");
        let replayed = replays.recall().await.unwrap_or_default();
        let models = config.models.models().map(|(_, model)| model);
        let keeper = &config.supervisor;
        let breaker = Breaker::start(config.circuit, kind, &models, store.clone(), clock.clone(), keeper);
        let (left, to_end) = mpsc::unbounded_channel();
        let admission =
            Admission::start(store.clone(), pace, config.pace.longest_wait, clock.clone(), left, keeper);
        let prices = prices(&config, store.as_ref()).await?;
        let sender = Sender::new(&config.upstream, config.patience)?;
        let replies = Replies::new(&config.upstream);
        // From here on nobody needs what stands before the `@`.
        config.upstream.base_url = shown_address(&config.upstream.base_url);
        let door = Self {
            config,
            store,
            clock,
            admission,
            sender,
            learner,
            breaker,
            strikes: Mutex::default(),
            unpriced: Mutex::default(),
            prices: ArcSwap::from_pointee(prices),
            pressure: Pressure::default(),
            prompt_caches: Mutex::new(PromptCaches::with(known)),
            leads: Leads::default(),
            habits,
            refreshes: Refreshes::default(),
            replies,
            compression: Mutex::new(Memory::with(replayed)),
            replays,
            batch_news: Arc::default(),
            batch_withdraws: AtomicBool::new(false),
            store_failed: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            under_way: AtomicU32::new(0),
        };
        let door = Arc::new(door);
        let (ended_by, to_end) = (Arc::downgrade(&door), Inbox::new(to_end));
        let end = move || end_what_was_left(ended_by.clone(), to_end.clone());
        door.config.supervisor.keep("the releaser of holds", end);
        Ok(door)
    }

    /// Prices were set or reset at run time: calls that are planned from now on go by them.
    pub(crate) async fn read_prices(&self) -> Result<(), GatewayError> {
        let prices = prices(&self.config, self.store.as_ref()).await?;
        self.prices.store(Arc::new(prices));
        Ok(())
    }

    pub(crate) fn new_call_id(&self) -> CallId {
        CallId::new(self.clock.now(), rand::rng().random())
    }

    /// The prices in force.
    pub(crate) fn prices(&self) -> Arc<PriceTable> {
        self.prices.load_full()
    }

    /// How many calls are under way.
    pub(crate) fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.under_way)
    }

    /// Tells of an answer that has no price, before it is settled: told twice is better than not at all.
    pub(crate) async fn tell_without_price(&self, call: CallId, bill: &Bill) {
        let Some(what) = bill.without_price.as_deref() else { return };
        let what = self.unpriced.lock().unwrap_or_else(PoisonError::into_inner).told(what, call.made_at());
        let alert = bill.alert(call, self.config.upstream.kind, what);
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
        match self.store.engage_brake(account_cause(account, why, now)).await {
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
        self.batch_news.notify_one();
    }
}
