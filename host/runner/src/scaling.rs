//! The running host's slots: what is measured for their scale, and what is shown of it.

use anvil_api::{ScalingStatus, SlotChange};
use anvil_gateway::PaceReport;
use anvil_pace::scale::{FedMinute, Load, Scaler, SlotDecision, Work};
use anvil_types::Timestamp;
use anvil_types::words::ScaleReason;
use std::time::Duration;

/// The scaler, and what it is told.
#[derive(Debug)]
pub(crate) struct Scaling {
    scaler: Scaler,
    reason: ScaleReason,
    changed: Option<SlotChange>,
    work: Work,
}

impl Scaling {
    pub(crate) fn new(slots: u32, cooldown: Duration, now: Timestamp) -> Self {
        Self {
            scaler: Scaler::new(slots, cooldown),
            reason: ScaleReason::Enough,
            changed: None,
            work: Work::new(now),
        }
    }

    /// Whether it is time to look who works.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.work.is_due(now)
    }

    /// Notes who works: jobs that run, but for those whose calls wait in the gateway.
    pub(crate) fn look(&mut self, running: u32, pace: &PaceReport, now: Timestamp) {
        let working = running.saturating_sub(pace.waiting_jobs);
        if let Some(worked_s) = self.work.look(working, now) {
            self.scaler.fed(FedMinute::new(worked_s, &pace.buckets));
        }
    }

    /// Whether something may follow from how many jobs wait.
    pub(crate) fn asks_for_queue(&self, load: Load, now: Timestamp) -> bool {
        self.scaler.asks_for_queue(load, now)
    }

    /// Decides; answers how many slots there were and are.
    pub(crate) fn decide(&mut self, load: Load, now: Timestamp) -> (u32, u32) {
        let from = self.scaler.slots();
        let SlotDecision { slots, reason } = self.scaler.decide(load, now);
        if slots != from {
            self.changed = Some(SlotChange { from, to: slots, at: now, reason: reason.to_string() });
        }
        self.reason = reason;
        (from, slots)
    }

    /// Why there are as many slots as there are.
    pub(crate) fn reason(&self) -> ScaleReason {
        self.reason.clone()
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
