//! What is known of Claude's models: the data file `models.toml`, read strictly and once.

mod read;

use crate::model_map::ModelMap;
use crate::price::{Multipliers, PriceRow};
use anvil_types::RequestOption;
use serde::Deserialize;
use std::sync::LazyLock;

/// All that is known.
#[derive(Debug)]
pub(crate) struct Known {
    /// What stands behind the tiers where the settings do not say.
    pub tiers: ModelMap,
    /// Every price, in the order of the file.
    pub prices: Vec<PriceRow>,
    /// The factors of a price file that has none of its own.
    pub multipliers: Multipliers,
    tokenizers: Vec<Tokenizer>,
    models: Vec<Model>,
    others: Traits,
}

/// A way of counting tokens that several models share.
#[derive(Debug)]
pub struct Tokenizer {
    /// Its name.
    pub name: String,
    /// UTF-8 bytes of text a token, before anything was learnt.
    pub bytes_per_token: f64,
}

#[derive(Debug)]
struct Model {
    id: String,
    pool: Option<String>,
    traits: Traits,
}

/// What calls to a model have to reckon with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Traits {
    /// A tokenizer's name.
    tokenizer: String,
    /// Tokens of the shortest prefix that it caches.
    cache_minimum: u64,
    rejects: Vec<Rejection>,
}

/// What of a request a model answers with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rejection {
    /// `tool_choice` of type `any` or `tool`.
    ForcedTool,
    /// `thinking` of type `disabled`.
    ThinkingDisabled,
    /// `thinking` of type `enabled`, with a budget.
    ThinkingBudget,
    /// `thinking` of type `adaptive`, or `output_config.effort`.
    Effort,
    /// `temperature`, `top_p` or `top_k` other than the default.
    Sampling,
    /// A task budget.
    TaskBudget,
}

impl Rejection {
    /// The field of the request that it is about.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::ForcedTool => RequestOption::ToolChoice.name(),
            Self::ThinkingDisabled | Self::ThinkingBudget => RequestOption::Thinking.name(),
            Self::Effort => RequestOption::EFFORT,
            Self::Sampling => RequestOption::Temperature.name(),
            Self::TaskBudget => RequestOption::TaskBudget.name(),
        }
    }
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let data = include_str!("../models.toml");
    read::read(data).unwrap_or_else(|error| panic!("models.toml, which a test reads too: {error}"))
});

/// What this build knows.
pub(crate) fn known() -> &'static Known {
    &KNOWN
}

/// What stands behind the tiers where the settings do not say.
pub fn default_models() -> &'static ModelMap {
    &KNOWN.tiers
}

/// The pool of rate limits that a model belongs to: a name that it shares with others, or its own id.
pub fn pool_of(model: &str) -> &str {
    KNOWN.model(model).and_then(|known| known.pool.as_deref()).unwrap_or(model)
}

/// The tokenizer of a model.
pub fn tokenizer_of(model: &str) -> &'static Tokenizer {
    let name = &KNOWN.traits(model).tokenizer;
    tokenizer_named(name).expect("the reader sees to it that there is one of that name")
}

/// The tokenizer of that name.
pub fn tokenizer_named(name: &str) -> Option<&'static Tokenizer> {
    KNOWN.tokenizers.iter().find(|tokenizer| tokenizer.name == name)
}

/// Tokens of the shortest prefix that a model keeps in its prompt cache, before anything was learnt.
pub fn cache_minimum(model: &str) -> u64 {
    KNOWN.traits(model).cache_minimum
}

/// Whether a model rejects this.
pub(crate) fn rejects(model: &str, what: Rejection) -> bool {
    KNOWN.traits(model).rejects.contains(&what)
}

impl Known {
    fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    fn traits(&self, id: &str) -> &Traits {
        self.model(id).map_or(&self.others, |model| &model.traits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_4_models_share_sonnet_4_models_share_and_each_5_x_model_has_its_own() {
        assert_eq!(pool_of("claude-opus-4-6"), pool_of("claude-opus-4-8"));
        assert_eq!(pool_of("claude-sonnet-4-5-20250929"), pool_of("claude-sonnet-4-6"));
        assert_ne!(pool_of("claude-opus-4-8"), pool_of("claude-sonnet-4-6"));
        for own in ["claude-opus-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-later-9"] {
            assert_eq!(pool_of(own), own);
        }
    }

    #[test]
    fn models_from_4_7_on_count_more_tokens() {
        assert!(
            tokenizer_of("claude-sonnet-4-6").bytes_per_token
                > tokenizer_of("claude-opus-4-7").bytes_per_token
        );
        assert_eq!(tokenizer_of("claude-later-9").name, "from-4-7");
    }

    #[test]
    fn of_a_model_that_is_not_known_what_later_models_reject_is_taken() {
        assert!(rejects("claude-later-9", Rejection::ThinkingBudget));
        assert!(!rejects("claude-later-9", Rejection::ForcedTool));
        assert!(!rejects("claude-sonnet-4-6", Rejection::ThinkingBudget));
    }
}
