//! `[agents.NAME]`: what is different for one agent.

use crate::reader::Reader;
use crate::value::Value;
use anvil_types::{Compression, Nanodollars, Tier};
use std::collections::BTreeMap;

macro_rules! agent_keys {
    ($($(#[doc = $doc:literal])+ $key:ident: $type:ty $(, $least:literal..=$most:literal)?;)+) => {
        /// What is different for one agent. What is absent is as for all.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct AgentSection {
            $($(#[doc = $doc])+ pub $key: Option<$type>,)+
            /// What the agent itself reads as its settings.
            pub settings: BTreeMap<String, String>,
        }

        /// A setting of one agent: its name, what it has to be, and what it means.
        pub(crate) const AGENT_KEYS: &[(&str, &str, &str)] =
            &[$((stringify!($key), <$type as Value>::EXPECTED, concat!($($doc, "\n"),+)),)+];

        impl AgentSection {
            /// Reads one key, that of this path.
            fn read(&mut self, reader: &mut Reader<'_>, path: &str, key: &str) {
                match key {
                    $(stringify!($key) => self.$key = reader.given(path, agent_keys!(@range $($least, $most)?)),)+
                    _ => {
                        if let (Some(key), Some(value)) = (key.strip_prefix("settings."), reader.given(path, None)) {
                            self.settings.insert(key.to_owned(), value);
                        }
                    }
                }
            }

            /// Every key that is set, with its value as TOML.
            fn shown(&self) -> Vec<(&'static str, String)> {
                let known = [$((stringify!($key), self.$key.as_ref().map(Value::show)),)+];
                known.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
            }
        }
    };
    (@range) => { None };
    (@range $least:literal, $most:literal) => { Some(($least, $most)) };
}

agent_keys! {
    /// Output tokens of one call, in place of `limits.max_output_tokens`.
    max_output_tokens: u32, 1.0..=1_000_000.0;
    /// Input tokens of one call, by the estimate, in place of `limits.max_input_tokens`.
    max_input_tokens: u32, 1.0..=10_000_000.0;
    /// Seconds that an attempt may take, in place of `jobs.wall_s`.
    wall_s: u64, 1.0..=604_800.0;
    /// Seconds that an attempt may compute, in place of `jobs.cpu_s`.
    cpu_s: u64, 1.0..=86_400.0;
    /// Dollars that a job of it may spend that does not say, in place of `limits.job_usd`.
    job_usd: Nanodollars, 0.000_001..=1_000_000.0;
    /// Calls that one job may make, in place of `jobs.calls`.
    calls: u32, 1.0..=100_000.0;
    /// Calls that one job may have under way at once, in place of `jobs.calls_parallel`.
    calls_parallel: u32, 1.0..=256.0;
    /// MiB of memory, in place of `sandbox.memory_mb`.
    memory_mb: u32, 1.0..=65_536.0;
    /// Elements of tables, in place of `sandbox.table_elements`.
    table_elements: u32, 1.0..=10_000_000.0;
    /// Core instances, memories and tables, in place of `sandbox.instances`.
    instances: u32, 1.0..=10_000.0;
    /// Lines of log, in place of `sandbox.log_lines`.
    log_lines: u32, 1.0..=10_000_000.0;
    /// Bytes of log, in place of `sandbox.log_bytes`.
    log_bytes: u64, 1024.0..=1_073_741_824.0;
    /// Files that a job may hand over, in place of `sandbox.artifacts`.
    artifacts: u32, 0.0..=100_000.0;
    /// Bytes of all files that a job hands over, in place of `sandbox.artifact_bytes`.
    artifact_bytes: u64, 0.0..=17_179_869_184.0;
    /// Bytes of one value that crosses between host and plugin, in place of `sandbox.value_bytes`.
    value_bytes: u64, 1024.0..=1_073_741_824.0;
    /// Handles that it may hold at once, in place of `sandbox.resources`.
    resources: u32, 16.0..=1_000_000.0;
    /// Percent of the queue's places that its unfinished jobs may fill, in place of `jobs.agent_queue_percent`.
    queue_percent: u32, 1.0..=100.0;
    /// Attempts of a job of it in all, in place of `jobs.max_attempts`.
    max_attempts: u32, 1.0..=100.0;
    /// Files that a job of it may be submitted with, in place of `jobs.input_files`.
    input_files: u32, 0.0..=256.0;
    /// Bytes of one of them, in place of `jobs.input_file_bytes`.
    input_file_bytes: u64, 0.0..=1_073_741_824.0;
    /// Bytes of all of them together, in place of `jobs.input_bytes`.
    input_bytes: u64, 0.0..=4_294_967_296.0;
    /// Questions of one job that may be open at once, in place of `people.open_of_job`.
    open_of_job: u64, 1.0..=10_000.0;
    /// Questions of all jobs of it that may be open at once, in place of `people.open_of_agent`.
    open_of_agent: u64, 1.0..=1_000_000.0;
    /// Whether its tool loops get a task budget from what their job may spend, in place of what it says of itself
    /// and of `jobs.task_budget`.
    task_budget: bool;
    /// Keys that it may keep beyond its jobs, in place of `sandbox.state_keys`.
    state_keys: u32, 0.0..=1_000_000.0;
    /// Bytes of keys and values that it may keep beyond its jobs, in place of `sandbox.state_bytes`.
    state_bytes: u64, 0.0..=1_073_741_824.0;
    /// Whether it shares kept replies with the other agents that say so too: the same request of one of them is answered by
    /// what another has paid for. Absent: its replies answer itself alone.
    share_replies: bool;
    /// How far its prompts are compressed, in place of `saving.compression`.
    compression: Compression;
    /// The weakest tier that may answer it, where that is above what it says of itself: neither its own wish nor pressure
    /// goes below.
    model_floor: Tier;
    /// Whether a score chooses the effort of a request of it that says none, in place of `models.by_score`.
    by_score: bool;
    /// Actions of it whose requests are `simple` work where they do not say, in place of the effort that it says of itself.
    simple_actions: Vec<String>;
    /// Actions of it whose requests are `complex` work where they do not say.
    complex_actions: Vec<String>;
    /// Whether the calls of its jobs go out in batches, at half price, while the jobs wait for up to a day (most for less
    /// than an hour), where a job does not say (`economy`). Absent: they go out at once.
    economy: bool;
    /// The agents that it may hand work to (`team` in the contract). Absent: none.
    may_call: Vec<String>;
}

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
        agents.entry(name.to_owned()).or_default().read(reader, &path, key);
    }
    agents
}

impl AgentSection {
    /// Every key that is set, by its path, with its value as TOML.
    pub(crate) fn show(&self, name: &str) -> Vec<(String, String)> {
        let known = self.shown().into_iter().map(|(key, value)| (format!("agents.{name}.{key}"), value));
        let own =
            self.settings.iter().map(|(key, value)| (format!("agents.{name}.settings.{key}"), value.show()));
        known.chain(own).collect()
    }

    /// The names of the keys that are set.
    pub fn given(&self) -> Vec<&'static str> {
        self.shown().into_iter().map(|(key, _)| key).collect()
    }
}
