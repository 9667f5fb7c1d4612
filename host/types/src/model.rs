//! Tiers of models.

use crate::listed;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A tier: which model stands behind it is a setting. Ordered from the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// For simple work.
    Haiku,
    /// For ordinary work.
    Sonnet,
    /// For complex work.
    Opus,
}

impl Tier {
    /// All, from the weakest.
    pub const ALL: [Self; 3] = [Self::Haiku, Self::Sonnet, Self::Opus];

    /// What a word has to be that names one.
    pub const EXPECTED: &'static str = "`haiku`, `sonnet` or `opus`";

    /// The name in settings and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Haiku => "haiku",
            Self::Sonnet => "sonnet",
            Self::Opus => "opus",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Tier {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.name() == text)
            .ok_or_else(|| format!("`{text}` is no tier; the tiers are {}", listed(Self::ALL, "and")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_tier_is_told_of_all_of_them() {
        assert_eq!(Tier::EXPECTED, listed(Tier::ALL.map(|tier| format!("`{tier}`")), "or"));
        for tier in Tier::ALL {
            assert_eq!(serde_json::json!(tier), tier.name());
            assert_eq!(tier.name().parse(), Ok(tier));
        }
        let error = "gpt".parse::<Tier>().expect_err("no tier");
        assert_eq!(error, "`gpt` is no tier; the tiers are haiku, sonnet and opus");
    }
}
