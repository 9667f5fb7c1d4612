//! The parts of the host that run jobs and answer people, as a sentence has them.

/// A part of the host that lives as long as it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPart {
    /// Tells people of parts that fell.
    Fallen,
    /// Takes jobs from the queue.
    Dispatch,
    /// Keeps leases alive.
    Heartbeat,
    /// Does what people want of many jobs.
    JobActions,
    /// Takes out what is old.
    Retention,
    /// Predicts the host's own days.
    Predictions,
    /// Makes the jobs of schedules.
    Schedules,
    /// Tells people of a job that all others wait for.
    LoneJobs,
    /// Follows the agents as they come and go.
    Agents,
}

impl HostPart {
    /// Its name, as a sentence has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fallen => "what tells of fallen parts",
            Self::Dispatch => "the dispatch of jobs",
            Self::Heartbeat => "the heartbeat of leases",
            Self::JobActions => "actions on many jobs",
            Self::Retention => "retention",
            Self::Predictions => "predictions",
            Self::Schedules => "schedules",
            Self::LoneJobs => "what tells of a job that runs alone",
            Self::Agents => "what follows the agents",
        }
    }
}

/// Why a part ended though nobody asked it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartEnd {
    /// Whoever tells of agents has gone.
    CatalogSilent,
}

impl PartEnd {
    /// As a sentence has it.
    pub fn why(self) -> &'static str {
        match self {
            Self::CatalogSilent => "the catalog tells nothing more",
        }
    }
}
