//! Whom the gateway asks.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The kind of upstream. Ledger, cache and journal are kept apart for each: declared, never guessed
/// from an address, so that simulated dollars fill no real window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum UpstreamKind {
    /// A server that bills.
    Live,
    /// The simulator.
    Simulated,
}

impl UpstreamKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Live, Self::Simulated];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Simulated => "simulated",
        }
    }
}

impl FromStr for UpstreamKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no upstream; there are {names}")
        })
    }
}

impl fmt::Display for UpstreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
