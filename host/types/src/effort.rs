//! How hard work is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How hard the work is; settings map it to a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Short, mechanical work.
    Simple,
    /// Ordinary work.
    Standard,
    /// Work for the strongest model.
    Complex,
}

impl Effort {
    /// All, from the easiest.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Standard, Self::Complex];

    /// The name in settings and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Standard => "standard",
            Self::Complex => "complex",
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_efforts_name_is_the_one_of_its_json() {
        for effort in Effort::ALL {
            assert_eq!(serde_json::json!(effort), effort.name());
        }
    }
}
