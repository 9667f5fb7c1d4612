//! One attempt: from a claimed job to its next state.

use crate::desk::{Desk, Setup};
use crate::ending;
use crate::parents::Parents;
use crate::payload;
use crate::settings::{AgentSettings, sharers};
use crate::shared::Shared;
use crate::stand_in::StandIn;
use crate::team::Team;
use crate::then::Then;
use crate::versions::put_in_force;
use anvil_gateway::Terms;
use anvil_sandbox::{AttemptEnd, AttemptLimits, BreachKind, CancellationToken, Plugin, Ran, Stop};
use anvil_store::{AttemptNote, Claim, Claimed, Finish, PriorVersion, StoreError, Trap};
use anvil_types::attempts::BACK_OFF_JITTER;
use anvil_types::words::{HostTrouble, JobFault, JobNote, WaitCause};
use anvil_types::{
    AfterFailure, AgentInfo, AttemptUse, Attempts, Job, JobError, JobId, Lease, LogLevel, LogLine,
};
use rand::RngExt as _;
use std::sync::Arc;
use std::time::Duration;

/// How many lines of a log are read at once.
const LINES: u32 = 1_000;
/// How often what a guest says is written.
const FLUSH: Duration = Duration::from_millis(200);

/// Runs a claimed job until it is finished, parked or given back. A job that is finished makes room for
/// another: `next` says what may be taken, which is answered.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    claimed: Claimed,
    cancel: CancellationToken,
    next: impl FnOnce() -> Option<Claim>,
) -> Option<Claimed> {
    let lease = claimed.lease;
    let (attempt, agent) = (claimed.job.attempts, claimed.job.agent.clone());
    let (then, note) = match plugin(shared, &claimed).await {
        Ok(plugin) => {
            let (then, ran) = with_plugin(shared, claimed, &plugin, &cancel).await;
            let note = ran.map(|(used, broke)| {
                let digest = plugin.digest().to_owned();
                let trap = broke.map(|kind| trap(shared, &plugin.info, kind));
                AttemptNote { lease, attempt, agent, digest, used, trap }
            });
            (then, note)
        }
        Err(then) => (then, None),
    };
    // Side by side, so that both are one commit.
    let ((), next) = tokio::join!(noted(shared, note), ending::write(shared, lease, then, next));
    next
}

/// What a run has used is told beside its end; no job waits for that, or fails of it.
async fn noted(shared: &Shared, note: Option<AttemptNote>) {
    let Some(note) = note else { return };
    let (job, agent) = (note.lease.job, note.agent.clone());
    match shared.store.note_run(note).await {
        Ok(None) => {}
        Ok(Some(aside)) => {
            tracing::error!(%agent, digest = %aside.digest, reason = %aside.reason, "a version of an agent is set aside");
            if let Err(error) = put_in_force(&*shared.store, &shared.catalog, &agent).await {
                tracing::error!(%agent, %error, "what is set aside of an agent could not be put in force");
            }
        }
        Err(error) => tracing::warn!(%job, %error, "what an attempt has used could not be written down"),
    }
}

/// That a run broke on its plugin, with what would take over from it.
fn trap(shared: &Shared, plugin: &AgentInfo, kind: String) -> Trap {
    let before = shared.catalog.before(&plugin.name, &plugin.digest);
    let instead = before.map(|before| PriorVersion { version: before.version, digest: before.digest });
    Trap { kind, version: plugin.version.clone(), rule: shared.settings.quarantine, instead }
}

// The version that the job is pinned to since it was claimed.
async fn plugin(shared: &Shared, claimed: &Claimed) -> Result<Arc<Plugin>, Then> {
    // An agent that comes after this look, and before the job is parked, is not waited for.
    let refused_at = Some(shared.clock.now());
    let missing = |cause: WaitCause<'_>| Then::Park(cause.wait(refused_at));
    let agent = claimed.job.agent.as_str();
    let Some(pinned) = claimed.job.plugin_digest.clone() else {
        return Err(missing(WaitCause::NoVersion { agent }));
    };
    let digest = pinned.as_str();
    if let Some(current) = shared.catalog.get(agent).filter(|current| current.digest() == pinned) {
        return Ok(current);
    }
    match shared.catalog.by_digest(&pinned).await {
        Ok(Some(plugin)) => Ok(plugin),
        Ok(None) => Err(missing(WaitCause::VersionGone { agent, digest })),
        // The host could not: that passes without a new file.
        Err(error) if error.is_passing() => Err(trouble(&HostTrouble::VersionUnread {
            agent: agent.to_owned(),
            digest: pinned,
            why: error.to_string(),
        })),
        Err(error) => Err(missing(WaitCause::VersionBroken { agent, digest, why: error.to_string() })),
    }
}

fn trouble(why: &HostTrouble) -> Then {
    Then::Finish(Finish::Trouble { why: why.to_string() })
}

async fn with_plugin(
    shared: &Arc<Shared>,
    claimed: Claimed,
    plugin: &Arc<Plugin>,
    cancel: &CancellationToken,
) -> (Then, Option<(AttemptUse, Option<String>)>) {
    let job = claimed.job.clone();
    if let Some(error) = misfit(shared, &claimed, plugin).await {
        return (Then::Finish(Finish::Failed { error }), None);
    }
    let ran_on = claimed.ran_on.clone();
    let (desk, limits) = match desk(shared, claimed, plugin, None).await {
        Ok(desk) => desk,
        Err(then) => return (then, None),
    };
    if let Some(ran_on) = &ran_on {
        let (version, digest) = (&plugin.info.version, plugin.digest());
        let note = JobNote::RunAgain { version, digest, before: ran_on };
        desk.lines.line(shared.clock.now(), "host", LogLevel::Info, note.to_string());
    }
    shared.live_text.open(job.id);
    let Ran { end, used, .. } = {
        let run = shared.sandbox.run(plugin, &job.action, &job.payload, desk.clone(), limits, cancel);
        tokio::pin!(run);
        let mut flush = tokio::time::interval(FLUSH);
        loop {
            tokio::select! {
                ran = &mut run => break ran,
                _ = flush.tick() => desk.lines.flush(shared.clock.now()).await,
            }
        }
    };
    desk.lines.finish(shared.clock.now()).await;
    shared.live_text.close(job.id);
    let broke = match &end {
        AttemptEnd::Broke(error) if BreachKind::is_of_the_plugin(&error.kind) => Some(error.kind.clone()),
        _ => None,
    };
    (after(shared, &job, &desk, end), Some((used, broke)))
}

/// What is to be done when a run has ended so.
fn after(shared: &Shared, job: &Job, desk: &Desk, end: AttemptEnd) -> Then {
    match end {
        AttemptEnd::Succeeded { result, .. } => Then::Finish(Finish::Succeeded { result }),
        AttemptEnd::Failed(error) | AttemptEnd::Broke(error) => {
            Then::Finish(failed(shared, Attempts::of_running(job), error))
        }
        AttemptEnd::Stopped(Stop::Parked) if desk.is_parked() => Then::Leave,
        AttemptEnd::Stopped(Stop::Parked) => match desk.park_reason() {
            Some(then) => then,
            None => trouble(&HostTrouble::WaitUntold),
        },
        // Whoever cancelled the token knows why: a person (the job is final already), a lost lease, or
        // the end of this host's life, in which a call that waits is told that the store takes no more.
        AttemptEnd::Stopped(Stop::Cancelled | Stop::Shutdown | Stop::Store(_)) if shared.shutting_down() => {
            Then::Finish(Finish::Released)
        }
        AttemptEnd::Stopped(Stop::Store(error)) => {
            tracing::error!(job = %job.id, %error, "an attempt stopped because the store failed");
            trouble(&HostTrouble::Store(error))
        }
        AttemptEnd::Stopped(_) => Then::Leave,
    }
}

/// What answers a claimed job's guest, and what its attempt may take.
pub(crate) async fn desk(
    shared: &Arc<Shared>,
    claimed: Claimed,
    plugin: &Plugin,
    stand_in: Option<Arc<dyn StandIn>>,
) -> Result<(Arc<Desk>, AttemptLimits), Then> {
    let job = &claimed.job;
    let agent = AgentSettings { values: claimed.settings.clone(), ..shared.settings.agent(&job.agent) };
    let limits = limits(shared, plugin, &agent);
    let terms = Terms {
        tags: job.tags.clone(),
        priority: job.priority,
        // Its place is its tree's.
        since: job.root.map_or(job.created_at, JobId::made_at),
        effort: agent.efforts.get(&job.action).copied().unwrap_or(plugin.info.effort),
        by_score: agent.by_score,
        floor: plugin.info.model_floor.max(agent.model_floor),
        max_input_tokens: agent.max_input_tokens,
        max_output_tokens: agent.max_output_tokens,
        task_budget: agent.task_budget.unwrap_or(shared.settings.task_budget && plugin.info.tool_loop),
        sharers: sharers(&shared.settings.agents, &job.agent),
        // Whoever tries a job waits for it.
        economy: stand_in.is_none() && job.economy.unwrap_or(agent.economy),
    };
    let parents = match Parents::load(&shared.store, job).await {
        Ok(parents) => parents,
        Err(error @ StoreError::TooMuchFromParents { .. }) => {
            let error = JobFault::TooMuchFromParents(error.to_string()).into();
            return Err(Then::Finish(Finish::Failed { error }));
        }
        Err(error) => return Err(trouble(&HostTrouble::ParentsUnread(error.to_string()))),
    };
    let said = already_said(shared, &claimed).await;
    let team = Team {
        lease: claimed.lease,
        agent: job.agent.clone(),
        may_call: agent.may_call.clone(),
        store: shared.store.clone(),
        catalog: shared.catalog.clone(),
        clock: shared.clock.clone(),
    };
    let setup = Setup {
        job: claimed.job,
        lease: claimed.lease,
        journal: claimed.journal,
        terms,
        agent,
        parents,
        team,
        files: claimed.files,
        written: claimed.written,
        said,
        fresh_from: claimed.fresh_from,
        stand_in,
    };
    let desk = Arc::new(Desk::new(
        setup,
        shared.settings.clone(),
        shared.store.clone(),
        shared.gateway.clone(),
        shared.clock.clone(),
        shared.live_text.clone(),
        shared.shutdown.clone(),
    ));
    Ok((desk, limits))
}

// Why the version that a job begins on cannot take its payload. One that goes on has been looked at.
async fn misfit(shared: &Shared, claimed: &Claimed, plugin: &Plugin) -> Option<JobError> {
    if !claimed.journal.is_empty() && claimed.ran_on.is_none() {
        return None;
    }
    let misses = payload::at_start(&shared.catalog, plugin.digest(), &claimed.job).await?;
    Some(JobFault::PayloadMisfit { version: plugin.info.version.clone(), misses }.into())
}

// How many lines the attempt's earlier runs have written since the journal's last answer: this run says them again. A
// log that cannot be read has them twice then.
async fn already_said(shared: &Shared, claimed: &Claimed) -> usize {
    if claimed.lease.number == 1 {
        return 0;
    }
    let answered = claimed.journal.iter().map(|entry| entry.at).max();
    let (mut said, mut after) = (0, 0);
    loop {
        let lines = shared.store.log(claimed.job.id, after, LINES).await.unwrap_or_default();
        let Some(last) = lines.last() else { return said };
        after = last.seq;
        let ours = |line: &&LogLine| {
            line.attempt == claimed.job.attempts && line.source != "host" && Some(line.at) >= answered
        };
        said += lines.iter().filter(ours).count();
    }
}

/// What one attempt on a version of an agent may take.
pub(crate) fn limits(shared: &Shared, plugin: &Plugin, agent: &AgentSettings) -> AttemptLimits {
    let mut limits = agent.attempt.unwrap_or(shared.settings.attempt);
    if let Some(wall) = agent.wall_time.or(plugin.info.time_limit_s.map(Duration::from_secs)) {
        limits.wall_time = if agent.wall_time.is_some() { wall } else { wall.min(limits.wall_time) };
    }
    limits
}

fn failed(shared: &Shared, attempts: Attempts, error: JobError) -> Finish {
    match attempts.after_failure(&error.kind) {
        AfterFailure::GiveUp => Finish::Failed { error },
        AfterFailure::Retry => {
            let jitter = rand::rng().random_range(BACK_OFF_JITTER);
            let wait = attempts.back_off(shared.settings.back_off, jitter);
            Finish::Retry { error, at: shared.clock.now() + wait }
        }
    }
}

/// Ends an attempt whose task died.
pub(crate) async fn died(shared: &Shared, lease: Lease, attempts: Attempts) {
    shared.live_text.close(lease.job);
    let finish = failed(shared, attempts, JobFault::Died.into());
    if let Err(error) = shared.store.finish(lease, finish).await {
        tracing::error!(job = %lease.job, %error, "an attempt's end could not be written");
    }
}
