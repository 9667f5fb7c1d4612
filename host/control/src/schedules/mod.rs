//! Schedules: what people do with them. Their jobs are made by [`firing`].

mod cron;
mod firing;
#[cfg(test)]
mod fuzz;

pub(crate) use firing::run;

use crate::checker::Checker;
use crate::making::Making;
use crate::parts::ControlParts;
use crate::{Submission, SubmitError, Submitted};
use anvil_api::ScheduleView;
use anvil_sandbox::{CancellationToken, Catalog};
use anvil_store::{Enqueued, Store, StoreError};
use anvil_types::words::{BadValue, Resting};
use anvil_types::{
    AgentInfo, AgentState, Clock, Job, JobTemplate, MissedRuns, Nanodollars, Overlap, Schedule, ScheduleId,
    Timestamp, UpstreamKind, check_tags,
};
use cron::Times;
use rand::RngExt as _;
use std::sync::Arc;
use tokio::sync::Notify;

/// How many of the next times are told.
const NEXT_TIMES: usize = 5;
/// The longest name.
const LONGEST_NAME: usize = 64;

/// A schedule as a person wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleWish {
    /// When: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// The time zone; the one of the settings where absent.
    pub time_zone: Option<String>,
    /// What becomes of times that were missed.
    pub missed: MissedRuns,
    /// What becomes of times that come while an earlier job is unfinished.
    pub overlap: Overlap,
    /// What its jobs are made of.
    pub job: JobTemplate,
    /// Whether it makes jobs.
    pub enabled: bool,
}

/// Schedules.
#[derive(Clone)]
pub struct ScheduleControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    making: Making,
    shutdown: CancellationToken,
    /// Whether the clock is one that can be driven.
    driven: bool,
    /// A schedule was made or changed, or an agent switched on.
    pub(crate) changed: Arc<Notify>,
}

impl ScheduleControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            clock: parts.clock.clone(),
            upstream: parts.settings.upstream,
            making: Making::new(parts),
            shutdown: parts.runner.shutdown_token(),
            driven: parts.driven.is_some(),
            changed: Arc::default(),
        }
    }

    /// All schedules, by name.
    pub async fn all(&self) -> Result<Vec<ScheduleView>, StoreError> {
        let schedules = self.store.schedules().await?;
        Ok(schedules.into_iter().map(|schedule| self.view(schedule)).collect())
    }

    /// A schedule.
    pub async fn get(&self, name: &str) -> Result<Option<ScheduleView>, StoreError> {
        Ok(self.store.schedule(name).await?.map(|schedule| self.view(schedule)))
    }

    /// The newest jobs of a schedule.
    pub async fn jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.store.schedule_jobs(name, limit).await
    }

    /// The time zone of a schedule that names none.
    pub fn time_zone(&self) -> String {
        let zone = self.store.windows();
        zone.zone().iana_name().unwrap_or("UTC").to_owned()
    }

    fn view(&self, schedule: Schedule) -> ScheduleView {
        let mut next_times: Vec<Timestamp> = schedule.next_at.into_iter().collect();
        if let (Some(first), Ok(times)) = (schedule.next_at, Times::new(&schedule.cron, &schedule.time_zone))
        {
            let mut last = first.max(self.clock.now());
            while next_times.len() < NEXT_TIMES
                && let Some(next) = times.after(last)
            {
                next_times.push(next);
                last = next;
            }
        }
        let resting = if !schedule.enabled {
            Some(Resting::Paused)
        } else if schedule.upstream != self.upstream {
            Some(Resting::Upstream { own: schedule.upstream, asked: self.upstream })
        } else if self.is_switched_off(&schedule.job.agent) {
            Some(Resting::AgentOff { agent: &schedule.job.agent })
        } else {
            None
        };
        let resting = resting.map(|resting| resting.to_string());
        ScheduleView { schedule, next_times, resting }
    }

    fn is_switched_off(&self, agent: &str) -> bool {
        let is_it = |info: &AgentInfo| info.name == agent && info.state == AgentState::Disabled;
        self.catalog.agents().iter().any(is_it)
    }

    /// Makes a schedule, or changes the one of this name. Its next time is the first after now; one whose times
    /// are not changed keeps them, also those that wait for a place.
    pub async fn put(&self, name: &str, wish: ScheduleWish, by: &str) -> Result<ScheduleView, SubmitError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // In an address `.` and `..` are something else.
        if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.chars().all(fits) {
            return Err(BadValue::ScheduleName { most: LONGEST_NAME }.into());
        }
        check_tags(&wish.job.tags).map_err(SubmitError::Invalid)?;
        Checker::new(&self.catalog).check(submission(&wish.job)).await?;
        if wish.job.max_cost.is_some_and(|most| most <= Nanodollars::ZERO) {
            return Err(BadValue::NoCost.into());
        }
        let time_zone = wish.time_zone.unwrap_or_else(|| self.time_zone());
        let times = Times::new(&wish.cron, &time_zone).map_err(BadValue::from)?;
        let now = self.clock.now();
        let schedule = Schedule {
            id: ScheduleId::new(now, rand::rng().random()),
            name: name.to_owned(),
            cron: wish.cron,
            time_zone,
            missed: wish.missed,
            overlap: wish.overlap,
            job: wish.job,
            enabled: wish.enabled,
            next_at: if wish.enabled { times.after(now) } else { None },
            blocked: None,
            owed_to: None,
            upstream: self.upstream,
            created_at: now,
            last_job: None,
        };
        let schedule = self.store.put_schedule(schedule, by).await?;
        self.changed.notify_one();
        Ok(self.view(schedule))
    }

    /// Pauses a schedule or lets it go on; times that came while it was paused are left out. `None` where
    /// there is none of this name.
    pub async fn set_enabled(
        &self,
        name: &str,
        enabled: bool,
        by: &str,
    ) -> Result<Option<ScheduleView>, SubmitError> {
        let Some(mut schedule) = self.store.schedule(name).await? else { return Ok(None) };
        if schedule.enabled != enabled {
            let times = Times::new(&schedule.cron, &schedule.time_zone).map_err(BadValue::from)?;
            schedule.enabled = enabled;
            schedule.next_at = if enabled { times.after(self.clock.now()) } else { None };
            schedule = self.store.put_schedule(schedule, by).await?;
            self.changed.notify_one();
        }
        Ok(Some(self.view(schedule)))
    }

    /// Deletes a schedule; its jobs stay. Answers whether there was one.
    pub async fn delete(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        self.store.delete_schedule(name, by).await
    }

    /// Makes a job of a schedule now, beside its times.
    pub async fn run(&self, name: &str) -> Result<Option<Submitted>, SubmitError> {
        let Some(schedule) = self.store.schedule(name).await? else { return Ok(None) };
        let usual = self.making.usual_cost().await?;
        let job = self.making.scheduled(&schedule, usual, None);
        Ok(Some(match self.store.enqueue(job).await? {
            Enqueued::New(job) => Submitted { job, new: true },
            Enqueued::Existing(job) => Submitted { job, new: false },
        }))
    }
}

/// A template as it would be submitted.
fn submission(job: &JobTemplate) -> Submission {
    Submission {
        agent: job.agent.clone(),
        action: job.action.clone(),
        payload: job.payload.clone(),
        priority: job.priority,
        run_at: None,
        idempotency_key: None,
        max_cost: job.max_cost,
        tags: job.tags.clone(),
        after: Vec::new(),
        inputs: Vec::new(),
        files_of: None,
        economy: None,
    }
}
