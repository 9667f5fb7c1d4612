//! What a person does with all jobs that match a filter.

use crate::{JobState, Priority};
use serde::{Deserialize, Serialize};

/// What is done with each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "action", content = "priority", rename_all = "lowercase")]
pub enum JobAction {
    /// Stop it, whatever it does.
    Cancel,
    /// Run it again, its paid work kept.
    Retry,
    /// Let it go on now, whatever it was parked for: it is judged anew.
    Resume,
    /// Give it this priority.
    Prioritise(Priority),
    /// Take it out of the history; what it cost stays in the ledger.
    Delete,
}

impl JobAction {
    /// The names of all actions.
    pub const NAMES: [&str; 5] = ["cancel", "retry", "resume", "prioritise", "delete"];

    /// The action of this name; one that gives a priority needs it.
    pub fn named(name: &str, priority: Option<Priority>) -> Result<Self, String> {
        match (name, priority) {
            ("prioritise", Some(priority)) => Ok(Self::Prioritise(priority)),
            ("prioritise", None) => Err("which priority: critical, high, normal or low?".to_owned()),
            ("cancel", None) => Ok(Self::Cancel),
            ("retry", None) => Ok(Self::Retry),
            ("resume", None) => Ok(Self::Resume),
            ("delete", None) => Ok(Self::Delete),
            ("cancel" | "retry" | "resume" | "delete", Some(_)) => {
                Err(format!("`{name}` takes no priority to give; only `prioritise` does"))
            }
            _ => Err(format!("`{name}` is no action; there are {}", Self::NAMES.join(", "))),
        }
    }

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Resume => "resume",
            Self::Prioritise(_) => "prioritise",
            Self::Delete => "delete",
        }
    }

    /// The priority that it gives.
    pub fn priority(self) -> Option<Priority> {
        match self {
            Self::Prioritise(priority) => Some(priority),
            _ => None,
        }
    }

    /// Why a job in this state is left as it is; none where the action touches it.
    pub fn leaves(self, state: JobState) -> Option<&'static str> {
        match self {
            Self::Cancel | Self::Prioritise(_) if state.is_final() => Some("finished already"),
            Self::Retry if state == JobState::Succeeded => Some("succeeded: submit it anew to run it again"),
            Self::Retry if !state.is_final() => Some("not finished"),
            Self::Resume if state != JobState::Parked => Some("not parked"),
            Self::Delete if !state.is_final() => Some("not finished: cancel it first"),
            _ => None,
        }
    }

    /// Why a job that is done for another one is left as it is; none where the action touches it as any other.
    pub fn leaves_led(self) -> Option<&'static str> {
        match self {
            Self::Retry => Some("it is done for another job, with which it runs again"),
            Self::Delete => Some("it is done for another job, with which it goes"),
            Self::Cancel | Self::Resume | Self::Prioritise(_) => None,
        }
    }

    /// The states that it touches.
    pub fn touches(self) -> impl Iterator<Item = JobState> {
        JobState::ALL.into_iter().filter(move |state| self.leaves(*state).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_what_its_name_says() {
        for name in JobAction::NAMES {
            let priority = (name == "prioritise").then_some(Priority::High);
            let action = JobAction::named(name, priority).expect("a name");
            assert_eq!((action.name(), action.priority()), (name, priority));
            assert!(action.touches().count() > 0);
        }
        assert!(JobAction::named("prioritise", None).is_err());
        assert!(JobAction::named("delete", Some(Priority::Low)).is_err());
        assert!(JobAction::named("drop", None).is_err());
    }
}
