//! What a call used, as the Messages API's `usage` says it.

use crate::ServiceTier;
use serde::{Deserialize, Serialize};

/// The most tokens of one kind that an answer's word is taken for: a hundred times the longest context. What
/// is told beyond it counts as so many, and the call as *unknown*.
pub const MOST_TOKENS: u64 = 100_000_000;

/// Tokens by kind, and what multiplies their price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Input tokens that were neither read from nor written to the prompt cache.
    pub input_tokens: u64,
    /// Output tokens, thinking included.
    pub output_tokens: u64,
    /// Input tokens read from the prompt cache.
    #[serde(default)]
    pub cache_read_tokens: u64,
    /// Input tokens written to the prompt cache for five minutes.
    #[serde(default)]
    pub cache_write_5m_tokens: u64,
    /// Input tokens written to the prompt cache for an hour.
    #[serde(default)]
    pub cache_write_1h_tokens: u64,
    /// `service_tier`: `batch` halves the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// `inference_geo`: `us` costs a tenth more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_geo: Option<String>,
    /// `speed`: `fast` has prices of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
}

impl Usage {
    /// The whole prompt: what sets the price band.
    pub fn prompt_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_5m_tokens)
            .saturating_add(self.cache_write_1h_tokens)
    }

    /// The same with every count at most [`MOST_TOKENS`], so that sums of many calls fit.
    #[must_use]
    pub fn bounded(&self) -> Self {
        Self {
            input_tokens: self.input_tokens.min(MOST_TOKENS),
            output_tokens: self.output_tokens.min(MOST_TOKENS),
            cache_read_tokens: self.cache_read_tokens.min(MOST_TOKENS),
            cache_write_5m_tokens: self.cache_write_5m_tokens.min(MOST_TOKENS),
            cache_write_1h_tokens: self.cache_write_1h_tokens.min(MOST_TOKENS),
            ..self.clone()
        }
    }

    /// The same tokens of a call that went by itself.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        Self { service_tier: None, ..self.clone() }
    }

    /// The same tokens of a call that went in a batch: an answer that does not say so is taken for that.
    #[must_use]
    pub fn in_batch(self) -> Self {
        let service_tier = self.service_tier.or_else(|| Some(ServiceTier::Batch.name().to_owned()));
        Self { service_tier, ..self }
    }

    /// The same tokens with none of them read from or written to the prompt cache.
    #[must_use]
    pub fn without_cache(&self) -> Self {
        Self {
            input_tokens: self.prompt_tokens(),
            cache_read_tokens: 0,
            cache_write_5m_tokens: 0,
            cache_write_1h_tokens: 0,
            ..self.clone()
        }
    }

    /// The same with so many more tokens of the prompt, which is not read from the prompt cache.
    #[must_use]
    pub fn with_more(&self, tokens: u64) -> Self {
        Self { input_tokens: self.input_tokens.saturating_add(tokens), ..self.clone() }
    }

    /// The same with up to so many more of the prompt's tokens read from the prompt cache. Those that are kept for
    /// an hour come first in a prompt, then those for five minutes, then the rest.
    #[must_use]
    pub fn with_read(&self, tokens: u64) -> Self {
        let mut usage = self.clone();
        let mut left = tokens;
        for kind in
            [&mut usage.cache_write_1h_tokens, &mut usage.cache_write_5m_tokens, &mut usage.input_tokens]
        {
            let read = left.min(*kind);
            *kind -= read;
            left -= read;
            usage.cache_read_tokens = usage.cache_read_tokens.saturating_add(read);
        }
        usage
    }

    /// What of the prompt its model's cache has after it.
    pub fn cached_tokens(&self) -> u64 {
        self.cache_read_tokens
            .saturating_add(self.cache_write_5m_tokens)
            .saturating_add(self.cache_write_1h_tokens)
    }

    /// What counts against the input tokens a minute: all but cache reads.
    pub fn paced_input_tokens(&self) -> u64 {
        self.prompt_tokens() - self.cache_read_tokens.min(self.prompt_tokens())
    }
}
