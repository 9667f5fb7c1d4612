//! Which jobs: the filter of lists, exports and actions.

use crate::{Job, JobId, JobState, Priority, UpstreamKind};
use serde::{Deserialize, Serialize};

/// Which jobs to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JobFilter {
    /// Only these states; all where empty.
    #[serde(default, rename = "state", skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<JobState>,
    /// Only this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Only jobs with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Only jobs of this upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<UpstreamKind>,
    /// Only this priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Only jobs in whose payload, result or error all of these words occur: single ones, "phrases in
    /// quotes", and beginnings with a `*` behind. Nothing that is typed is an error.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only jobs that no other job leads: of a tree its root alone.
    #[serde(skip)]
    pub roots: bool,
    /// Older than this job: the `next` of the page before.
    #[serde(skip)]
    pub after: Option<JobId>,
    /// The most jobs; 1 to 500.
    #[serde(skip)]
    pub limit: u32,
}

impl JobFilter {
    /// Whether a job fits, as far as its own row tells: its words are not looked at.
    pub fn lets_through(&self, job: &Job) -> bool {
        (self.states.is_empty() || self.states.contains(&job.state))
            && self.agent.as_ref().is_none_or(|agent| job.agent == *agent)
            && self.tag.as_ref().is_none_or(|tag| job.tags.contains(tag))
            && self.upstream.is_none_or(|upstream| job.upstream == upstream)
            && self.priority.is_none_or(|priority| job.priority == priority)
            && (!self.roots || job.lead.is_none())
    }
}
