//! Whom the gateway asks, and how patiently.

use anvil_budget::{BatchRule, CircuitRule, ModelMap, PressureSteps, PriceTable};
use anvil_store::ReplyBounds;
use anvil_types::{Compression, PerAgent, Supervisor, UpstreamKind, shown_address};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What shows upstream who pays: never shown, in logs, errors or `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    secret: String,
    bearer: bool,
}

impl ApiKey {
    /// Wraps a key, which is sent as `x-api-key`.
    pub fn new(key: impl Into<String>) -> Self {
        Self { secret: key.into(), bearer: false }
    }

    /// Wraps a token, which is sent as `Authorization: Bearer`.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self { secret: token.into(), bearer: true }
    }

    /// The secret itself, to be taken out of what leaves the gateway.
    pub(crate) fn reveal(&self) -> &str {
        &self.secret
    }

    /// The header that carries it.
    pub(crate) fn header(&self) -> (&'static str, String) {
        if self.bearer {
            ("authorization", format!("Bearer {}", self.secret))
        } else {
            ("x-api-key", self.secret.clone())
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// Whom the gateway asks.
#[derive(Clone)]
pub struct Upstream {
    /// Declared, never guessed from the address.
    pub kind: UpstreamKind,
    /// Its address, without `/v1/messages`. A user and password in it are used, and shown nowhere.
    pub base_url: String,
    /// The key that goes with every request.
    pub api_key: Option<ApiKey>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = shown_address(&self.base_url);
        f.debug_struct("Upstream")
            .field("kind", &self.kind)
            .field("base_url", &base_url)
            .finish_non_exhaustive()
    }
}

/// How long the gateway waits for what. Real time, not the driven clock's: sockets know no other.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// From sending to the answer's first byte.
    pub first_byte: Duration,
    /// Between two events of a stream.
    pub idle: Duration,
    /// For the whole of a call.
    pub call: Duration,
    /// For the rest of a call whose asker is gone.
    pub drain: Duration,
    /// How often a failed call is tried again where nothing can have been billed.
    pub retries: u32,
}

/// Requests a minute.
#[derive(Clone, Copy, Debug)]
pub struct PaceSettings {
    /// How many may go at once after a pause; the others of a minute are spread over it.
    pub burst: u32,
    /// A wait longer than this parks the job instead.
    pub longest_wait: Duration,
}

/// What a gateway is made of.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Whom it asks.
    pub upstream: Upstream,
    /// How patiently.
    pub patience: Patience,
    /// How fast.
    pub pace: PaceSettings,
    /// When it leaves an upstream alone that fails.
    pub circuit: CircuitRule,
    /// What it costs.
    pub prices: Arc<PriceTable>,
    /// Which model stands behind each tier.
    pub models: ModelMap,
    /// When a cheaper one answers, and when calls go out evenly.
    pub pressure: PressureSteps,
    /// Whether prompts are marked for the models' caches where that pays.
    pub prompt_cache: bool,
    /// Whether what a job will probably ask again is kept there by calls of the host's own, where that pays.
    pub prompt_cache_refresh: bool,
    /// How many replies are kept to answer the same question again, and for how long; none: nothing is kept.
    pub reply_cache: Option<ReplyBounds>,
    /// How far agents' prompts are compressed.
    pub compression: PerAgent<Compression>,
    /// When calls of jobs that are in no hurry go out as a batch; none: they go out as all others.
    pub batches: Option<BatchRule>,
    /// How often it is looked how a batch stands that was sent, whether or not others are made, where the upstream does not ask
    /// for a longer pause.
    pub batch_look: Duration,
    /// Who keeps its tasks alive.
    pub supervisor: Supervisor,
}
