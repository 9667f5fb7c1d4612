//! What a running host sees of a day while it goes by: that it is up, what jobs wait for, what limits are in force.

use super::PredictionControl;
use crate::plan::PlanControl;
use anvil_budget::Windows;
use anvil_plan::HostMoment;
use anvil_store::StoreError;
use anvil_types::{DaySeen, Timestamp, UpstreamKind, WaitReason};
use std::time::Duration;

/// A machine whose clock jumps by more has slept. With the simulator anybody may drive the clock.
const LONGEST_LOOK: Duration = Duration::from_mins(5);
/// Why jobs leave their slots for a limit.
const LIMITS: [WaitReason; 4] = [WaitReason::Money, WaitReason::Holds, WaitReason::Brake, WaitReason::Pace];

/// What was seen and is not kept yet.
pub(super) struct Watch {
    /// Since when.
    from: Timestamp,
    /// When it was looked last.
    looked: Timestamp,
    seen: DaySeen,
}

impl Watch {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { from: now, looked: now, seen: DaySeen::default() }
    }

    /// Whether it is time to keep what was seen.
    pub(super) fn is_due(&self) -> bool {
        Windows::bucket(self.from) != Windows::bucket(self.looked)
    }
}

impl PredictionControl {
    /// Looks how the host stands.
    pub(super) async fn look(&self, watch: &mut Watch) -> Result<(), StoreError> {
        let now = self.clock.now();
        let length = now.since(watch.looked);
        if self.upstream == UpstreamKind::Live && length > LONGEST_LOOK {
            self.keep(watch).await?;
            *watch = Watch::new(now);
            return Ok(());
        }
        watch.looked = now;
        if let Some(moment) = self.moment().await? {
            for (limit, length) in moment.waits(length) {
                watch.seen.waited(&limit, length);
            }
        }
        Ok(())
    }

    /// How it stands, where anybody waits.
    async fn moment(&self) -> Result<Option<HostMoment>, StoreError> {
        let (counts, pace) = (self.store.queue_counts().await?, self.gateway.report());
        if counts.queued == 0 && counts.parked == 0 && pace.waiting_jobs == 0 {
            return Ok(None);
        }
        let (pool, paused) = (self.runner.pool(), self.store.queue_pause().await?.is_some());
        // Where a slot is free, who is queued waits for its agent, for a person, or for nothing: for no limit. The last one is
        // kept for what is critical.
        let for_slot = !paused && pool.running + 1 >= pool.slots;
        let spend = self.store.spend(self.upstream).await?;
        let share = |window: &anvil_store::WindowStanding| {
            (window.kind, window.amounts.committed().fraction_of(window.limit))
        };
        let hours = f64::from(spend.week.limit_hours.max(1));
        Ok(Some(HostMoment {
            running: pool.running,
            waiting: pace.waiting_jobs,
            queued: if for_slot { u32::try_from(counts.queued).unwrap_or(u32::MAX) } else { 0 },
            head: pace.head,
            buckets: pace.buckets,
            scaling: self.runner.scale_reason(),
            parked: if counts.parked > 0 {
                self.store.parked_for(LIMITS.to_vec()).await?
            } else {
                Vec::new()
            },
            windows: spend.windows.iter().map(share).collect(),
            week: spend.week.used.as_secs_f64() / 3_600.0 / hours,
        }))
    }

    /// Keeps what was seen, by the day.
    pub(super) async fn keep(&self, watch: &mut Watch) -> Result<(), StoreError> {
        let (windows, own) = (self.store.windows(), self.plan.own().await?);
        let settings = PlanControl::settings_digest(&own);
        while watch.from < watch.looked {
            let to = windows.day(watch.from).end.min(watch.looked);
            let mut seen = DaySeen {
                limits: vec![own.limits.clone()],
                settings: vec![settings.clone()],
                ..DaySeen::default()
            };
            // What was waited for since the last time is of the day in which it was seen.
            if to == watch.looked {
                seen.add(&watch.seen);
            }
            self.store.see_day(watch.from, to, seen).await?;
            watch.from = to;
        }
        watch.seen = DaySeen::default();
        Ok(())
    }
}
