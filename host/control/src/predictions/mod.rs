//! What the host predicts of its own days: made by itself each day, kept, and compared with what then happened.

mod comparison;
mod keeper;
mod watch;

pub(crate) use keeper::run;

use crate::parts::ControlParts;
use crate::plan::PlanControl;
use anvil_budget::{WindowSpan, Windows};
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::{CancellationToken, Catalog};
use anvil_store::Store;
use anvil_types::{Clock, Timestamp, UpstreamKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Days of a prediction.
const DAYS: usize = 7;
/// Jobs that have to be measured before anything is predicted of the next.
const ENOUGH: u64 = 20;

/// Predictions.
#[derive(Clone)]
pub struct PredictionControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    runner: Runner,
    upstream: UpstreamKind,
    plan: PlanControl,
    shutdown: CancellationToken,
    /// Jobs that were measured when a prediction was last to be made.
    measured: Arc<AtomicU64>,
}

impl PredictionControl {
    pub(crate) fn new(parts: &ControlParts, plan: &PlanControl) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            catalog: parts.catalog.clone(),
            clock: parts.clock.clone(),
            runner: parts.runner.clone(),
            upstream: parts.settings.upstream,
            plan: plan.clone(),
            shutdown: parts.runner.shutdown_token(),
            measured: Arc::default(),
        }
    }

    fn measured(&self) -> u64 {
        self.measured.load(Ordering::Relaxed)
    }
}

/// So many days from a time on, the one that it lies in first.
fn days_from(windows: &Windows, from: Timestamp, count: usize) -> Vec<WindowSpan> {
    let next = |day: &WindowSpan| Some(windows.day(day.end));
    std::iter::successors(Some(windows.day(from)), next).take(count).collect()
}
