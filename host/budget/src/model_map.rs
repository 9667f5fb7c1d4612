//! Which model stands behind each tier, and which tier answers which work.

use anvil_types::{Effort, Tier};
use serde::{Deserialize, Serialize};

/// The exact model id behind each tier, and the tier for each effort: settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelMap {
    /// For simple work.
    pub haiku: String,
    /// For ordinary work.
    pub sonnet: String,
    /// For complex work.
    pub opus: String,
    /// The tier of `simple` work.
    pub simple: Tier,
    /// The tier of `standard` work.
    pub standard: Tier,
    /// The tier of `complex` work.
    pub complex: Tier,
    /// Whether a score moves the effort of a request that says none.
    #[serde(default)]
    pub by_score: bool,
}

impl ModelMap {
    /// The model behind a tier.
    pub fn model(&self, tier: Tier) -> &str {
        match tier {
            Tier::Haiku => &self.haiku,
            Tier::Sonnet => &self.sonnet,
            Tier::Opus => &self.opus,
        }
    }

    /// The tier of an effort.
    pub fn tier(&self, effort: Effort) -> Tier {
        match effort {
            Effort::Simple => self.simple,
            Effort::Standard => self.standard,
            Effort::Complex => self.complex,
        }
    }

    /// The model behind each tier, from the weakest.
    pub fn models(&self) -> [(Tier, &str); 3] {
        Tier::ALL.map(|tier| (tier, self.model(tier)))
    }
}

/// The tier that a request asks for: the one that it names, or the one of its effort, or the one of
/// its agent's effort; never below the agent's floor.
pub fn tier_for(
    map: &ModelMap,
    named: Option<Tier>,
    effort: Option<Effort>,
    agents: Effort,
    floor: Option<Tier>,
) -> Tier {
    let asked = named.unwrap_or_else(|| map.tier(effort.unwrap_or(agents)));
    asked.max(floor.unwrap_or(Tier::Haiku))
}
