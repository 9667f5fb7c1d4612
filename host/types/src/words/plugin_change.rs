//! What a new version of an agent changes against the present one.

use crate::{AgentInfo, Tier};
use std::fmt;

/// Why a plugin that was handed in is not put into the folder, or none is removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginRefusal {
    /// It is no plugin, or the host cannot say.
    #[error("the file {0}")]
    Rejected(String),
    /// It is another agent than the one that was named.
    #[error("the file is the agent `{found}`, and not `{asked}`; hand it in under that name")]
    OtherAgent {
        /// Who was named.
        asked: String,
        /// Who it is.
        found: String,
    },
    /// Its file has another agent.
    #[error("the file `{agent}.wasm` of the plugins folder has another agent; rename that one first")]
    FileTaken {
        /// The agent.
        agent: String,
    },
    /// What was shown is not held any more.
    #[error("the file is not held any more; hand it in again")]
    NotHeld,
    /// No file has the agent.
    #[error("no file of the plugins folder has the agent `{agent}`")]
    NoFile {
        /// The agent.
        agent: String,
    },
    /// The folder cannot be written.
    #[error("the plugins folder cannot be written: {0}")]
    Folder(String),
}

/// One thing that a new version changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginChange {
    /// There is no such agent yet.
    NewAgent,
    /// It is the very file that is there.
    Nothing,
    /// Another version.
    Version {
        /// The present one.
        from: String,
        /// The new one.
        to: String,
        /// Whether the new one comes before the present one.
        older: bool,
    },
    /// The same version, and another file.
    SameVersion {
        /// The version.
        version: String,
    },
    /// An action that was not there.
    ActionAdded(String),
    /// An action that is not there any more: jobs for it fail.
    ActionRemoved(String),
    /// Another schema of an action's payload.
    PayloadChanged(String),
    /// Another schema of an action's result.
    ResultChanged(String),
    /// Another floor of the models that answer it.
    Floor {
        /// The present one.
        from: Option<Tier>,
        /// The new one.
        to: Option<Tier>,
    },
    /// Another limit of its own on an attempt's time, in seconds.
    TimeLimit {
        /// The present one.
        from: Option<u64>,
        /// The new one.
        to: Option<u64>,
    },
}

impl PluginChange {
    /// All that a new version changes. `older` says of two versions whether the second comes before the first.
    pub fn between(
        present: Option<&AgentInfo>,
        new: &AgentInfo,
        older: impl Fn(&str, &str) -> bool,
    ) -> Vec<Self> {
        let Some(present) = present else { return vec![Self::NewAgent] };
        if present.digest == new.digest {
            return vec![Self::Nothing];
        }
        let mut changes = Vec::new();
        if present.version == new.version {
            changes.push(Self::SameVersion { version: new.version.clone() });
        } else {
            let (from, to) = (present.version.clone(), new.version.clone());
            let older = older(&from, &to);
            changes.push(Self::Version { from, to, older });
        }
        for action in new.actions.iter() {
            match present.actions.iter().find(|there| there.name == action.name) {
                None => changes.push(Self::ActionAdded(action.name.clone())),
                Some(there) => {
                    if there.input_schema != action.input_schema {
                        changes.push(Self::PayloadChanged(action.name.clone()));
                    }
                    if there.output_schema != action.output_schema {
                        changes.push(Self::ResultChanged(action.name.clone()));
                    }
                }
            }
        }
        let gone = present
            .actions
            .iter()
            .filter(|there| !new.actions.iter().any(|action| action.name == there.name));
        changes.extend(gone.map(|there| Self::ActionRemoved(there.name.clone())));
        if present.model_floor != new.model_floor {
            changes.push(Self::Floor { from: present.model_floor, to: new.model_floor });
        }
        if present.time_limit_s != new.time_limit_s {
            changes.push(Self::TimeLimit { from: present.time_limit_s, to: new.time_limit_s });
        }
        changes
    }
}

impl fmt::Display for PluginChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tier = |tier: &Option<Tier>| tier.map_or("none", Tier::name);
        let seconds = |limit: &Option<u64>| limit.map_or("none".to_owned(), |limit| format!("{limit} s"));
        match self {
            Self::NewAgent => f.write_str("it is a new agent"),
            Self::Nothing => f.write_str("it is the file that is there already"),
            Self::Version { from, to, older: false } => write!(f, "version {from} becomes {to}"),
            Self::Version { from, to, older: true } => write!(f, "version {from} becomes {to}, an older one"),
            Self::SameVersion { version } => write!(f, "it is another file of the same version, {version}"),
            Self::ActionAdded(action) => write!(f, "the action `{action}` is new"),
            Self::ActionRemoved(action) => write!(f, "the action `{action}` is gone: jobs for it fail"),
            Self::PayloadChanged(action) => write!(f, "payloads of `{action}` have another schema"),
            Self::ResultChanged(action) => write!(f, "results of `{action}` have another schema"),
            Self::Floor { from, to } => {
                write!(f, "the cheapest tier that may answer it: {}, was {}", tier(to), tier(from))
            }
            Self::TimeLimit { from, to } => {
                write!(f, "its own limit on an attempt's time: {}, was {}", seconds(to), seconds(from))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActionInfo, AgentState, Effort, Json, Timestamp};

    fn agent(version: &str, digest: &str, actions: &[(&str, &str)]) -> AgentInfo {
        let action = |(name, schema): &(&str, &str)| ActionInfo {
            name: (*name).to_owned(),
            summary: String::new(),
            input_schema: schema.parse().expect("JSON"),
            output_schema: Json::null(),
        };
        AgentInfo {
            name: "writer".into(),
            version: version.into(),
            summary: String::new(),
            file: "writer.wasm".into(),
            digest: digest.into(),
            size: 1,
            state: AgentState::Ready,
            reason: None,
            actions: actions.iter().map(action).collect(),
            model_floor: None,
            effort: Effort::Standard,
            time_limit_s: None,
            tool_loop: false,
            may_call: Vec::new(),
            loaded_at: Timestamp::default(),
            instead_of: None,
        }
    }

    #[test]
    fn what_a_new_version_changes_is_told() {
        let present = agent("1.1.0", "d1", &[("write", "{}"), ("read", "{}")]);
        let mut new = agent("1.0.0", "d2", &[("write", r#"{"type":"object"}"#), ("sing", "{}")]);
        new.model_floor = Some(Tier::Sonnet);
        let told = PluginChange::between(Some(&present), &new, |from, to| to < from);
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "version 1.1.0 becomes 1.0.0, an older one",
                "payloads of `write` have another schema",
                "the action `sing` is new",
                "the action `read` is gone: jobs for it fail",
                "the cheapest tier that may answer it: sonnet, was none",
            ]
        );
        assert_eq!(PluginChange::between(None, &new, |_, _| false), [PluginChange::NewAgent]);
        assert_eq!(PluginChange::between(Some(&new), &new, |_, _| false), [PluginChange::Nothing]);
        let same = agent("1.1.0", "d3", &[("write", "{}"), ("read", "{}")]);
        let told = PluginChange::between(Some(&present), &same, |_, _| false);
        assert_eq!(told, [PluginChange::SameVersion { version: "1.1.0".into() }]);
    }
}
