//! What would be: a month planned by this host's limits, prices and past.

use crate::parts::ControlParts;
use crate::settings::PlanSettings;
use anvil_api::{PlanAnswer, PlanQuestion};
use anvil_gateway::Gateway;
use anvil_plan::{MOST_MEASURED, PlanError, PlannedHost, Wanted, measured};
use anvil_sandbox::lower_priority;
use anvil_store::{LedgerFilter, Store, StoreError};
use anvil_types::{CallRecord, CallState, Clock, Timestamp, UpstreamKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, oneshot};

/// Entries of the ledger that are read at once.
const PAGE: u32 = 500;
/// The longest that a plan may take of a processor of the host.
const LONGEST: Duration = Duration::from_mins(1);
/// The priority of a plan that nobody waits for: the lowest there is.
const IDLE: i32 = 19;

/// Says that nobody waits for a plan any more when it goes.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A person who waits for a plan: what the host plans by itself gives way.
struct Person(Arc<AtomicU32>);

impl Person {
    fn comes(people: &Arc<AtomicU32>) -> Self {
        people.fetch_add(1, Ordering::Relaxed);
        Self(people.clone())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why nothing is planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanRefused {
    /// What is asked makes no sense, or is too much.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It is to be planned with what was measured, and nothing was.
    #[error("unmeasured")]
    Unmeasured,
    /// It took longer than a plan may take of the host.
    #[error("overlong")]
    TooLong(Duration),
    /// Its task fell.
    #[error("fallen")]
    Fallen,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlanRefused {
    /// Which member of the question is wrong, as a JSON pointer.
    pub fn pointer(error: &PlanError) -> Option<String> {
        match error {
            PlanError::Bad { member, .. } => {
                Some(format!("/{}", member.replace(['.', '['], "/").replace(']', "")))
            }
            PlanError::Price(_) => Some("/from".to_owned()),
            PlanError::TooMuch { .. } | PlanError::Unwanted => None,
        }
    }
}

/// Plans.
#[derive(Clone)]
pub struct PlanControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    settings: PlanSettings,
    /// One at a time: it takes a processor for some seconds.
    planning: Arc<Mutex<()>>,
    /// How many people wait for one.
    people: Arc<AtomicU32>,
}

impl PlanControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            clock: parts.clock.clone(),
            upstream: parts.settings.upstream,
            settings: parts.settings.plan.clone(),
            planning: Arc::default(),
            people: Arc::default(),
        }
    }

    /// The presets that may be planned with.
    pub fn presets(&self) -> impl Iterator<Item = &str> {
        self.settings.presets.iter().map(|preset| preset.name.as_str())
    }

    /// Plans what is asked. Its own limits are those in force, and its prices too.
    pub async fn answer(&self, mut question: PlanQuestion) -> Result<PlanAnswer, PlanRefused> {
        let person = Person::comes(&self.people);
        let only = Arc::clone(&self.planning).lock_owned().await;
        drop(person);
        let own = self.own().await?;
        if question.measured {
            question.jobs = measured(&self.latest(None).await?, &own.windows);
            if question.jobs.is_empty() {
                return Err(PlanRefused::Unmeasured);
            }
        }
        let (presets, now) = (self.settings.presets.clone(), self.clock.now());
        let waiting = Waiting(Arc::new(AtomicBool::new(true)));
        let (asked, begun) = (waiting.0.clone(), Instant::now());
        let work = move || {
            let wanted = || asked.load(Ordering::Relaxed) && begun.elapsed() < LONGEST;
            // The next one begins when this has ended, also where nobody waits for it any more.
            let planned = anvil_plan::answer(&question, &own, &presets, now, &wanted);
            drop(only);
            planned
        };
        match tokio::task::spawn_blocking(work).await.map_err(|_| PlanRefused::Fallen)? {
            Err(PlanError::Unwanted) => Err(PlanRefused::TooLong(LONGEST)),
            planned => Ok(planned?),
        }
    }

    /// Works in a thread of the lowest priority, under the same bound. Where a person wants a plan meanwhile, it gives way: the
    /// error is that of a plan that nobody wants.
    pub(crate) async fn idle<T: Send + 'static>(
        &self,
        work: impl FnOnce(Wanted<'_>) -> Result<T, PlanError> + Send + 'static,
    ) -> Result<T, PlanRefused> {
        let only = Arc::clone(&self.planning).lock_owned().await;
        let (people, begun) = (self.people.clone(), Instant::now());
        let waiting = Waiting(Arc::new(AtomicBool::new(true)));
        let asked = waiting.0.clone();
        let (tell, told) = oneshot::channel();
        let run = move || {
            lower_priority(IDLE);
            let wanted = || {
                let is_alone = people.load(Ordering::Relaxed) == 0;
                is_alone && asked.load(Ordering::Relaxed) && begun.elapsed() < LONGEST
            };
            let planned = work(&wanted);
            drop(only);
            // Nobody listens where the host ends.
            let _ = tell.send(planned);
        };
        let thread = std::thread::Builder::new().name("predictions".to_owned()).spawn(run);
        thread.map_err(|_| PlanRefused::Fallen)?;
        match told.await.map_err(|_| PlanRefused::Fallen)? {
            Err(PlanError::Unwanted) if begun.elapsed() >= LONGEST => Err(PlanRefused::TooLong(LONGEST)),
            planned => Ok(planned?),
        }
    }

    /// This host, with the limits and prices in force.
    pub(crate) async fn own(&self) -> Result<PlannedHost, StoreError> {
        let limits = self.store.limits().await?.limits;
        Ok(PlannedHost { limits, prices: self.gateway.prices(), ..self.settings.own.clone() })
    }

    /// A digest of all that a plan goes by but limits and work: settings, prices, and the version of the planner.
    pub(crate) fn settings_digest(host: &PlannedHost) -> String {
        let PlannedHost { hard_slots, cooldown, burst, longest_wait, pressure, models, prompt_cache, .. } =
            host;
        let settings = (hard_slots, cooldown, burst, longest_wait, pressure, models, prompt_cache);
        let zone = host.windows.zone().iana_name();
        digest(&format!("{settings:?} {zone:?} {:?} {}", host.prices.rows(), env!("CARGO_PKG_VERSION")))
    }

    /// The latest calls that were answered, of those that were held before a time.
    pub(crate) async fn latest(&self, before: Option<Timestamp>) -> Result<Vec<CallRecord>, StoreError> {
        let state = Some(CallState::Settled);
        let filter = LedgerFilter { state, to: before, ..LedgerFilter::default() };
        let (mut calls, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.ledger_page(self.upstream, filter.clone(), after, PAGE).await?;
            calls.extend(page.items);
            after = page.next;
            if after.is_none() || calls.len() >= MOST_MEASURED {
                return Ok(calls);
            }
        }
    }
}

/// What tells one text from another.
pub(crate) fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
