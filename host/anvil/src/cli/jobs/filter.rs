//! Which jobs: the filter of every command on many of them.

use anvil_types::{JobFilter, JobState, Priority};
use clap::Args;

/// Which jobs.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FilterArgs {
    /// Only jobs in this state; can be given several times.
    #[arg(long, value_name = "STATE")]
    state: Vec<JobState>,
    /// Only this agent's.
    #[arg(long)]
    agent: Option<String>,
    /// Only jobs with this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Only jobs of this priority.
    #[arg(long)]
    priority: Option<Priority>,
    /// Only jobs in whose payload, result or error all of these words occur; `"a phrase"`, `begin*`.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

impl FilterArgs {
    /// Whether it lets everything through.
    pub(super) fn is_empty(&self) -> bool {
        self.body() == JobFilter::default()
    }

    /// As the parameters of a list.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let mut query: Vec<(&str, String)> = Vec::new();
        query.extend(self.state.iter().map(|state| ("state", state.to_string())));
        query.extend(self.agent.iter().map(|agent| ("agent", agent.clone())));
        query.extend(self.tag.iter().map(|tag| ("tag", tag.clone())));
        query.extend(self.priority.iter().map(|priority| ("priority", priority.to_string())));
        query.extend(self.search.iter().map(|words| ("q", words.clone())));
        query
    }

    /// As the filter of an action.
    pub(super) fn body(&self) -> JobFilter {
        JobFilter {
            states: self.state.clone(),
            agent: self.agent.clone(),
            tag: self.tag.clone(),
            priority: self.priority,
            search: self.search.clone(),
            ..JobFilter::default()
        }
    }
}
