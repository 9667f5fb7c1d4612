//! Whom a limit is for.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whom a limit is for. Written `all`, `agent:NAME` or `key:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// Everything that spends.
    All,
    /// One agent.
    Agent(String),
    /// One API key.
    ApiKey(String),
}

/// A text names no scope.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no scope; scopes are written all, agent:NAME or key:NAME")]
pub struct BadScope(String);

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::Agent(name) => f.pad(&format!("agent:{name}")),
            Self::ApiKey(name) => f.pad(&format!("key:{name}")),
        }
    }
}

impl FromStr for Scope {
    type Err = BadScope;
    fn from_str(text: &str) -> Result<Self, BadScope> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("agent", name)) if !name.is_empty() => Ok(Self::Agent(name.to_owned())),
            Some(("key", name)) if !name.is_empty() => Ok(Self::ApiKey(name.to_owned())),
            _ => Err(BadScope(text.chars().take(64).collect())),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = BadScope;
    fn try_from(text: String) -> Result<Self, BadScope> {
        text.parse()
    }
}
