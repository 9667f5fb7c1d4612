//! The limits of an agent, as they are in force for its next attempt.

use crate::attempt;
use crate::shared::Runner;
use anvil_store::QuestionRules;
use anvil_types::{AttemptUse, LimitUnit, LimitUsed};
use std::time::Duration;

/// What was used beside what an attempt tells of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobUse {
    /// What an attempt used.
    pub attempt: AttemptUse,
    /// Calls that were sent.
    pub calls: Option<u64>,
    /// Files that were handed over.
    pub artifacts: Option<u64>,
    /// Their bytes.
    pub artifact_bytes: Option<u64>,
}

impl Runner {
    /// A limit of an agent with what was used of it, by its name under `[agents.NAME]` and the setting that holds for
    /// all agents.
    pub fn limit_of(
        &self,
        agent: &str,
        name: &str,
        everyones: &str,
        unit: LimitUnit,
        (limit, used): (u64, Option<u64>),
    ) -> LimitUsed {
        let is_own = self.shared.settings.agent(agent).given.contains(&name);
        let setting = if is_own { format!("agents.{agent}.{name}") } else { everyones.to_owned() };
        LimitUsed { name: name.to_owned(), setting, unit, limit, used }
    }

    /// How many questions of this agent may be open.
    pub fn questions_of(&self, agent: &str) -> QuestionRules {
        self.shared.settings.questions_of(agent)
    }

    /// The limits of an agent's attempts, each beside what was used of it.
    pub fn limits_of(&self, agent: &str, used: &JobUse) -> Vec<LimitUsed> {
        let settings = &self.shared.settings;
        let own = settings.agent(agent);
        let limits = match self.shared.catalog.get(agent) {
            Some(plugin) => attempt::limits(&self.shared, &plugin, &own),
            None => own.attempt.unwrap_or(settings.attempt),
        };
        let calls = own.calls.unwrap_or(settings.calls);
        let at_once = own.calls_at_once.unwrap_or(settings.calls_at_once);
        let of = |name: &'static str, section: &str, unit: LimitUnit, limit: u64, used: Option<u64>| {
            self.limit_of(agent, name, &format!("{section}.{name}"), unit, (limit, used))
        };
        let (bytes, micros, count) = (LimitUnit::Bytes, LimitUnit::Micros, LimitUnit::Count);
        let one = &used.attempt;
        vec![
            of("cpu_s", "jobs", micros, whole_micros(limits.cpu_time), Some(one.cpu_us)),
            of("wall_s", "jobs", micros, whole_micros(limits.wall_time), Some(one.wall_us)),
            of("memory_mb", "sandbox", bytes, limits.memory_bytes as u64, Some(one.memory_bytes)),
            of("table_elements", "sandbox", count, limits.table_elements as u64, Some(one.table_elements)),
            of("log_lines", "sandbox", count, limits.log_lines.into(), Some(one.log_lines)),
            of("log_bytes", "sandbox", bytes, limits.log_bytes as u64, Some(one.log_bytes)),
            of("calls", "jobs", count, calls.into(), used.calls),
            of("calls_parallel", "jobs", count, at_once as u64, None),
            of("artifacts", "sandbox", count, limits.artifacts as u64, used.artifacts),
            of("artifact_bytes", "sandbox", bytes, limits.artifact_bytes as u64, used.artifact_bytes),
            of("value_bytes", "sandbox", bytes, limits.hostcall_bytes as u64, None),
            of("resources", "sandbox", count, limits.resources as u64, None),
            of("instances", "sandbox", count, limits.instances as u64, None),
        ]
    }
}

fn whole_micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
