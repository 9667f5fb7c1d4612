//! Why a job waits, and why nothing runs: one place that knows.

use anvil_budget::CircuitReport;
use anvil_store::{BrakeState, QueueCounts, QueuePause, Suspects};
use anvil_types::{AgentInfo, AgentState, Job, JobState, Timestamp, UpstreamKind, Wait, WaitReason};

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
    /// The circuit to the upstream.
    pub circuit: CircuitReport,
    pub now: Timestamp,
}

/// How an upstream that fails again and again keeps calls back.
fn kept_back(scene: &Scene<'_>) -> Option<(&'static str, Timestamp)> {
    match scene.circuit {
        CircuitReport::Open { until } if scene.now < until => {
            Some(("Claude failed again and again: no call goes out, then one tries again", until))
        }
        CircuitReport::HalfOpen { until } if scene.now < until => {
            Some(("Claude failed again and again, and one call tries whether it is back", until))
        }
        _ => None,
    }
}

fn paused(pause: &QueuePause) -> String {
    format!("the queue is paused by {} ({}); resume it to run jobs", pause.by, pause.reason)
}

/// How a job that was there in crashes of the host keeps a queued one back.
fn behind_a_suspect(job: &Job, scene: &Scene<'_>) -> Option<String> {
    const THERE: &str = "was there in three crashes of the host";
    let others = "cancel it to let the others go on";
    if let Some(alone) = scene.suspects.running {
        return Some(format!("job {alone} {THERE} and runs alone until it has a new answer; {others}"));
    }
    if scene.suspects.waiting.iter().any(|(id, _)| *id == job.id) {
        return Some(format!("the job {THERE}: it runs alone, once nothing else runs"));
    }
    let ready = |name: &str| scene.agents.iter().any(|agent| agent.name == name && agent.state.takes_jobs());
    let (first, _) = scene.suspects.waiting.iter().find(|(_, agent)| ready(agent))?;
    scene.suspects.come_first.then(|| {
        format!("job {first} {THERE}: it runs alone once what runs has ended, and nothing new begins before; {others}")
    })
}

/// What a job waits for, beyond what its row says.
pub(crate) fn wait(job: &Job, scene: &Scene<'_>) -> Option<Wait> {
    let because = |reason, detail: String| Some(Wait { reason, detail, until: None, refused_at: None });
    match job.state {
        JobState::Queued => {}
        // It ran when a host last asked its upstream, and goes on when one does again.
        JobState::Running if job.upstream != scene.upstream => {}
        JobState::Scheduled | JobState::Parked | JobState::Running => return job.waiting_for.clone(),
        _ => return None,
    }
    if job.upstream != scene.upstream {
        return because(
            WaitReason::Upstream,
            format!(
                "the job was submitted to the {} Claude, and the host asks the {} one; start the host as it was then",
                job.upstream, scene.upstream
            ),
        );
    }
    if let Some(pause) = scene.pause {
        return because(WaitReason::Paused, paused(pause));
    }
    let mut files = scene.agents.iter().filter(|agent| agent.name == job.agent);
    if !files.clone().any(|agent| agent.state.takes_jobs()) {
        if files.any(|agent| agent.state == AgentState::Disabled) {
            return because(
                WaitReason::AgentDisabled,
                format!("the agent `{}` is switched off; switch it on to run the job", job.agent),
            );
        }
        let coming = [AgentState::Compiling, AgentState::Delayed];
        let mut files = scene.agents.iter().filter(|agent| agent.name == job.agent);
        if let Some(agent) = files.find(|agent| coming.contains(&agent.state)) {
            let why = agent.reason.as_deref().unwrap_or("it is being loaded");
            return because(
                WaitReason::AgentMissing,
                format!("the agent `{}` is not ready: {why}; the job starts by itself", job.agent),
            );
        }
        return because(
            WaitReason::AgentMissing,
            format!("there is no agent `{}` now; drop its plugin into the plugins folder", job.agent),
        );
    }
    if let Some((how, until)) = kept_back(scene) {
        let detail = format!("{how}; the job goes on by itself when it answers");
        return Some(Wait { reason: WaitReason::Circuit, detail, until: Some(until), refused_at: None });
    }
    if let Some(detail) = behind_a_suspect(job, scene) {
        return because(WaitReason::Slot, detail);
    }
    if scene.running >= scene.slots {
        let detail = match scene.slots {
            1 => "the only slot is busy".to_owned(),
            slots => format!("all {slots} slots are busy"),
        };
        return because(WaitReason::Slot, detail);
    }
    if scene.running + 1 >= scene.slots && scene.slots > 1 {
        return because(
            WaitReason::Slot,
            format!(
                "{} of {} slots are busy, and the last is kept for critical jobs",
                scene.running, scene.slots
            ),
        );
    }
    because(WaitReason::Slot, "it is about to start".to_owned())
}

/// Why nothing runs, or why what runs does not get on: the reason of the job that is first in line, and how many
/// wait besides.
pub(crate) fn why_idle(waiting: &[Job], counts: &QueueCounts, scene: &Scene<'_>) -> Option<String> {
    if scene.brake.engaged() {
        let reasons: Vec<_> = scene.brake.causes.iter().map(|cause| cause.reason.as_str()).collect();
        return Some(format!("The brake is engaged: {}", reasons.join("; ")));
    }
    if let Some(pause) = scene.pause.filter(|_| waiting.iter().any(|job| job.state == JobState::Queued)) {
        let told = paused(pause);
        return Some(format!("T{}", told.trim_start_matches('t')));
    }
    if let Some((how, until)) = kept_back(scene).filter(|_| !waiting.is_empty()) {
        let again = until.away(scene.now);
        return Some(format!("{how} (next: {again}); jobs go on by themselves when it answers"));
    }
    let (first, wait) = waiting.iter().find_map(|job| wait(job, scene).map(|wait| (job, wait)))?;
    let until = wait.until.map(|until: Timestamp| format!("; it goes on {}", until.away(scene.now)));
    let until = until.unwrap_or_default();
    Some(format!("Job {} waits: {}{until}{}", first.id, wait.detail, besides(first.state, counts)))
}

/// All others that wait, by how they do.
fn besides(first: JobState, counts: &QueueCounts) -> String {
    let others = [
        (JobState::Queued, counts.queued, "queued"),
        (JobState::Parked, counts.parked, "parked"),
        (JobState::Scheduled, counts.scheduled, "scheduled"),
    ];
    let told: Vec<String> = others
        .into_iter()
        .map(|(state, count, name)| (count.saturating_sub(u64::from(state == first)), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if told.is_empty() { String::new() } else { format!(". Besides it wait: {}", told.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Effort, JobId, Json, Nanodollars, Priority};

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
            loaded_at: NOON,
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
            max_cost: Nanodollars::ZERO,
            calls: 0,
            waiting_for: None,
            result: None,
            error: None,
            progress: None,
            progress_line: None,
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
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
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        change(&mut scene);
        let job = queued();
        let waits = wait(&job, &scene).expect("a queued job waits for something");
        let idle = why_idle(&[job], &QueueCounts::default(), &scene).expect("whoever waits is explained");
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
        assert_eq!(besides(JobState::Queued, &counts), ". Besides it wait: 25 scheduled");
        assert_eq!(besides(JobState::Running, &counts), ". Besides it wait: 1 queued, 25 scheduled");
        assert_eq!(besides(JobState::Queued, &QueueCounts { queued: 1, ..QueueCounts::default() }), "");
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
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        assert_eq!(wait(&job, &paused).expect("it waits").reason, WaitReason::Paused);
        let idle = why_idle(&[job], &QueueCounts::default(), &paused).expect("it says so");
        assert_eq!(idle, "The queue is paused by ann (a deployment); resume it to run jobs");
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
            circuit: CircuitReport::Closed { failures: 0 },
            now: NOON,
        };
        let reason = |scene: &Scene<'_>| wait(&job, scene).expect("it waits").reason;
        assert_eq!(reason(&scene), WaitReason::Upstream, "whatever else is wrong too");
        assert_eq!(reason(&Scene { upstream: UpstreamKind::Simulated, ..scene }), WaitReason::AgentDisabled);
    }
}
