//! What the runner goes by.

use anvil_sandbox::AttemptLimits;
use anvil_types::UpstreamKind;
use std::collections::BTreeMap;
use std::time::Duration;

/// One agent's own settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentSettings {
    /// Input tokens a call, where it differs from everyone's.
    pub max_input_tokens: Option<u32>,
    /// Output tokens a call, where it differs from everyone's.
    pub max_output_tokens: Option<u32>,
    /// The longest an attempt may take, where it differs from everyone's; waiting is not counted.
    pub wall_time: Option<Duration>,
    /// The agents that it may hand work to.
    pub may_call: Vec<String>,
    /// What the plugin may read of its configuration.
    pub values: BTreeMap<String, String>,
}

/// What the runner goes by.
#[derive(Clone)]
pub struct RunnerSettings {
    /// The upstream that is asked.
    pub upstream: UpstreamKind,
    /// The wait before the second attempt; × 1.5 before each further one, with jitter.
    pub back_off: Duration,
    /// How long a lease holds without a heartbeat.
    pub lease: Duration,
    /// How often leases are kept alive.
    pub heartbeat: Duration,
    /// Calls that one job may make.
    pub calls: u32,
    /// Calls of one job that may be under way at once.
    pub calls_at_once: usize,
    /// Slots never rise above this.
    pub hard_slots: u32,
    /// How long slots stay as they are after they were lowered or raised.
    pub scale_cooldown: Duration,
    /// What one attempt may take.
    pub attempt: AttemptLimits,
    /// The agents' own settings.
    pub agents: BTreeMap<String, AgentSettings>,
}

impl RunnerSettings {
    pub(crate) fn agent(&self, name: &str) -> AgentSettings {
        self.agents.get(name).cloned().unwrap_or_default()
    }
}
