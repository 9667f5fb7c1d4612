//! Why a job waits, and why nothing runs: one place that knows.

use anvil_budget::CircuitReport;
use anvil_store::{BrakeState, QueueCounts, QueuePause, Suspects};
use anvil_types::words::{Besides, CircuitWait, LoneJob, WaitCause, WhyIdle};
use anvil_types::{AgentInfo, AgentState, Job, JobState, Timestamp, UpstreamKind, Wait};

/// What the answer follows from.
pub(crate) struct Scene<'a> {
    pub agents: &'a [AgentInfo],
    pub upstream: UpstreamKind,
    pub slots: u32,
    pub running: u32,
    pub brake: &'a BrakeState,
    /// A person's pause of the queue.
    pub pause: Option<&'a QueuePause>,
    /// Jobs that run alone.
    pub suspects: &'a Suspects,
    /// How the disk fails, where nothing can be written.
    pub disk: Option<&'a str>,
    /// The circuit to the upstream.
    pub circuit: CircuitReport,
    pub now: Timestamp,
}

/// How an upstream that fails again and again keeps calls back.
fn kept_back(scene: &Scene<'_>) -> Option<CircuitWait> {
    match scene.circuit {
        CircuitReport::Open { until } if scene.now < until => Some(CircuitWait::Open { until }),
        CircuitReport::HalfOpen { until } if scene.now < until => Some(CircuitWait::Trial { until }),
        _ => None,
    }
}

/// How a job that was there in crashes of the host keeps a queued one back.
fn behind_a_suspect(job: &Job, scene: &Scene<'_>) -> Option<LoneJob> {
    if let Some(alone) = scene.suspects.running {
        return Some(LoneJob::Runs(alone));
    }
    if scene.suspects.waiting.iter().any(|(id, _)| *id == job.id) {
        return Some(LoneJob::Itself);
    }
    let ready = |name: &str| scene.agents.iter().any(|agent| agent.name == name && agent.state.takes_jobs());
    let (first, _) = scene.suspects.waiting.iter().find(|(_, agent)| ready(agent))?;
    scene.suspects.come_first.then_some(LoneJob::ComesNext(*first))
}

/// How the files of a job's agent keep it back.
fn without_agent<'a>(job: &'a Job, scene: &'a Scene<'_>) -> Option<WaitCause<'a>> {
    let agent = job.agent.as_str();
    let mut files = scene.agents.iter().filter(|file| file.name == agent);
    if files.clone().any(|file| file.state.takes_jobs()) {
        return None;
    }
    if files.clone().any(|file| file.state == AgentState::Disabled) {
        return Some(WaitCause::AgentOff { agent });
    }
    if let Some(file) = files.clone().find(|file| file.state == AgentState::Quarantined) {
        return Some(WaitCause::AgentAside { agent, why: file.reason.as_deref().unwrap_or_default() });
    }
    let coming = [AgentState::Compiling, AgentState::Delayed];
    Some(match files.find(|file| coming.contains(&file.state)) {
        Some(file) => WaitCause::AgentComing { agent, why: file.reason.as_deref() },
        None => WaitCause::NoAgent { agent },
    })
}

/// What a queued job waits for.
fn cause<'a>(job: &'a Job, scene: &'a Scene<'_>) -> WaitCause<'a> {
    if job.upstream != scene.upstream {
        return WaitCause::Upstream { own: job.upstream, asked: scene.upstream };
    }
    // Whoever begins is written down first.
    if let Some(trouble) = scene.disk {
        return WaitCause::Disk { trouble };
    }
    if let Some(pause) = scene.pause {
        return WaitCause::Paused(pause);
    }
    if let Some(cause) = without_agent(job, scene) {
        return cause;
    }
    if let Some(circuit) = kept_back(scene) {
        return WaitCause::Circuit(circuit);
    }
    if let Some(alone) = behind_a_suspect(job, scene) {
        return WaitCause::Alone(alone);
    }
    let Scene { running, slots, .. } = *scene;
    if running >= slots {
        return WaitCause::Busy { slots };
    }
    if running + 1 >= slots && slots > 1 {
        return WaitCause::LastSlot { running, slots };
    }
    WaitCause::AboutToStart
}

/// What a job waits for, beyond what its row says.
pub(crate) fn wait(job: &Job, scene: &Scene<'_>) -> Option<Wait> {
    match job.state {
        JobState::Queued => {}
        // It ran when a host last asked its upstream, and goes on when one does again.
        JobState::Running if job.upstream != scene.upstream => {}
        JobState::Scheduled | JobState::Parked | JobState::Running => return job.waiting_for.clone(),
        _ => return None,
    }
    Some(cause(job, scene).wait(None))
}

/// Why nothing runs, or why what runs does not get on: the reason of the job that is first in line, and how many
/// wait besides.
pub(crate) fn why_idle<'a>(
    waiting: &[Job],
    counts: &QueueCounts,
    scene: &'a Scene<'_>,
) -> Option<WhyIdle<'a>> {
    if scene.brake.engaged() {
        let reasons = scene.brake.causes.iter().map(|cause| cause.reason.as_str()).collect();
        return Some(WhyIdle::Brake { reasons });
    }
    if let Some(pause) = scene.pause.filter(|_| waiting.iter().any(|job| job.state == JobState::Queued)) {
        return Some(WhyIdle::Paused(pause));
    }
    let now = scene.now;
    if let Some(how) = kept_back(scene).filter(|_| !waiting.is_empty()) {
        return Some(WhyIdle::Circuit { how, now });
    }
    let (first, wait) = waiting.iter().find_map(|job| wait(job, scene).map(|wait| (job, wait)))?;
    Some(WhyIdle::First { job: first.id, wait, now, besides: besides(first.state, counts) })
}

/// All others that wait, by how they do.
fn besides(first: JobState, counts: &QueueCounts) -> Besides {
    let others = |state, count: u64| count.saturating_sub(u64::from(state == first));
    Besides {
        queued: others(JobState::Queued, counts.queued),
        parked: others(JobState::Parked, counts.parked),
        scheduled: others(JobState::Scheduled, counts.scheduled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Effort, JobId, Json, Nanodollars, Priority, WaitReason};

    const NOON: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn agent(state: AgentState) -> AgentInfo {
        AgentInfo {
            name: "asker".into(),
            version: "0.1.0".into(),
            summary: String::new(),
            file: "asker.wasm".into(),
            digest: String::new(),
            size: 0,
            state,
            reason: None,
            actions: anvil_types::Actions::default(),
            model_floor: None,
            effort: Effort::Standard,
            time_limit_s: None,
            tool_loop: false,
            may_call: Vec::new(),
            loaded_at: NOON,
            instead_of: None,
        }
    }

    fn queued() -> Job {
        Job {
            id: JobId::new(NOON, 1),
            agent: "asker".into(),
            action: "ask".into(),
            payload: Json::null(),
            state: JobState::Queued,
            priority: Priority::Normal,
            attempts: 0,
            max_attempts: 3,
            cost: Nanodollars::ZERO,
            unknown: Nanodollars::ZERO,
            held: Nanodollars::ZERO,
            team: Nanodollars::ZERO,
            max_cost: Nanodollars::ZERO,
            calls: 0,
            waiting_for: None,
            result: None,
            error: None,
            progress: None,
            progress_line: None,
            tags: Vec::new(),
            after: Vec::new(),
            lead: None,
            root: None,
            schedule: None,
            inputs: Vec::new(),
            economy: None,
            upstream: UpstreamKind::Simulated,
            plugin_digest: None,
            created_at: NOON,
            run_at: None,
            started_at: None,
            finished_at: None,
            lease: 0,
        }
    }

    /// What a queued job waits for, and why nothing runs, in a scene that differs by one cause.
    fn told(change: impl FnOnce(&mut Scene<'_>)) -> (WaitReason, String, Option<Timestamp>) {
        let (agents, brake) = ([agent(AgentState::Ready)], BrakeState::default());
        let suspects = Suspects::default();
        let mut scene = Scene {
            agents: &agents,
            upstream: UpstreamKind::Simulated,
            slots: 3,
            running: 0,
            brake: &brake,
            pause: None,
            suspects: &suspects,
            disk: None,
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        change(&mut scene);
        let job = queued();
        let waits = wait(&job, &scene).expect("a queued job waits for something");
        let idle = why_idle(&[job], &QueueCounts::default(), &scene).expect("whoever waits is explained");
        let idle = idle.to_string();
        assert!(waits.reason == WaitReason::Circuit || idle.contains(&waits.detail), "{idle}");
        (waits.reason, idle, waits.until)
    }

    #[test]
    fn an_open_circuit_and_a_trial_are_named_for_as_long_as_they_last() {
        let later = NOON + std::time::Duration::from_mins(1);
        let (reason, idle, until) = told(|scene| scene.circuit = CircuitReport::Open { until: later });
        assert_eq!((reason, until), (WaitReason::Circuit, Some(later)));
        assert!(idle.contains("no call goes out"), "{idle}");
        let (reason, idle, until) = told(|scene| scene.circuit = CircuitReport::HalfOpen { until: later });
        assert_eq!((reason, until), (WaitReason::Circuit, Some(later)));
        assert!(idle.contains("one call tries"), "{idle}");
        let (reason, idle, _) = told(|scene| scene.circuit = CircuitReport::Open { until: NOON });
        assert_eq!(reason, WaitReason::Slot, "its time is over");
        assert!(idle.contains("about to start"), "{idle}");
    }

    #[test]
    fn a_job_that_cannot_be_written_down_does_not_say_that_it_is_about_to_start() {
        let (reason, idle, _) = told(|scene| scene.disk = Some("no space is left"));
        assert_eq!(reason, WaitReason::Trouble);
        assert!(idle.contains("nothing can be written: no space is left"), "{idle}");
    }

    #[test]
    fn a_job_that_runs_alone_is_named_to_all_that_wait_for_it() {
        let suspect = JobId::new(NOON, 7);
        let of = |running, waiting: &[JobId], come_first| {
            let waiting = waiting.iter().map(|id| (*id, "asker".to_owned())).collect();
            let suspects: &'static Suspects = Box::leak(Box::new(Suspects { running, waiting, come_first }));
            told(|scene| scene.suspects = suspects)
        };
        let (reason, idle, _) = of(Some(suspect), &[], false);
        assert_eq!(reason, WaitReason::Slot);
        assert!(idle.contains(&format!("job {suspect} was there in three crashes")), "{idle}");
        assert!(idle.contains("runs alone") && idle.contains("cancel it"), "{idle}");
        let (_, idle, _) = of(None, &[suspect], true);
        assert!(idle.contains(&suspect.to_string()) && idle.contains("nothing new begins"), "{idle}");
        let (_, idle, _) = of(None, &[suspect], false);
        assert!(idle.contains("about to start"), "others go first: {idle}");
        let (_, idle, _) = of(None, &[queued().id], false);
        assert!(idle.contains("it runs alone, once nothing else runs"), "{idle}");
        let (_, idle, _) = told(|scene| {
            let waiting = vec![(suspect, "gone".to_owned())];
            scene.suspects = Box::leak(Box::new(Suspects { running: None, waiting, come_first: true }));
        });
        assert!(idle.contains("about to start"), "whose agent is gone keeps nobody back: {idle}");
    }

    #[test]
    fn all_that_wait_besides_the_first_are_counted() {
        let counts = QueueCounts { queued: 1, scheduled: 25, ..QueueCounts::default() };
        assert_eq!(besides(JobState::Queued, &counts).to_string(), ". Besides it wait: 25 scheduled");
        assert_eq!(
            besides(JobState::Running, &counts).to_string(),
            ". Besides it wait: 1 queued, 25 scheduled"
        );
        let one = QueueCounts { queued: 1, ..QueueCounts::default() };
        assert_eq!(besides(JobState::Queued, &one).to_string(), "");
    }

    #[test]
    fn an_agent_that_is_still_to_come_is_told_with_what_it_waits_for() {
        for (state, says) in [
            (AgentState::Compiling, "is being compiled, or waits for its turn"),
            (AgentState::Delayed, "no space left; the host tries again within 4s"),
        ] {
            let coming = [AgentInfo { reason: Some(says.to_owned()), ..agent(state) }];
            let (agents, brake) = (&coming, BrakeState::default());
            let scene = Scene {
                agents,
                upstream: UpstreamKind::Simulated,
                slots: 3,
                running: 0,
                brake: &brake,
                suspects: &Suspects::default(),
                pause: None,
                disk: None,
                circuit: CircuitReport::Closed { failures: 0 },
                now: NOON,
            };
            let waits = wait(&queued(), &scene);
            // An agent that is known from before takes jobs while it is compiled.
            if state.takes_jobs() {
                assert_eq!(waits.expect("it waits").reason, WaitReason::Slot);
                continue;
            }
            let waits = waits.expect("it waits");
            assert_eq!(waits.reason, WaitReason::AgentMissing);
            assert!(waits.detail.contains(says) && waits.detail.contains("starts by itself"), "{waits:?}");
        }
    }

    #[test]
    fn slots_agents_and_upstream_are_named_each_for_itself() {
        assert!(told(|scene| (scene.slots, scene.running) = (1, 1)).1.contains("the only slot is busy"));
        assert!(told(|scene| scene.running = 3).1.contains("all 3 slots are busy"));
        assert!(told(|scene| scene.running = 2).1.contains("kept for critical jobs"));
        assert_eq!(told(|scene| scene.agents = &[]).0, WaitReason::AgentMissing);
        let suspects = Suspects::default();
        let pause = QueuePause { reason: "a deployment".into(), by: "ann".into(), since: NOON };
        let job = queued();
        let brake = BrakeState::default();
        let agents = [agent(AgentState::Ready)];
        let paused = Scene {
            agents: &agents,
            upstream: UpstreamKind::Simulated,
            slots: 3,
            running: 0,
            brake: &brake,
            pause: Some(&pause),
            suspects: &suspects,
            disk: None,
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        assert_eq!(wait(&job, &paused).expect("it waits").reason, WaitReason::Paused);
        let idle = why_idle(&[job], &QueueCounts::default(), &paused).expect("it says so");
        assert_eq!(idle.to_string(), "The queue is paused by ann (a deployment); resume it to run jobs");
        let disabled = [agent(AgentState::Disabled)];
        let job = queued();
        let brake = BrakeState::default();
        let scene = Scene {
            agents: &disabled,
            upstream: UpstreamKind::Live,
            slots: 3,
            running: 0,
            brake: &brake,
            pause: None,
            suspects: &suspects,
            disk: None,
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        let reason = |scene: &Scene<'_>| wait(&job, scene).expect("it waits").reason;
        assert_eq!(reason(&scene), WaitReason::Upstream, "whatever else is wrong too");
        assert_eq!(reason(&Scene { upstream: UpstreamKind::Simulated, ..scene }), WaitReason::AgentDisabled);
    }
}
