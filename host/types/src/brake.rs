//! Why no new call goes out.

use serde::{Deserialize, Serialize};

/// The kind of a cause of the brake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BrakeCauseKind {
    /// The day's spend is at 95 % of its limit.
    Day,
    /// Upstream's own spend cap.
    SpendCap,
    /// Upstream refuses the account: its key, or its payment.
    Account,
    /// The store fails.
    Store,
    /// The database is older than what its host had written: a back-up was restored.
    Restored,
    /// A person.
    Person,
}

impl BrakeCauseKind {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::SpendCap => "spend_cap",
            Self::Account => "account",
            Self::Store => "store",
            Self::Restored => "restored",
            Self::Person => "person",
        }
    }

    /// Whether upstream raised it for the account: a call that gets an answer ends it.
    pub fn is_of_account(self) -> bool {
        matches!(self, Self::SpendCap | Self::Account)
    }
}
