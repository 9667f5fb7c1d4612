//! The running host's slots: what is measured for their scale, and what is shown of it.

use crate::scale::{Decision, Load, Minute, Scaler, Used};
use anvil_api::{ScalingStatus, SlotChange};
use anvil_gateway::PaceReport;
use anvil_types::words::{PaceLimit, ScaleReason};
use anvil_types::{Bucket, BucketReport, Timestamp};
use std::time::Duration;

/// How often it is looked at who works.
const TICK: Duration = Duration::from_secs(1);
/// A longer stretch between two looks is no work: the clock jumped, or the host stood still.
const LONGEST_TICK: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_mins(1);

/// The scaler, and what it is told.
#[derive(Debug)]
pub(crate) struct Scaling {
    scaler: Scaler,
    reason: ScaleReason,
    changed: Option<SlotChange>,
    looked: Timestamp,
    minute_began: Timestamp,
    worked: Duration,
}

impl Scaling {
    pub(crate) fn new(slots: u32, cooldown: Duration, now: Timestamp) -> Self {
        Self {
            scaler: Scaler::new(slots, cooldown),
            reason: ScaleReason::Enough,
            changed: None,
            looked: now,
            minute_began: now,
            worked: Duration::ZERO,
        }
    }

    /// Whether it is time to look who works.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        now.since(self.looked) >= TICK
    }

    /// Notes who works: jobs that run, but for those whose calls wait in the gateway.
    pub(crate) fn look(&mut self, running: u32, pace: &PaceReport, now: Timestamp) {
        let since = now.since(self.looked);
        self.looked = now;
        if since <= LONGEST_TICK {
            self.worked += since * running.saturating_sub(pace.waiting_jobs);
        }
        if now.since(self.minute_began) >= MINUTE {
            let worked_s = std::mem::take(&mut self.worked).as_secs_f64();
            self.minute_began = now;
            self.scaler.fed(Minute { worked_s, used: pace.buckets.iter().filter_map(used).collect() });
        }
    }

    /// Whether something may follow from how many jobs wait.
    pub(crate) fn asks_for_queue(&self, load: Load, now: Timestamp) -> bool {
        self.scaler.asks_for_queue(load, now)
    }

    /// Decides; answers how many slots there were and are.
    pub(crate) fn decide(&mut self, load: Load, now: Timestamp) -> (u32, u32) {
        let from = self.scaler.slots();
        let Decision { slots, reason } = self.scaler.decide(load, now);
        if slots != from {
            self.changed = Some(SlotChange { from, to: slots, at: now, reason: reason.to_string() });
        }
        self.reason = reason;
        (from, slots)
    }

    /// What is shown of it.
    pub(crate) fn status(&self) -> ScalingStatus {
        let ceiling = self.scaler.ceiling();
        ScalingStatus {
            reason: self.reason.to_string(),
            ceiling: ceiling.map(|(agents, _)| agents),
            ceiling_limit: ceiling.map(|(_, limit)| limit.to_string()),
            changed: self.changed.clone(),
        }
    }
}

fn used(report: &BucketReport) -> Option<Used> {
    // Requests are limited over all models together; tokens in each pool of models.
    if report.bucket == Bucket::Requests && report.pool.is_some() {
        return None;
    }
    let limit = PaceLimit { bucket: report.bucket, pool: report.pool.clone() };
    Some(Used { limit, taken: report.taken, most: report.limit })
}
