//! How the host stands.

use crate::agents::plugins;
use crate::brake::BrakeControl;
use crate::parts::ControlParts;
use crate::waits::Waits;
use anvil_api::{
    AgentsStatus, AlertsStatus, BrakeStatus, PaceStatus, QuestionsStatus, QueueStatus, SpendStatus, Status,
    UpstreamStatus, WeekStatus, WindowStatus,
};
use anvil_budget::{Ahead, PressureSteps, forecast, pressure_effect};
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_sandbox::Catalog;
use anvil_store::{SpendSnapshot, Store, StoreError, WindowStanding};
use anvil_types::words::WhyIdle;
use anvil_types::{Clock, Nanodollars, Timestamp, UpstreamKind};
use std::sync::Arc;

/// The key of the note that is written to see whether there is room on the disk again.
const DISK_TRIED: &str = "disk-tried";

/// How the host stands.
pub struct StatusControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    runner: Runner,
    upstream: UpstreamKind,
    pressure: PressureSteps,
    brake: BrakeControl,
    waits: Waits,
}

impl StatusControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            catalog: parts.catalog.clone(),
            clock: parts.clock.clone(),
            runner: parts.runner.clone(),
            upstream: parts.settings.upstream,
            pressure: parts.settings.pressure,
            brake: BrakeControl::new(parts),
            waits: Waits::new(parts),
        }
    }

    /// How the host stands.
    pub async fn get(&self) -> Result<Status, StoreError> {
        let store = &self.store;
        let (limits, counts, brake) =
            (store.limits().await?.limits, store.queue_counts().await?, self.brake.state().await?);
        let pause = store.queue_pause().await?;
        let spend = store.spend(self.upstream).await?;
        let minutes = store.spent_minutes(self.upstream).await?;
        let now = self.clock.now();
        let pressure =
            spend.windows.iter().map(|w| w.amounts.spent().fraction_of(w.limit)).fold(0.0, f64::max);
        let pace = self.gateway.report();
        let upstream = self.gateway.upstream();
        let (pool, scaling) = (self.runner.pool(), self.runner.scaling());
        let why_idle = match self.disk_trouble().await {
            Some(trouble) => Some(WhyIdle::Disk { trouble: &trouble }.to_string()),
            None => self.waits.why_idle(&brake, pause.as_ref(), pace.in_flight, &counts).await?,
        };
        Ok(Status {
            now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            upstream: UpstreamStatus { kind: upstream.kind, base_url: upstream.base_url.clone() },
            agents: AgentsStatus {
                running: pool.running,
                slots: pool.slots,
                min: limits.agents_min,
                max: limits.agents_max,
                scaling,
            },
            plugins: plugins(&self.catalog),
            queue: QueueStatus {
                queued: counts.queued,
                scheduled: counts.scheduled,
                parked: counts.parked,
                running: counts.running,
                oldest_wait_s: counts.oldest_queued.map_or(0, |since| now.since(since).as_secs()),
                limit: limits.queue_max,
                succeeded: counts.succeeded,
                failed: counts.failed,
                cancelled: counts.cancelled,
                paused: pause,
            },
            effect: pressure_effect(pressure, self.pressure, brake.engaged()),
            pressure,
            spend: spend_status(&spend, &minutes, now),
            pace: PaceStatus {
                requests_last_minute: pace.requests_last_minute,
                requests_per_minute: limits.requests_per_minute,
                waiting_calls: pace.waiting,
                calls_in_flight: pace.in_flight,
                input_tokens_per_minute: limits.input_tokens_per_minute,
                output_tokens_per_minute: limits.output_tokens_per_minute,
                buckets: pace.buckets,
                circuit: pace.circuit,
                input_error_percent: pace.input_error_percent,
                output_error_percent: pace.output_error_percent,
            },
            why_idle,
            brake: BrakeStatus { engaged: brake.engaged(), causes: brake.causes },
            alerts: AlertsStatus { firing: store.firing_alerts().await? },
            questions: QuestionsStatus { open: store.open_questions().await? },
        })
    }

    /// Why nothing can be written, where the disk is full or fails: what failed last is tried anew, with little.
    pub async fn disk_trouble(&self) -> Option<String> {
        let store = &self.store;
        store.disk_trouble()?;
        if let Err(error) = store.remember(DISK_TRIED, &self.clock.now().to_string()).await {
            tracing::debug!(%error, "nothing can be written yet");
        }
        store.disk_trouble()
    }
}

fn spend_status(spend: &SpendSnapshot, minutes: &[(Timestamp, Nanodollars)], now: Timestamp) -> SpendStatus {
    let window = |standing: &WindowStanding| WindowStatus {
        spent_usd: standing.amounts.spent(),
        held_usd: standing.amounts.held,
        unknown_usd: standing.amounts.unknown,
        limit_usd: standing.limit,
        resets_at: standing.resets_at,
        forecast: forecast(
            &Ahead {
                kind: standing.kind,
                spent: standing.amounts.spent(),
                limit: standing.limit,
                resets_at: standing.resets_at,
                minutes,
            },
            now,
        ),
    };
    let [hour, day, month] = &spend.windows;
    let week = WeekStatus {
        hours: spend.week.used.as_secs_f64() / 3_600.0,
        limit_hours: spend.week.limit_hours,
        resets_at: spend.week.resets_at,
    };
    SpendStatus {
        week,
        hour: window(hour),
        day: window(day),
        month: window(month),
        total: spend.total.spent(),
        bounds_broken: spend.bounds_broken,
    }
}
