//! What control goes by.

use anvil_budget::{BatchRule, PressureSteps};
use anvil_plan::{PlannedHost, PlannedPreset};
use anvil_store::{ReplyBounds, Retention};
use anvil_types::{InputLimits, Nanodollars, PerAgent, StateSize, UpstreamKind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is planned with.
#[derive(Clone, Debug)]
pub struct PlanSettings {
    /// This host, as its settings have it.
    pub own: PlannedHost,
    /// A host of each preset.
    pub presets: Vec<PlannedPreset>,
}

/// What control goes by.
#[derive(Clone, Debug)]
pub struct ControlSettings {
    /// The upstream that is asked.
    pub upstream: UpstreamKind,
    /// From which pressure on calls are slowed, and answered by a cheaper model.
    pub pressure: PressureSteps,
    /// How much each agent may keep beyond its jobs.
    pub state: PerAgent<StateSize>,
    /// The most that a job of an agent may spend that says nothing of it, where that is the agent's own.
    pub own_costs: BTreeMap<String, Nanodollars>,
    /// How long the past is kept.
    pub retention: Retention,
    /// Whether calls of jobs in no hurry go out in batches.
    pub batches: bool,
    /// When, and how large a batch may be.
    pub batch_rule: BatchRule,
    /// Whether replies are kept to answer the same question again.
    pub reply_cache: bool,
    /// How many of them, and for how long.
    pub replies: ReplyBounds,
    /// How much of files a job may come with.
    pub inputs: PerAgent<InputLimits>,
    /// How many attempts a job has.
    pub attempts: PerAgent<u32>,
    /// Where files on their way in are written down, until they are a job's.
    pub uploads: PathBuf,
    /// What is planned with.
    pub plan: PlanSettings,
    /// Where each limit's value comes from before anyone changes it at run time.
    pub limit_sources: BTreeMap<String, String>,
}
