//! `[agents.NAME]`: what is different for one agent.

use crate::reader::Reader;
use crate::value::Value;
use std::collections::BTreeMap;

/// What is different for one agent. What is absent is as for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentSection {
    /// Output tokens of one call.
    pub max_output_tokens: Option<u32>,
    /// Input tokens of one call, by the estimate.
    pub max_input_tokens: Option<u32>,
    /// Seconds that an attempt may take.
    pub wall_s: Option<u64>,
    /// Percent of the queue's places that its unfinished jobs may fill.
    pub queue_percent: Option<u32>,
    /// Whether its tool loops get a task budget.
    pub task_budget: Option<bool>,
    /// Keys that it may keep beyond its jobs.
    pub state_keys: Option<u32>,
    /// Bytes of keys and values that it may keep.
    pub state_bytes: Option<u64>,
    /// The agents that it may hand work to.
    pub may_call: Option<Vec<String>>,
    /// What the agent itself reads as its settings.
    pub settings: BTreeMap<String, String>,
}

/// A setting of one agent: its name, what it has to be, and what it means.
pub(crate) const AGENT_KEYS: &[(&str, &str, &str)] = &[
    (
        "max_output_tokens",
        u32::EXPECTED,
        "Output tokens of one call, in place of `limits.max_output_tokens`.",
    ),
    ("max_input_tokens", u32::EXPECTED, "Input tokens of one call, in place of `limits.max_input_tokens`."),
    ("wall_s", u64::EXPECTED, "Seconds that an attempt may take, in place of `jobs.wall_s`."),
    (
        "queue_percent",
        u32::EXPECTED,
        "Percent of the queue's places that its unfinished jobs may fill, in place of `jobs.agent_queue_percent`.",
    ),
    (
        "task_budget",
        bool::EXPECTED,
        "Whether its tool loops get a task budget from what their job may spend, in place of what it says of itself \
         and of `jobs.task_budget`.",
    ),
    ("state_keys", u32::EXPECTED, "Keys that it may keep beyond its jobs, in place of `sandbox.state_keys`."),
    (
        "state_bytes",
        u64::EXPECTED,
        "Bytes of keys and values that it may keep beyond its jobs, in place of `sandbox.state_bytes`.",
    ),
    (
        "may_call",
        <Vec<String>>::EXPECTED,
        "The agents that it may hand work to (`team` in the contract). Absent: none.",
    ),
];

/// What an agent's name is.
pub(crate) const AGENT_NAME: &str = "1 to 64 characters of a-z 0-9 -, the first no -";

/// Whether a text can be an agent's name, as the contract has it: 1 to 64 characters of `a-z 0-9 -`, of which the first
/// is no `-`.
pub(crate) fn is_agent_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Reads the sections of all agents that any layer names.
pub(crate) fn read_agents(reader: &mut Reader<'_>) -> BTreeMap<String, AgentSection> {
    let mut agents: BTreeMap<String, AgentSection> = BTreeMap::new();
    for path in reader.paths_under("agents.") {
        let Some((name, key)) = path.strip_prefix("agents.").and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        let agent = agents.entry(name.to_owned()).or_default();
        match key {
            "max_output_tokens" => agent.max_output_tokens = reader.given(&path, Some((1.0, 1_000_000.0))),
            "max_input_tokens" => agent.max_input_tokens = reader.given(&path, Some((1.0, 10_000_000.0))),
            "queue_percent" => agent.queue_percent = reader.given(&path, Some((1.0, 100.0))),
            "task_budget" => agent.task_budget = reader.given(&path, None),
            "state_keys" => agent.state_keys = reader.given(&path, Some((0.0, 1_000_000.0))),
            "state_bytes" => agent.state_bytes = reader.given(&path, Some((0.0, 1_073_741_824.0))),
            "may_call" => agent.may_call = reader.given(&path, None),
            "wall_s" => agent.wall_s = reader.given(&path, Some((1.0, 604_800.0))),
            _ => {
                if let (Some(key), Some(value)) = (key.strip_prefix("settings."), reader.given(&path, None)) {
                    agent.settings.insert(key.to_owned(), value);
                }
            }
        }
    }
    agents
}

impl AgentSection {
    /// Every key that is set, with its value as TOML.
    pub(crate) fn show(&self, name: &str) -> Vec<(String, String)> {
        let known = [
            ("max_output_tokens", self.max_output_tokens.map(|value| value.show())),
            ("max_input_tokens", self.max_input_tokens.map(|value| value.show())),
            ("wall_s", self.wall_s.map(|value| value.show())),
            ("queue_percent", self.queue_percent.map(|value| value.show())),
            ("task_budget", self.task_budget.map(|value| value.show())),
            ("state_keys", self.state_keys.map(|value| value.show())),
            ("state_bytes", self.state_bytes.map(|value| value.show())),
            ("may_call", self.may_call.as_ref().map(Value::show)),
        ];
        let known =
            known.into_iter().filter_map(|(key, value)| Some((format!("agents.{name}.{key}"), value?)));
        let own =
            self.settings.iter().map(|(key, value)| (format!("agents.{name}.settings.{key}"), value.show()));
        known.chain(own).collect()
    }
}
