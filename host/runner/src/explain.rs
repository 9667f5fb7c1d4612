//! Why a job waits, and why nothing runs: one place that knows.

use crate::attempt::takes_jobs;
use anvil_store::BrakeState;
use anvil_types::{AgentInfo, AgentState, Job, JobState, Timestamp, UpstreamKind, Wait, WaitReason};

/// What the answer follows from.
pub(crate) struct Scene<'a> {
    pub agents: &'a [AgentInfo],
    pub upstream: UpstreamKind,
    pub slots: u32,
    pub running: u32,
    pub brake: &'a BrakeState,
    /// Until when no call goes out, since the upstream fails again and again.
    pub circuit_open: Option<Timestamp>,
}

/// What a job waits for, beyond what its row says.
pub(crate) fn wait(job: &Job, scene: &Scene<'_>) -> Option<Wait> {
    let because = |reason, detail: String| Some(Wait { reason, detail, until: None, refused_at: None });
    match job.state {
        JobState::Queued => {}
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
    let mut files = scene.agents.iter().filter(|agent| agent.name == job.agent);
    if !files.clone().any(|agent| takes_jobs(agent.state)) {
        if files.any(|agent| agent.state == AgentState::Disabled) {
            return because(
                WaitReason::AgentDisabled,
                format!("the agent `{}` is switched off; switch it on to run the job", job.agent),
            );
        }
        return because(
            WaitReason::AgentMissing,
            format!("there is no agent `{}` now; drop its plugin into the plugins folder", job.agent),
        );
    }
    if scene.running >= scene.slots {
        return because(WaitReason::Slot, format!("all {} slots are busy", scene.slots));
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

/// Why nothing runs, or why what runs does not get on: the reason of the job that is first in line.
pub(crate) fn why_idle(waiting: &[Job], scene: &Scene<'_>) -> Option<String> {
    if scene.brake.engaged() {
        let reasons: Vec<_> = scene.brake.causes.iter().map(|cause| cause.reason.as_str()).collect();
        return Some(format!("The brake is engaged: {}", reasons.join("; ")));
    }
    if let Some(until) = scene.circuit_open.filter(|_| !waiting.is_empty()) {
        return Some(format!(
            "Claude failed again and again: no call goes out (until {until}), then one tries again; jobs go on by \
             themselves when it answers"
        ));
    }
    let (first, wait) = waiting.iter().find_map(|job| wait(job, scene).map(|wait| (job, wait)))?;
    // Many a sentence says so itself.
    let untold = wait.until.filter(|_| !wait.detail.contains("until"));
    let until = untold.map(|until: Timestamp| format!(" (until {until})")).unwrap_or_default();
    Some(format!("Job {} waits: {}{until}", first.id, wait.detail))
}
