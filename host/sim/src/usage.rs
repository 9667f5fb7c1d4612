//! Tokens by kind, as the API reports them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What one call used. Whole input is the sum of the four input kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimUsage {
    /// Input tokens neither read from nor written to the cache.
    pub input_tokens: u64,
    /// Input tokens written to the five-minute cache.
    pub cache_write_5m_tokens: u64,
    /// Input tokens written to the one-hour cache.
    pub cache_write_1h_tokens: u64,
    /// Input tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Output tokens, thinking included.
    pub output_tokens: u64,
    /// `standard`, `priority` or `batch`.
    pub service_tier: String,
    /// `global`, `us` or another region.
    pub inference_geo: String,
    /// `standard` or `fast`, where the request or a script says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
}

impl Default for SimUsage {
    fn default() -> Self {
        Self {
            input_tokens: 0,
            cache_write_5m_tokens: 0,
            cache_write_1h_tokens: 0,
            cache_read_tokens: 0,
            output_tokens: 0,
            service_tier: "standard".to_owned(),
            inference_geo: "global".to_owned(),
            speed: None,
        }
    }
}

impl SimUsage {
    /// Input of all kinds: what sets the price band.
    pub fn whole_input(&self) -> u64 {
        self.rate_limited_input().saturating_add(self.cache_read_tokens)
    }

    /// Input that counts against input tokens a minute: all but cache reads.
    pub fn rate_limited_input(&self) -> u64 {
        self.input_tokens.saturating_add(self.cache_write())
    }

    fn cache_write(&self) -> u64 {
        self.cache_write_5m_tokens.saturating_add(self.cache_write_1h_tokens)
    }

    /// The `usage` object of a message and of `message_start`.
    pub(crate) fn to_api(&self) -> Value {
        let mut usage = json!({
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_write(),
            "cache_read_input_tokens": self.cache_read_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m_tokens,
                "ephemeral_1h_input_tokens": self.cache_write_1h_tokens,
            },
            "output_tokens": self.output_tokens,
            "service_tier": self.service_tier,
            "inference_geo": self.inference_geo,
        });
        if let Some(speed) = &self.speed {
            usage["speed"] = json!(speed);
        }
        usage
    }

    /// The `usage` object of `message_delta`: cumulative, and without the split of cache writes, as the API sends it.
    pub(crate) fn to_api_delta(&self) -> Value {
        json!({
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_write(),
            "cache_read_input_tokens": self.cache_read_tokens,
            "output_tokens": self.output_tokens,
        })
    }
}

/// A script's own figures in place of those counted from the text, in the API's names. What is left out is counted;
/// but where any cache count is given, the other cache counts are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsageOverride {
    /// Input tokens outside of the cache.
    pub input_tokens: Option<u64>,
    /// Cache writes; without `cache_creation` all of them live for five minutes.
    pub cache_creation_input_tokens: Option<u64>,
    /// Cache writes by time to live.
    pub cache_creation: Option<CacheCreation>,
    /// Cache reads.
    pub cache_read_input_tokens: Option<u64>,
    /// Output tokens; may exceed the request's `max_tokens`.
    pub output_tokens: Option<u64>,
    /// `standard`, `priority` or `batch` (half price).
    pub service_tier: Option<String>,
    /// `global` or `us` (ten per cent more).
    pub inference_geo: Option<String>,
    /// `standard` or `fast`.
    pub speed: Option<String>,
}

/// Cache writes by time to live.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheCreation {
    /// Tokens that live for five minutes.
    pub ephemeral_5m_input_tokens: u64,
    /// Tokens that live for an hour.
    pub ephemeral_1h_input_tokens: u64,
}

impl UsageOverride {
    /// Puts the given figures over the counted ones.
    pub fn apply(&self, usage: &mut SimUsage) {
        if let Some(n) = self.input_tokens {
            usage.input_tokens = n;
        }
        let creation = self.cache_creation.clone().or_else(|| {
            self.cache_creation_input_tokens
                .map(|n| CacheCreation { ephemeral_5m_input_tokens: n, ephemeral_1h_input_tokens: 0 })
        });
        if creation.is_some() || self.cache_read_input_tokens.is_some() {
            let creation = creation.unwrap_or_default();
            usage.cache_write_5m_tokens = creation.ephemeral_5m_input_tokens;
            usage.cache_write_1h_tokens = creation.ephemeral_1h_input_tokens;
            usage.cache_read_tokens = self.cache_read_input_tokens.unwrap_or(0);
        }
        if let Some(n) = self.output_tokens {
            usage.output_tokens = n;
        }
        if let Some(tier) = &self.service_tier {
            usage.service_tier.clone_from(tier);
        }
        if let Some(geo) = &self.inference_geo {
            usage.inference_geo.clone_from(geo);
        }
        if self.speed.is_some() {
            usage.speed.clone_from(&self.speed);
        }
    }
}
