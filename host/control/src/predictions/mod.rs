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
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Days of a prediction.
const DAYS: usize = 7;
/// How many predictions are kept at most, and how many days back what is over is worked out.
const MOST: u32 = 400;
/// How far a prediction that is kept may lie ahead: more is damage.
const AHEAD: Duration = Duration::from_hours(24);
/// So far a day may reach over another of the next time zone.
const MOST_OVER: Duration = Duration::from_hours(2 * 24);
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
    /// Jobs that were measured when a prediction was last to be made; none where none was to be in this life.
    measured: Arc<Mutex<Option<u64>>>,
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

    fn measured(&self) -> Option<u64> {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_measured(&self, jobs: u64) {
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = Some(jobs);
    }
}

/// Between which times predictions begin that are believed.
fn believed(now: Timestamp) -> WindowSpan {
    WindowSpan { start: now - Duration::from_hours(24) * MOST, end: now + AHEAD }
}

/// What there is of the days of a stretch, one after the other; none where one of them is not there. `of` says of what begins at a
/// time when it is, and what it is.
fn one_after_another<T>(
    span: WindowSpan,
    of: impl Fn(Timestamp) -> Option<(WindowSpan, T)>,
) -> Option<Vec<T>> {
    let (mut days, mut at) = (Vec::new(), span.start);
    while at < span.end {
        let (day, what) = of(at).filter(|(day, _)| day.end > at)?;
        at = day.end;
        days.push(what);
    }
    (at == span.end).then_some(days)
}

/// So many days from a time on, the one that it lies in first.
fn days_from(windows: &Windows, from: Timestamp, count: usize) -> Vec<WindowSpan> {
    let next = |day: &WindowSpan| Some(windows.day(day.end));
    std::iter::successors(Some(windows.day(from)), next).take(count).collect()
}
