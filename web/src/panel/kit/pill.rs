//! A state as a coloured pill: colour, shape and word, so that none of them stands alone.

use anvil_types::{AgentState, AlertState, CallState, DeliveryState, JobState, VersionState};
use askama::Template;
use askama::filters::HtmlSafe;

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(source = r#"<span class="pill {{ tone }}">{{ word }}</span>"#, ext = "html")]
pub(crate) struct Pill {
    pub(crate) tone: &'static str,
    pub(crate) word: &'static str,
}

impl HtmlSafe for Pill {}

impl From<JobState> for Pill {
    fn from(state: JobState) -> Self {
        let tone = match state {
            JobState::Scheduled => "wait",
            JobState::Queued => "quiet",
            JobState::Running => "busy",
            JobState::Parked => "warn",
            JobState::Succeeded => "good",
            JobState::Failed => "bad",
            JobState::Cancelled => "off",
        };
        Self { tone, word: state.name() }
    }
}

impl From<AgentState> for Pill {
    fn from(state: AgentState) -> Self {
        let tone = match state {
            AgentState::Ready => "good",
            AgentState::Disabled | AgentState::Shadowed => "off",
            AgentState::Rejected => "bad",
            AgentState::Quarantined | AgentState::Delayed => "warn",
            AgentState::Retired | AgentState::Compiling => "wait",
        };
        Self { tone, word: state.name() }
    }
}

impl From<VersionState> for Pill {
    fn from(state: VersionState) -> Self {
        match state {
            VersionState::InForce => Self { tone: "good", word: "in force" },
            VersionState::Kept => Self { tone: "quiet", word: "kept" },
            VersionState::RolledBack => Self { tone: "off", word: "rolled back" },
            VersionState::Quarantined => Self { tone: "warn", word: "quarantined" },
        }
    }
}

impl From<CallState> for Pill {
    fn from(state: CallState) -> Self {
        let tone = match state {
            CallState::Held => "busy",
            CallState::Settled => "good",
            CallState::Unknown => "warn",
            CallState::Released => "off",
        };
        Self { tone, word: state.name() }
    }
}

impl From<AlertState> for Pill {
    fn from(state: AlertState) -> Self {
        let tone = match state {
            AlertState::Firing => "bad",
            AlertState::Acknowledged => "warn",
            AlertState::Resolved => "off",
        };
        Self { tone, word: state.name() }
    }
}

impl From<DeliveryState> for Pill {
    fn from(state: DeliveryState) -> Self {
        let tone = match state {
            DeliveryState::Pending => "busy",
            DeliveryState::Delivered => "good",
            DeliveryState::Failed => "bad",
        };
        Self { tone, word: state.name() }
    }
}
