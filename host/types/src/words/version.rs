//! Why a version of an agent is not changed, and why one is set aside.

use super::short;
use std::fmt;
use std::time::Duration;

/// Why the version in force stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionRefusal {
    /// No file has the agent.
    #[error("no file has the agent `{agent}` now; put one into the plugins folder")]
    NoFile {
        /// The agent.
        agent: String,
    },
    /// No version of it has this digest.
    #[error(
        "the host keeps no version of `{agent}` whose digest begins with `{digest}`; `anvil agents versions {agent}` shows them"
    )]
    NoVersion {
        /// The agent.
        agent: String,
        /// What was asked for.
        digest: String,
    },
    /// Several versions begin so.
    #[error("several versions of `{agent}` have a digest that begins with `{digest}`; name more of it")]
    Ambiguous {
        /// The agent.
        agent: String,
        /// What was asked for.
        digest: String,
    },
    /// It is in force already.
    #[error("version {version} ({}) of `{agent}` is in force already", short(digest))]
    InForce {
        /// The agent.
        agent: String,
        /// The version.
        version: String,
        /// Its digest.
        digest: String,
    },
    /// It is the file's own.
    #[error(
        "version {version} of `{agent}` is the one in the file; `anvil agents forward {agent}` goes back to it"
    )]
    OwnFile {
        /// The agent.
        agent: String,
        /// The version.
        version: String,
    },
    /// It is in quarantine.
    #[error(
        "version {version} ({}) of `{agent}` is in quarantine; `anvil agents release {agent}` ends that",
        short(digest)
    )]
    InQuarantine {
        /// The agent.
        agent: String,
        /// The version.
        version: String,
        /// Its digest.
        digest: String,
    },
    /// There is nothing before it.
    #[error("the host keeps no other version of `{agent}` that it could go back to")]
    NoneBefore {
        /// The agent.
        agent: String,
    },
    /// It was not rolled back.
    #[error("nobody went back from the version of `{agent}` in its file")]
    NotRolledBack {
        /// The agent.
        agent: String,
    },
    /// No version is in quarantine.
    #[error("no version of `{agent}` is in quarantine")]
    NotQuarantined {
        /// The agent.
        agent: String,
    },
}

/// Why a version is set aside, as it is kept with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsideReason<'a> {
    /// A person went back from it.
    RolledBack {
        /// Who.
        by: &'a str,
    },
    /// Jobs broke on it.
    Broke {
        /// How many.
        traps: u32,
        /// Within what time.
        within: Duration,
        /// How the last of them ended.
        last: &'a str,
    },
}

impl fmt::Display for AsideReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RolledBack { by } => write!(f, "{by} went back from it"),
            Self::Broke { traps, within, last } => write!(
                f,
                "{traps} runs broke on it within {} minutes, the last by `{last}`",
                within.as_secs().div_ceil(60)
            ),
        }
    }
}

/// How a set-aside version ends being that, as the catalog says it of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsideShown<'a> {
    /// Another version is in force in its place.
    Replaced {
        /// The file's version.
        version: &'a str,
        /// The file.
        file: &'a str,
        /// Why it is set aside.
        reason: &'a str,
        /// What ends it: `release` or `forward`.
        command: &'a str,
        /// The agent.
        agent: &'a str,
    },
    /// No version is in force.
    Nothing {
        /// The file's version.
        version: &'a str,
        /// Why it is set aside.
        reason: &'a str,
        /// What ends it: `release` or `forward`.
        command: &'a str,
        /// The agent.
        agent: &'a str,
    },
}

impl fmt::Display for AsideShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced { version, file, reason, command, agent } => write!(
                f,
                "version {version} of `{file}` is set aside: {reason}; a new file or `anvil agents {command} {agent}` ends that"
            ),
            Self::Nothing { version, reason, command, agent } => write!(
                f,
                "version {version} is set aside: {reason}; no earlier version is kept, so its jobs wait until there is a \
                 new file or `anvil agents {command} {agent}`"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_set_aside_says_why_and_what_ends_it() {
        let reason =
            AsideReason::Broke { traps: 5, within: Duration::from_mins(10), last: "memory" }.to_string();
        assert_eq!(reason, "5 runs broke on it within 10 minutes, the last by `memory`");
        let shown = AsideShown::Replaced {
            version: "1.2.0",
            file: "writer.wasm",
            reason: &reason,
            command: "release",
            agent: "writer",
        };
        assert_eq!(
            shown.to_string(),
            "version 1.2.0 of `writer.wasm` is set aside: 5 runs broke on it within 10 minutes, the last by `memory`; \
             a new file or `anvil agents release writer` ends that"
        );
    }
}
