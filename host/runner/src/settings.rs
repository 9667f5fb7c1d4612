//! What the runner goes by.

use anvil_sandbox::AttemptLimits;
use anvil_store::{QuarantineRule, QuestionRules};
use anvil_types::{AgentValues, Effort, PerAgent, StateSize, Tier, UpstreamKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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
    /// What an attempt may take, where anything of it differs from everyone's.
    pub attempt: Option<AttemptLimits>,
    /// Calls that one job may make, where it differs from everyone's.
    pub calls: Option<u32>,
    /// Calls of one job that may be under way at once, where it differs from everyone's.
    pub calls_at_once: Option<usize>,
    /// Questions of one job that may be open at once, where that differs from everyone's.
    pub open_of_job: Option<u64>,
    /// Questions of all its jobs that may be open at once, where that differs from everyone's.
    pub open_of_agent: Option<u64>,
    /// The names of the settings that are its own.
    pub given: Vec<&'static str>,
    /// Whether its tool loops get a task budget, where that differs from what it says of itself.
    pub task_budget: Option<bool>,
    /// Whether it shares replies with other agents that do.
    pub share_replies: bool,
    /// The weakest tier that its owner lets answer it.
    pub model_floor: Option<Tier>,
    /// Whether a score moves the effort of its requests that say none, where that differs from everyone's.
    pub by_score: Option<bool>,
    /// The efforts of actions that its owner has given one.
    pub efforts: BTreeMap<String, Effort>,
    /// Whether the calls of its jobs go out in batches, where a job does not say.
    pub economy: bool,
    /// The agents that it may hand work to.
    pub may_call: Vec<String>,
    /// What the plugin may read of its configuration, where a job has not begun.
    pub values: AgentValues,
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
    /// How many questions to people may be open, and how people are told.
    pub questions: QuestionRules,
    /// Whether agents that have tool loops get a task budget from what their job may spend.
    pub task_budget: bool,
    /// How much each agent may keep beyond its jobs.
    pub state: PerAgent<StateSize>,
    /// When a version that jobs break on is set aside.
    pub quarantine: QuarantineRule,
    /// The agents' own settings.
    pub agents: BTreeMap<String, AgentSettings>,
}

impl RunnerSettings {
    pub(crate) fn agent(&self, name: &str) -> AgentSettings {
        self.agents.get(name).cloned().unwrap_or_default()
    }

    /// How many questions of this agent may be open, and how people are told.
    pub(crate) fn questions_of(&self, agent: &str) -> QuestionRules {
        let own = self.agents.get(agent);
        QuestionRules {
            open_of_subject: own.and_then(|own| own.open_of_job).unwrap_or(self.questions.open_of_subject),
            open_of_asker: own.and_then(|own| own.open_of_agent).unwrap_or(self.questions.open_of_asker),
            ..self.questions
        }
    }
}

/// The agents that share replies now, where this is one of them.
pub(crate) fn sharers(
    agents: &BTreeMap<String, AgentSettings>,
    agent: &str,
) -> Option<Arc<BTreeSet<String>>> {
    agents.get(agent).filter(|own| own.share_replies)?;
    let all = agents.iter().filter(|(_, own)| own.share_replies);
    Some(Arc::new(all.map(|(name, _)| name.clone()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_shares_replies_with_those_that_share_too_and_with_nobody_where_it_does_not() {
        let agents = [("a", true), ("b", false), ("c", true)].map(|(name, share_replies)| {
            (name.to_owned(), AgentSettings { share_replies, ..AgentSettings::default() })
        });
        let agents = BTreeMap::from(agents);
        let of = |agent| sharers(&agents, agent).map(|all| all.iter().cloned().collect::<Vec<_>>());
        assert_eq!(of("a"), Some(vec!["a".to_owned(), "c".to_owned()]));
        assert_eq!((of("b"), of("nobody")), (None, None));
    }
}
