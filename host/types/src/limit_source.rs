//! Where limits come from.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a limit's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum LimitSource {
    /// Preset, file, environment or flag, as the settings say it (`preset max-200`, `anvil.toml`, …).
    Settings {
        /// Which.
        name: String,
    },
    /// A person changed it at run time.
    RunTime {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
}
