//! The facade: what the faces may ask.

use crate::explain::{self, Scene};
use crate::live_text::LiveText;
use crate::scaling::Scaling;
use crate::settings::RunnerSettings;
use crate::shared::{Runner, Shared};
use crate::{
    SubmitError, attempt, dispatch, fallen, foreign, keeping, many, plugin_alerts, schedules, suspects,
};
use anvil_api::{
    AgentsStatus, AlertsStatus, BrakeStatus, LimitsView, PaceStatus, PluginsStatus, QueueStatus, SpendStatus,
    Status, UpstreamStatus, WeekStatus, WindowStatus,
};
use anvil_budget::{Ahead, BrakeCause, BrakeCauseKind, forecast, pressure_effect};
use anvil_gateway::Gateway;
use anvil_sandbox::{CancellationToken, Catalog, Roster, Sandbox};
use anvil_store::{
    BrakeState, JobFilter, JobPage, LimitSource, LimitsInForce, QueueCounts, QueuePause, SpendSnapshot,
    Store, StoreError, Suspects, WindowStanding,
};
use anvil_types::{
    AgentInfo, AgentState, ArtifactInfo, ArtifactName, Attempt, CallRecord, Clock, DrivenClock, End, Event,
    EventKind, Job, JobId, JobState, LimitsPatch, LogLine, Nanodollars, Relatives, Supervisor, Timestamp,
    WaitReason,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast};

/// What jobs wait for that a start looks at anew.
const JUDGED_ANEW: [WaitReason; 5] =
    [WaitReason::Pace, WaitReason::Circuit, WaitReason::Money, WaitReason::Holds, WaitReason::Brake];
/// The key of the note that is written to see whether there is room on the disk again.
const DISK_TRIED: &str = "disk-tried";
/// How many jobs of each state are looked at for why nothing runs: those that are first in line.
const FRONT: u32 = 20;

/// What a runner is made of.
pub struct RunnerParts {
    /// What it goes by.
    pub settings: RunnerSettings,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// The door to Claude.
    pub gateway: Gateway,
    /// Where guests run.
    pub sandbox: Sandbox,
    /// The plugins.
    pub catalog: Catalog,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The same clock where it can be driven: with the simulator, and only with it.
    pub driven: Option<Arc<DrivenClock>>,
    /// Who keeps the host's tasks alive; the runner tells people of those that fall.
    pub supervisor: Supervisor,
}

impl Runner {
    /// Starts the tasks that run jobs.
    pub async fn start(parts: RunnerParts) -> Result<Self, StoreError> {
        let limits = parts.store.limits().await?.limits;
        for agent in parts.store.disabled_agents().await? {
            parts.catalog.set_enabled(&agent, false);
        }
        let slots = limits.agents_min.min(parts.settings.hard_slots).max(1);
        let scaling = Scaling::new(slots, parts.settings.scale_cooldown, parts.clock.now());
        let shared = Arc::new(Shared {
            slots: AtomicU32::new(slots),
            scaling: Mutex::new(scaling),
            runtime: Handle::current(),
            claiming: Arc::default(),
            settings: Arc::new(parts.settings),
            store: parts.store,
            gateway: parts.gateway,
            sandbox: parts.sandbox,
            catalog: parts.catalog,
            clock: parts.clock,
            driven: parts.driven,
            supervisor: parts.supervisor,
            live_text: LiveText::default(),
            freed: Notify::new(),
            many: Notify::new(),
            schedules: Notify::new(),
            shutdown: CancellationToken::new(),
            rehearsals: tokio::sync::Mutex::default(),
            probing: tokio::sync::Mutex::default(),
            attempts: Mutex::default(),
        });
        // What waited in an earlier life is judged anew: what it was told may not be so any more.
        shared.store.resume(&JUDGED_ANEW, None).await?;
        keep(&shared, "what tells of fallen parts", fallen::tell);
        keep(&shared, "the dispatch of jobs", dispatch::run);
        keep(&shared, "the heartbeat of leases", dispatch::heartbeat);
        keep(&shared, "actions on many jobs", many::run);
        keep(&shared, "retention", keeping::run);
        keep(&shared, "schedules", schedules::run);
        keep(&shared, "what tells of a job that runs alone", suspects::tell);
        keep(&shared, "what follows the agents", tell_of_agents);
        Ok(Self { shared })
    }

    /// A job; one that waits says for what.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        let Some(mut job) = self.shared.store.job(id).await? else { return Ok(None) };
        let brake = self.shared.store.brake().await?;
        let pause = self.shared.store.queue_pause().await?;
        let suspects = self.shared.store.suspects().await?;
        self.explain(std::slice::from_mut(&mut job), &brake, pause.as_ref(), &suspects);
        Ok(Some(job))
    }

    /// A page of jobs; those that wait say for what. It may come short where jobs of another upstream are left out.
    pub async fn jobs(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        let (asked, filter) = foreign::widened(filter);
        let mut page = self.shared.store.jobs(filter).await?;
        let upstream = self.shared.settings.upstream;
        page.items.retain(|job| foreign::is_asked(&asked, job, upstream));
        let brake = self.shared.store.brake().await?;
        let pause = self.shared.store.queue_pause().await?;
        let suspects = self.shared.store.suspects().await?;
        self.explain(&mut page.items, &brake, pause.as_ref(), &suspects);
        Ok(page)
    }

    fn explain(&self, jobs: &mut [Job], brake: &BrakeState, pause: Option<&QueuePause>, suspects: &Suspects) {
        let agents = self.shared.catalog.agents();
        let scene = self.scene(&agents, brake, pause, suspects);
        for job in jobs {
            job.waiting_for = match job.state {
                JobState::Running if job.upstream == self.shared.settings.upstream => {
                    self.shared.gateway.wait_of(job.id)
                }
                _ => explain::wait(job, &scene),
            };
            job.state = foreign::state(job, self.shared.settings.upstream);
        }
    }

    fn scene<'a>(
        &self,
        agents: &'a [AgentInfo],
        brake: &'a BrakeState,
        pause: Option<&'a QueuePause>,
        suspects: &'a Suspects,
    ) -> Scene<'a> {
        Scene {
            agents,
            brake,
            pause,
            suspects,
            upstream: self.shared.settings.upstream,
            slots: self.shared.slots.load(Ordering::Relaxed),
            running: self.shared.running_now(),
            circuit: self.shared.gateway.report().circuit,
            now: self.shared.clock.now(),
        }
    }

    /// The jobs that a job comes after, and those that come after it.
    pub async fn relatives(&self, job: JobId) -> Result<Relatives, StoreError> {
        let mut relatives = self.shared.store.relatives(job).await?;
        let Some(job) = self.shared.store.job(job).await? else { return Ok(relatives) };
        // They are of its own upstream.
        if job.upstream != self.shared.settings.upstream {
            let all = relatives.after.iter_mut().chain(&mut relatives.followed_by);
            all.for_each(|relative| relative.state = foreign::shown(relative.state));
        }
        Ok(relatives)
    }

    /// A job's attempts.
    pub async fn attempts(&self, job: JobId) -> Result<Vec<Attempt>, StoreError> {
        self.shared.store.attempts(job).await
    }

    /// A job's calls, the oldest first.
    pub async fn calls(&self, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
        self.shared.store.calls(job).await
    }

    /// Lines of a job's log after a place.
    pub async fn log(&self, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        self.shared.store.log(job, after, limit).await
    }

    /// A job's files.
    pub async fn artifacts(&self, job: JobId) -> Result<Vec<ArtifactInfo>, StoreError> {
        self.shared.store.artifacts(job).await
    }

    /// One file with its bytes.
    pub async fn artifact(
        &self,
        job: JobId,
        name: &ArtifactName,
    ) -> Result<Option<(ArtifactInfo, Vec<u8>)>, StoreError> {
        self.shared.store.artifact(job, name).await
    }

    /// Stops a job: a running guest within a tick.
    pub async fn cancel(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        let cancelled = self.shared.store.cancel(job, by).await?;
        if let Some(run) = self.shared.running().get(&job) {
            run.cancel.cancel();
        }
        Ok(cancelled)
    }

    /// Lets a parked job go on now, by a person's hand: what the upstream told earlier is asked anew. The limits and the
    /// brake stay in force.
    pub async fn resume(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        self.shared.gateway.look_again();
        self.shared.store.resume_job(job, by).await
    }

    /// Runs a failed or cancelled job again, its paid work kept, and with it those that failed since they
    /// come after it.
    pub async fn retry(&self, job: JobId, by: &str) -> Result<Job, StoreError> {
        self.shared.store.retry(job, by).await
    }

    /// The pause of the queue, where there is one.
    pub async fn queue_pause(&self) -> Result<Option<QueuePause>, StoreError> {
        self.shared.store.queue_pause().await
    }

    /// Pauses the queue for a reason, or ends the pause: no job is claimed while it lasts, what runs goes on.
    pub async fn set_queue_pause(
        &self,
        reason: Option<&str>,
        by: &str,
    ) -> Result<Option<QueuePause>, StoreError> {
        self.shared.store.set_queue_pause(reason, by).await
    }

    /// Every plugin file and what it says of itself.
    pub fn agents(&self) -> Arc<Roster> {
        self.shared.catalog.agents()
    }

    /// Whether the agents are known: the plugins folder was listed, and those of before are restored. It waits
    /// for no compilation.
    pub fn knows_agents(&self) -> bool {
        self.shared.catalog.is_ready()
    }

    /// Switches an agent on or off; `None` where there is no such agent.
    pub async fn set_agent_enabled(
        &self,
        name: &str,
        enabled: bool,
        by: &str,
    ) -> Result<Option<AgentInfo>, StoreError> {
        // A file that is no agent has no action.
        let is_agent = |agent: &&AgentInfo| agent.name == name && !agent.actions.is_empty();
        if self.shared.catalog.agents().iter().find(is_agent).is_none() {
            return Ok(None);
        }
        self.shared.store.set_agent_disabled(name, !enabled, by).await?;
        self.shared.catalog.set_enabled(name, enabled);
        self.shared.schedules.notify_one();
        Ok(self.shared.catalog.agents().iter().find(is_agent).cloned())
    }

    /// How the host stands.
    pub async fn status(&self) -> Result<Status, StoreError> {
        let store = &self.shared.store;
        let (limits, counts, brake) =
            (store.limits().await?.limits, store.queue_counts().await?, self.brake().await?);
        let pause = store.queue_pause().await?;
        let spend = store.spend(self.shared.settings.upstream).await?;
        let minutes = store.spent_minutes(self.shared.settings.upstream).await?;
        let now = self.shared.clock.now();
        let pressure =
            spend.windows.iter().map(|w| w.amounts.spent().fraction_of(w.limit)).fold(0.0, f64::max);
        let pace = self.shared.gateway.report();
        let upstream = self.shared.gateway.upstream();
        let scaling = self.shared.scaling.lock().unwrap_or_else(PoisonError::into_inner).status();
        Ok(Status {
            now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            upstream: UpstreamStatus { kind: upstream.kind, base_url: upstream.base_url.clone() },
            agents: AgentsStatus {
                running: self.shared.running_now(),
                slots: self.shared.slots.load(Ordering::Relaxed),
                min: limits.agents_min,
                max: limits.agents_max,
                scaling,
            },
            plugins: self.plugins_status(),
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
                paused: pause.clone(),
            },
            effect: pressure_effect(pressure, self.shared.settings.pressure, brake.engaged()),
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
            why_idle: self.why_idle(&brake, pause.as_ref(), pace.in_flight, &counts).await?,
            brake: BrakeStatus { engaged: brake.engaged(), causes: brake.causes },
            alerts: AlertsStatus { firing: store.firing_alerts().await? },
        })
    }

    /// Why nothing can be written, where the disk is full or fails: what failed last is tried anew, with little.
    pub async fn disk_trouble(&self) -> Option<String> {
        let store = &self.shared.store;
        store.disk_trouble()?;
        if let Err(error) = store.remember(DISK_TRIED, &self.shared.clock.now().to_string()).await {
            tracing::debug!(%error, "nothing can be written yet");
        }
        store.disk_trouble()
    }

    /// The plugins folder, and what is still to be done about what is in it.
    pub fn plugins_status(&self) -> PluginsStatus {
        let catalog = &self.shared.catalog;
        let agents = catalog.agents();
        let count = |state| {
            let count = agents.iter().filter(|agent| agent.state == state).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        PluginsStatus {
            folder: catalog.folder().display().to_string(),
            trouble: catalog.trouble(),
            compiling: count(AgentState::Compiling),
            delayed: count(AgentState::Delayed),
        }
    }

    // While calls are under way something gets on, and nothing has to be explained, unless all others wait for it.
    async fn why_idle(
        &self,
        brake: &BrakeState,
        pause: Option<&QueuePause>,
        in_flight: u32,
        counts: &QueueCounts,
    ) -> Result<Option<String>, StoreError> {
        if let Some(disk) = self.disk_trouble().await {
            return Ok(Some(format!("Nothing can be written: {disk}")));
        }
        let suspects = self.shared.store.suspects().await?;
        if in_flight > 0 && suspects.running.is_none() {
            return Ok(None);
        }
        let mut waiting = self.shared.store.front(FRONT).await?;
        self.explain(&mut waiting, brake, pause, &suspects);
        if waiting.is_empty() && !brake.engaged() {
            return Ok(None);
        }
        let agents = self.shared.catalog.agents();
        Ok(explain::why_idle(&waiting, counts, &self.scene(&agents, brake, pause, &suspects)))
    }

    /// The limits in force and where each comes from.
    pub async fn limits(&self) -> Result<LimitsView, StoreError> {
        Ok(self.limits_view(self.shared.store.limits().await?))
    }

    fn limits_view(&self, in_force: LimitsInForce) -> LimitsView {
        let source = |name: &str| match in_force.changes.iter().find(|(changed, _, _)| changed == name) {
            Some((_, by, at)) => LimitSource::RunTime { by: by.clone(), at: *at },
            None => LimitSource::Settings {
                name: self.shared.settings.limit_sources.get(name).cloned().unwrap_or_default(),
            },
        };
        let sources = LimitsPatch::NAMES.iter().map(|name| ((*name).to_owned(), source(name))).collect();
        LimitsView { limits: in_force.limits, sources }
    }

    /// Changes limits; `reset` names limits that go back to the settings. `SubmitError::Invalid` where
    /// they make no sense together.
    pub async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsView, SubmitError> {
        if let Some(unknown) = reset.iter().find(|name| !LimitsPatch::NAMES.contains(&name.as_str())) {
            return Err(SubmitError::Invalid(format!(
                "`{unknown}` is no limit; the limits are {}",
                LimitsPatch::NAMES.join(", ")
            )));
        }
        let in_force = match self.shared.store.set_limits(patch, reset, by).await {
            Err(StoreError::BadChange(why)) => return Err(SubmitError::Invalid(why)),
            done => done?,
        };
        self.shared.gateway.limits_changed(&in_force.limits);
        self.shared.freed.notify_one();
        Ok(self.limits_view(in_force))
    }

    /// The brake. A store that fails cannot keep a cause of its own, so the gateway tells of it.
    pub async fn brake(&self) -> Result<BrakeState, StoreError> {
        let mut brake = self.shared.store.brake().await?;
        if self.shared.gateway.store_failing() {
            brake.causes.push(BrakeCause {
                kind: BrakeCauseKind::Store,
                reason: "what calls cost cannot be written to the data folder; see the host's log".to_owned(),
                since: self.shared.clock.now(),
                until: None,
                by: None,
            });
        }
        Ok(brake)
    }

    /// Engages or releases the brake by a person's hand.
    pub async fn set_brake(&self, engaged: bool, reason: &str, by: &str) -> Result<BrakeState, StoreError> {
        let state = if engaged {
            let cause = BrakeCause {
                kind: BrakeCauseKind::Person,
                reason: if reason.trim().is_empty() {
                    "engaged by hand".to_owned()
                } else {
                    reason.trim().to_owned()
                },
                since: self.shared.clock.now(),
                until: None,
                by: Some(by.to_owned()),
            };
            self.shared.store.engage_brake(cause).await?
        } else {
            self.shared.store.release_brake(by, reason).await?
        };
        self.shared.gateway.limits_changed(&self.shared.store.limits().await?.limits);
        Ok(state)
    }

    /// Events as they are published.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.shared.store.subscribe()
    }

    /// Events after a place.
    pub async fn events(&self, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.shared.store.events(after, job, limit).await
    }

    /// The place of the newest event.
    pub async fn last_event(&self) -> Result<u64, StoreError> {
        self.shared.store.last_event().await
    }

    /// The text that streams into a job now: what has come so far, and what follows.
    pub fn live_text(&self, job: JobId) -> Option<(String, broadcast::Receiver<String>)> {
        self.shared.live_text.watch(job)
    }

    /// How many of the host's seconds pass in one of the machine's: 1 unless the clock is driven.
    pub fn clock_rate(&self) -> f64 {
        self.shared.driven.as_ref().map_or(1.0, |clock| clock.rate())
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Drives the host's clock ahead, and sets how fast it runs where that is given; only with the
    /// simulator.
    pub fn drive_clock(&self, by: Duration, rate: Option<f64>) -> Result<Timestamp, String> {
        match &self.shared.driven {
            Some(clock) => Ok(clock.drive(by, rate)),
            None => Err("the clock can be driven with the simulator only".to_owned()),
        }
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

fn keep<T>(shared: &Arc<Shared>, name: &'static str, task: fn(Arc<Shared>) -> T)
where
    T: Future<Output = End> + Send + 'static,
{
    let (supervisor, shared) = (shared.supervisor.clone(), shared.clone());
    supervisor.keep(name, move || task(shared.clone()));
}

// Agents come and go by the catalog's word: the panel hears of it by an event, and jobs that waited
// for one go back into the queue.
async fn tell_of_agents(shared: Arc<Shared>) -> End {
    let mut changes = shared.catalog.changes();
    // Who was parked in an earlier life, or before anybody listened.
    everybody_looks_again(&shared).await;
    loop {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(broadcast::error::RecvError::Lagged(_)) => {
                everybody_looks_again(&shared).await;
                continue;
            }
            Err(broadcast::error::RecvError::Closed) => {
                return End::Unexpected("the catalog tells nothing more");
            }
        };
        plugin_alerts::follow(&shared, &change).await;
        // A line that went away tells by its last state that its agent takes no more jobs.
        let Some(line) = change.after.as_ref().or(change.before.as_ref()) else { continue };
        let (name, state) = (line.name.clone(), line.state);
        if change.after.is_some() && attempt::takes_jobs(state) {
            let waits = [WaitReason::AgentMissing, WaitReason::AgentDisabled];
            if let Err(error) = shared.store.resume(&waits, Some(&name)).await {
                tracing::error!(%error, agent = %name, "jobs that wait for an agent could not be resumed");
            }
        }
        if let Err(error) = shared.store.record(EventKind::Agent { name, state }).await {
            tracing::error!(%error, "an agent's change could not be recorded");
        }
        shared.freed.notify_one();
    }
}

// Whatever was missed: who waits for an agent looks again, and people are told how the plugins stand.
async fn everybody_looks_again(shared: &Shared) {
    plugin_alerts::look(shared).await;
    let waits = [WaitReason::AgentMissing, WaitReason::AgentDisabled];
    if let Err(error) = shared.store.resume(&waits, None).await {
        tracing::error!(%error, "jobs that wait for an agent could not be resumed");
    }
}
