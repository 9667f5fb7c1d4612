//! What a route asks of whoever calls it.

use std::fmt;

/// What a route asks of whoever calls it. Ordered: who has one has those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Anyone: nothing that a stranger may not know or do.
    Open,
    /// Whoever has the link, which the handler looks at: no session stands behind it, so that no other site can abuse one.
    Link,
    /// Looking.
    Read,
    /// Submitting jobs, and cancelling or retrying them.
    Submit,
    /// Running the host: the brake, agents on and off.
    Operate,
    /// Everything: limits, the simulator's clock.
    Admin,
}

impl Permission {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Link => "link",
            Self::Read => "read",
            Self::Submit => "submit",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a caller showed who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A token in the `Authorization` header: no browser sends it by itself.
    Bearer,
    /// The panel's cookie: a browser sends it by itself, so changes need a same-origin request.
    Cookie,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The most that they may do.
    pub(crate) scope: Permission,
    /// How they showed it.
    pub(crate) via: Via,
}

impl Caller {
    /// The name that the audit log shows.
    pub(crate) fn name(self) -> &'static str {
        match self.via {
            Via::Bearer => "the API token",
            Via::Cookie => "a person at the panel",
        }
    }
}
