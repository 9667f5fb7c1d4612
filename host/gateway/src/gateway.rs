//! The handle.

use crate::agent::ask::{Ask, CallEnd, CallHandle};
use crate::agent::call;
use crate::batch::batcher;
use crate::config::{GatewayConfig, Upstream};
use crate::door::GatewayDoor;
use crate::error::GatewayError;
use crate::pace::Pace;
use crate::proxy::pass::{ClientAsk, Passing, pass};
use crate::refresh::task;
use crate::stage::compress::memory;
use crate::stage::mark::caches;
use anvil_budget::{CircuitReport, PriceTable};
use anvil_pace::LineHead;
use anvil_store::Store;
use anvil_types::{BucketReport, Clock, CompressionReplay, JobId, Limits, Wait};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// How the gateway stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PaceReport {
    /// Requests in the last 60 seconds.
    pub requests_last_minute: u32,
    /// Calls that wait for pace or money.
    pub waiting: u32,
    /// Jobs that have such a call.
    pub waiting_jobs: u32,
    /// What the first of them waits for.
    pub head: Option<LineHead>,
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
    door: Arc<GatewayDoor>,
}

impl Gateway {
    /// Opens the door.
    pub async fn start(
        config: GatewayConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GatewayError> {
        let door = GatewayDoor::open(config, store, clock).await?;
        // What was sent is read to its end where no new one is sent any more.
        let (batcher, news, clock) = (Arc::downgrade(&door), door.batch_news.clone(), door.clock.clone());
        let send = move || batcher::run(batcher.clone(), news.clone(), clock.clone());
        door.config.supervisor.keep("the sender of batches", send);
        if door.config.prompt_cache_refresh {
            let (weak, news, clock) =
                (Arc::downgrade(&door), door.refreshes.news.clone(), door.clock.clone());
            let refresh = move || task::run(weak.clone(), news.clone(), clock.clone());
            door.config.supervisor.keep("the refresher of prompts", refresh);
        }
        Ok(Self { door })
    }

    /// Asks, in a task of its own.
    pub fn call(&self, ask: Ask) -> CallHandle {
        let (watcher, end) = oneshot::channel::<CallEnd>();
        // In a box: whoever spawns a task moves it from place to place, and this one is large.
        tokio::spawn(Box::pin(call::run(self.door.clone(), ask, watcher)));
        CallHandle { end }
    }

    /// Passes a client's request on as it is, and its answer back as it is, in a task of its own. Nothing routes to
    /// it yet.
    pub fn pass(&self, ask: ClientAsk) -> Passing {
        pass(self.door.clone(), ask)
    }

    /// Asks Claude for a word, for a person who wants to know whether it answers. What failed before is tried by it;
    /// the brake's causes of the account end where it is answered. Every other rule holds for it as for any call.
    pub fn probe(&self, by: &str) -> CallHandle {
        self.door.breaker.look_again();
        self.call(Ask::probe(by, self.door.clock.now()))
    }

    /// Lets nothing more out: what waits is told that the host ends, what is under way goes on.
    pub fn close(&self) {
        self.door.closing.store(true, Ordering::Relaxed);
        self.door.admission.close();
        self.door.batch_news.notify_one();
        self.door.refreshes.news.notify_one();
    }

    /// Stores what was learnt of estimates, prompt caches and compression, which is done once a minute until then. Nothing is under way
    /// any more.
    pub async fn keep_what_was_learnt(&self) {
        let habits = serde_json::to_string(&caches(&self.door).habits);
        self.door.habits.keep_for_good(habits).await;
        let replays = serde_json::to_string(&memory(&self.door).replays);
        self.door.replays.keep_for_good(replays).await;
        self.door.learner.keep_for_good().await;
    }

    /// The limits or the brake changed: waits are judged anew.
    pub fn limits_changed(&self, limits: &Limits) {
        self.door.admission.with_pace(|pace| pace.change(limits));
        self.door.pressure.forget();
        // The next call that is planned says how fast money may go out now.
        self.door.admission.with_throttle(|throttle| throttle.set(None));
        self.door.admission.room();
        self.door.batch_news.notify_one();
    }

    /// A person wants waiting to end now: what the upstream told of its limits and its 429s is not believed
    /// any longer, what failed is tried by the next call, and whoever waits looks again.
    pub fn look_again(&self) {
        self.door.breaker.look_again();
        self.door.admission.with_pace(Pace::look_again);
        self.door.admission.room();
        self.door.batch_news.notify_one();
    }

    /// Jobs were ended by a person: what they hold of calls that were not sent yet is free again.
    pub fn jobs_stopped(&self) {
        self.door.batch_withdraws.store(true, Ordering::Relaxed);
        self.door.batch_news.notify_one();
    }

    /// Whoever runs agents says which of them can run now, by their names: until the next one says so. Nothing is refreshed in a
    /// model's cache for those that cannot.
    pub fn goes_by(&self, can_run: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.door.refreshes.who_runs.set(Arc::new(can_run));
    }

    /// Prices were set or reset at run time: calls that are planned from now on go by them.
    pub async fn prices_changed(&self) -> Result<(), GatewayError> {
        self.door.read_prices().await
    }

    /// How it stands.
    pub fn report(&self) -> PaceReport {
        let (requests_last_minute, buckets) =
            self.door.admission.with_pace(|pace| (pace.requests_last_minute(), pace.report()));
        let (input_error_percent, output_error_percent) = self.door.learner.errors();
        PaceReport {
            requests_last_minute,
            waiting: self.door.admission.waiting(),
            waiting_jobs: self.door.admission.waiting_jobs(),
            head: self.door.admission.head(),
            in_flight: self.door.under_way(),
            buckets,
            circuit: self.door.breaker.report(),
            input_error_percent,
            output_error_percent,
        }
    }

    /// The prices in force.
    pub fn prices(&self) -> Arc<PriceTable> {
        self.door.prices()
    }

    /// The agents whose tools and system are in a model's cache now.
    pub fn warm_agents(&self) -> HashSet<String> {
        caches(&self.door).warm_agents(self.door.clock.now())
    }

    /// What compression saved each agent's latest calls, replayed.
    pub fn compression(&self) -> Vec<CompressionReplay> {
        memory(&self.door).replays.all()
    }

    /// What a job's call waits for before it goes out, if one does.
    pub fn wait_of(&self, job: JobId) -> Option<Wait> {
        self.door.admission.wait_of(job)
    }

    /// Whether a settlement could not be stored: no new call goes out until one can.
    pub fn store_failing(&self) -> bool {
        self.door.store_failed.load(Ordering::Relaxed)
    }

    /// Whom it asks.
    pub fn upstream(&self) -> &Upstream {
        &self.door.config.upstream
    }
}
