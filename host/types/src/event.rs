//! Events: rows written in the transaction that they tell of, published after it.

use crate::{
    AgentState, AlertId, AlertState, CallId, JobActionId, JobId, JobState, Nanodollars, QuestionId,
    QuestionState, Timestamp,
};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventKind {
    /// A job came into a state.
    Job {
        /// The state it is in now.
        state: JobState,
        /// The agent it is for.
        agent: String,
    },
    /// A job told how far it is.
    Progress {
        /// From 0 to 1.
        fraction: f64,
        /// A line for people.
        line: String,
    },
    /// A job's log grew.
    Logged {
        /// The last line's place.
        last_seq: u64,
    },
    /// A job handed over a file.
    Artifact {
        /// Its name.
        name: String,
    },
    /// Money was set aside for a call.
    Held {
        /// The call.
        call: CallId,
        /// How much.
        hold: Nanodollars,
    },
    /// A call was settled, released or became unknown.
    Settled {
        /// The call.
        call: CallId,
        /// What it cost.
        cost: Nanodollars,
        /// Whether that is the most it can be, for want of better knowledge.
        unknown: bool,
    },
    /// An agent came into a state.
    Agent {
        /// Its name.
        name: String,
        /// The state it is in now.
        state: AgentState,
    },
    /// The queue was paused, or the pause ended.
    Queue {
        /// Whether it is paused now.
        paused: bool,
    },
    /// A schedule was made, changed, deleted, or made a job.
    Schedule {
        /// Its name.
        name: String,
    },
    /// The limits in force changed.
    Limits,
    /// The prices changed.
    Prices,
    /// The brake's causes changed.
    Brake {
        /// Whether it has any.
        engaged: bool,
    },
    /// An action on many jobs got on, or came to its end.
    JobAction {
        /// Its id.
        action: JobActionId,
    },
    /// An alert fired or changed.
    Alert {
        /// Its id.
        alert: AlertId,
        /// Where it stands now.
        state: AlertState,
    },
    /// A question to people was asked, answered, expired or withdrawn.
    Question {
        /// Its id.
        question: QuestionId,
        /// Where it stands now.
        state: QuestionState,
    },
    /// A webhook changed, or something was sent to it, or is to be sent again.
    Webhook {
        /// Its name.
        name: String,
    },
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its place in the order of all events, from 1.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The job that it is about.
    pub job: Option<JobId>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}
