//! Which models share their rate limits, and which share a tokenizer.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const BUILT_IN: &str = include_str!("../pools.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    pools: BTreeMap<String, Vec<String>>,
    tokenizer: Vec<Tokenizer>,
}

/// A way of counting tokens that several models share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokenizer {
    /// Its name.
    pub name: String,
    /// UTF-8 bytes of text a token, before anything was learnt.
    pub bytes_per_token: f64,
    models: Vec<String>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(BUILT_IN).expect("the built-in table is checked by a test"));

/// The pool of rate limits that a model belongs to: a name that it shares with others, or its own id.
pub fn pool_of(model: &str) -> &str {
    TABLE
        .pools
        .iter()
        .find(|(_, models)| models.iter().any(|id| id == model))
        .map_or(model, |(pool, _)| pool.as_str())
}

/// The tokenizer of a model; the newest for one that is not in the table.
pub fn tokenizer_of(model: &str) -> &'static Tokenizer {
    let tokenizers = &TABLE.tokenizer;
    tokenizers
        .iter()
        .find(|tokenizer| tokenizer.models.iter().any(|id| id == model))
        .or(tokenizers.last())
        .expect("the built-in table is checked by a test")
}

/// The tokenizer of that name.
pub fn tokenizer_named(name: &str) -> Option<&'static Tokenizer> {
    TABLE.tokenizer.iter().find(|tokenizer| tokenizer.name == name)
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
    fn every_model_of_the_table_has_a_price() {
        let prices = crate::PriceTable::built_in();
        let table = &*TABLE;
        let ids = table.pools.values().chain(table.tokenizer.iter().map(|tokenizer| &tokenizer.models));
        for id in ids.flatten() {
            let now = anvil_types::Timestamp::from_micros(1_795_000_000_000_000);
            prices.row(id, None, now).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
