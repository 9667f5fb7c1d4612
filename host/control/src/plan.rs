//! What would be: a month planned by this host's limits, prices and past.

use crate::parts::ControlParts;
use crate::settings::PlanSettings;
use anvil_api::{PlanAnswer, PlanQuestion};
use anvil_gateway::Gateway;
use anvil_plan::{MOST_MEASURED, PlanError, PlannedHost, measured};
use anvil_store::{LedgerFilter, Store, StoreError};
use anvil_types::{CallRecord, CallState, Clock, UpstreamKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Entries of the ledger that are read at once.
const PAGE: u32 = 500;
/// The longest that a plan may take of a processor of the host.
const LONGEST: Duration = Duration::from_mins(1);

/// Says that nobody waits for a plan any more when it goes.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
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
pub struct PlanControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    settings: PlanSettings,
    /// One at a time: it takes a processor for some seconds.
    planning: Arc<Mutex<()>>,
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
        }
    }

    /// The presets that may be planned with.
    pub fn presets(&self) -> impl Iterator<Item = &str> {
        self.settings.presets.iter().map(|preset| preset.name.as_str())
    }

    /// Plans what is asked. Its own limits are those in force, and its prices too.
    pub async fn answer(&self, mut question: PlanQuestion) -> Result<PlanAnswer, PlanRefused> {
        let only = Arc::clone(&self.planning).lock_owned().await;
        let limits = self.store.limits().await?.limits;
        let own = PlannedHost { limits, prices: self.gateway.prices(), ..self.settings.own.clone() };
        if question.measured {
            question.jobs = measured(&self.latest().await?, &own.windows);
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

    /// The latest calls that were answered.
    async fn latest(&self) -> Result<Vec<CallRecord>, StoreError> {
        let filter = LedgerFilter { state: Some(CallState::Settled), ..LedgerFilter::default() };
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
