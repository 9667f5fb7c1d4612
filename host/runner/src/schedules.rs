//! Schedules: the loop that makes their jobs, and what people do with them.

use crate::cron::{LATE, Times};
use crate::intake::{SCHEDULE_KEY, template_job};
use crate::shared::Shared;
use crate::{Runner, Submission, SubmitError, Submitted};
use anvil_api::ScheduleView;
use anvil_store::{Enqueued, Firing, StoreError};
use anvil_types::{
    AgentInfo, AgentState, End, Job, JobTemplate, MissedRuns, Nanodollars, Overlap, Schedule, ScheduleId,
    Timestamp,
};
use rand::RngExt as _;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Schedules are looked at at least this often.
const LOOK: Duration = Duration::from_mins(1);
/// A full queue is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);
/// How far a clock may be driven at once for the times in between to count as come while the host was there.
const DRIVEN: Duration = Duration::from_hours(1);
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

impl Runner {
    /// All schedules, by name.
    pub async fn schedules(&self) -> Result<Vec<ScheduleView>, StoreError> {
        let schedules = self.shared.store.schedules().await?;
        Ok(schedules.into_iter().map(|schedule| self.view(schedule)).collect())
    }

    /// A schedule.
    pub async fn schedule(&self, name: &str) -> Result<Option<ScheduleView>, StoreError> {
        Ok(self.shared.store.schedule(name).await?.map(|schedule| self.view(schedule)))
    }

    /// The newest jobs of a schedule.
    pub async fn schedule_jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.shared.store.schedule_jobs(name, limit).await
    }

    /// The time zone of a schedule that names none.
    pub fn time_zone(&self) -> String {
        let zone = self.shared.store.windows();
        zone.zone().iana_name().unwrap_or("UTC").to_owned()
    }

    fn view(&self, schedule: Schedule) -> ScheduleView {
        let mut next_times: Vec<Timestamp> = schedule.next_at.into_iter().collect();
        if let (Some(first), Ok(times)) = (schedule.next_at, Times::new(&schedule.cron, &schedule.time_zone))
        {
            let mut last = first.max(self.shared.clock.now());
            while next_times.len() < NEXT_TIMES
                && let Some(next) = times.after(last)
            {
                next_times.push(next);
                last = next;
            }
        }
        let resting = if !schedule.enabled {
            Some("it is paused".to_owned())
        } else if schedule.upstream != self.shared.settings.upstream {
            Some(format!(
                "it was made for the {} Claude, and the host asks the {} one; save it again to move it",
                schedule.upstream, self.shared.settings.upstream
            ))
        } else if self.is_switched_off(&schedule.job.agent) {
            Some(format!("its agent `{}` is switched off", schedule.job.agent))
        } else {
            None
        };
        ScheduleView { schedule, next_times, resting }
    }

    fn is_switched_off(&self, agent: &str) -> bool {
        let is_it = |info: &AgentInfo| info.name == agent && info.state == AgentState::Disabled;
        self.shared.catalog.agents().iter().any(is_it)
    }

    /// Makes a schedule, or changes the one of this name. Its next time is the first after now; one whose times
    /// are not changed keeps them, also those that wait for a place.
    pub async fn put_schedule(
        &self,
        name: &str,
        wish: ScheduleWish,
        by: &str,
    ) -> Result<ScheduleView, SubmitError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // In an address `.` and `..` are something else.
        if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.chars().all(fits) {
            return Err(SubmitError::Invalid(format!(
                "a schedule's name has 1 to {LONGEST_NAME} letters, digits, `-`, `_` and `.`, and begins with no `.`"
            )));
        }
        self.check(submission(&wish.job)).await?;
        if wish.job.max_cost.is_some_and(|most| most <= Nanodollars::ZERO) {
            return Err(SubmitError::Invalid("max_cost_usd must be above 0".to_owned()));
        }
        let time_zone = wish.time_zone.unwrap_or_else(|| self.time_zone());
        let times = Times::new(&wish.cron, &time_zone).map_err(SubmitError::Invalid)?;
        let now = self.shared.clock.now();
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
            upstream: self.shared.settings.upstream,
            created_at: now,
            last_job: None,
        };
        let schedule = self.shared.store.put_schedule(schedule, by).await?;
        self.shared.schedules.notify_one();
        Ok(self.view(schedule))
    }

    /// Pauses a schedule or lets it go on; times that came while it was paused are left out. `None` where
    /// there is none of this name.
    pub async fn set_schedule_enabled(
        &self,
        name: &str,
        enabled: bool,
        by: &str,
    ) -> Result<Option<ScheduleView>, SubmitError> {
        let Some(mut schedule) = self.shared.store.schedule(name).await? else { return Ok(None) };
        if schedule.enabled != enabled {
            let times = Times::new(&schedule.cron, &schedule.time_zone).map_err(SubmitError::Invalid)?;
            schedule.enabled = enabled;
            schedule.next_at = if enabled { times.after(self.shared.clock.now()) } else { None };
            schedule = self.shared.store.put_schedule(schedule, by).await?;
            self.shared.schedules.notify_one();
        }
        Ok(Some(self.view(schedule)))
    }

    /// Deletes a schedule; its jobs stay. Answers whether there was one.
    pub async fn delete_schedule(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        self.shared.store.delete_schedule(name, by).await
    }

    /// Makes a job of a schedule now, beside its times.
    pub async fn run_schedule(&self, name: &str) -> Result<Option<Submitted>, SubmitError> {
        let Some(schedule) = self.shared.store.schedule(name).await? else { return Ok(None) };
        let usual = self.shared.store.limits().await?.limits.job_usd;
        let job = template_job(&self.shared, &schedule, usual, None);
        Ok(Some(match self.shared.store.enqueue(job).await? {
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
    }
}

/// Makes the jobs of schedules when their times come, until the host shuts down.
pub(crate) async fn run(shared: Arc<Shared>) -> End {
    let mut looked: Option<Timestamp> = None;
    let mut rested = HashSet::new();
    while !shared.shutting_down() {
        let now = shared.clock.now();
        // A clock leaps where the host was not there (it slept); one that is driven leaps a little while it is.
        let leap = if shared.driven.is_some() { DRIVEN } else { LATE };
        let was_there = looked.is_some_and(|last| now.since(last) <= leap);
        let stuck = match look(&shared, now, was_there, &mut rested).await {
            Ok(stuck) => {
                looked = Some(now);
                stuck
            }
            Err(error) => {
                tracing::error!(%error, "schedules could not be looked at");
                true
            }
        };
        let now = shared.clock.now();
        let due = shared.store.next_schedule(shared.settings.upstream).await.ok().flatten();
        let next = if stuck { now + AGAIN } else { due.map_or(now + LOOK, |due| due.min(now + LOOK)) };
        let pause = async {
            shared.clock.sleep_until(next).await;
            if stuck {
                // However fast a driven clock runs, a queue that is full is not asked all the time.
                tokio::time::sleep(AGAIN / 10).await;
            }
        };
        tokio::select! {
            () = pause => {}
            () = shared.schedules.notified() => {}
            () = shared.shutdown.cancelled() => return End::Asked,
        }
    }
    End::Asked
}

// Fires what is due; whether something of it is left to be fired. `was_there`: the host was, since the last look.
// `rested`: those that were due at the last look while their agent was switched off.
async fn look(
    shared: &Shared,
    now: Timestamp,
    was_there: bool,
    rested: &mut HashSet<ScheduleId>,
) -> Result<bool, StoreError> {
    let mut due = shared.store.due_schedules(shared.settings.upstream).await?;
    if due.is_empty() {
        return Ok(false);
    }
    // Nobody who switched an agent off wants the queue filled with its jobs meanwhile: its times are missed.
    let off = shared.store.disabled_agents().await?;
    let rests = |schedule: &Schedule| off.contains(&schedule.job.agent);
    let rested_before =
        std::mem::replace(rested, due.iter().filter(|due| rests(due)).map(|due| due.id).collect());
    due.retain(|schedule| !rests(schedule));
    let usual = shared.store.limits().await?.limits.job_usd;
    let mut stuck = false;
    for schedule in due {
        let Some(first) = schedule.next_at else { continue };
        let times = match Times::new(&schedule.cron, &schedule.time_zone) {
            Ok(times) => times,
            Err(error) => {
                tracing::error!(schedule = %schedule.name, %error, "a schedule's times cannot be worked out");
                stuck = true;
                continue;
            }
        };
        let was_there = was_there && !rested_before.contains(&schedule.id);
        let owed_to = if was_there { Some(now) } else { schedule.owed_to };
        let plan = times.due(schedule.missed, first, owed_to, now);
        let jobs = plan.runs.iter().map(|time| (*time, template_job(shared, &schedule, usual, Some(*time))));
        let firing = Firing {
            name: schedule.name.clone(),
            id: schedule.id,
            due: first,
            jobs: jobs.collect(),
            next_at: plan.next,
            newest: times.newest_by(now),
            looked_at: now,
        };
        match shared.store.fire_schedule(firing).await {
            Ok(fired) => stuck |= fired.blocked.is_some() || plan.next.is_some_and(|next| next <= now),
            // One that fails keeps its time, and no other from its own.
            Err(error) => {
                tracing::error!(schedule = %schedule.name, %error, "a schedule could not be fired");
                stuck = true;
            }
        }
    }
    Ok(stuck)
}

/// The idempotency key of a time of a schedule.
pub(crate) fn key(schedule: &Schedule, time: Timestamp) -> String {
    format!("{SCHEDULE_KEY}{}:{time}", schedule.id)
}
