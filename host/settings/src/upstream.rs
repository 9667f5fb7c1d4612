//! Whom the gateway asks, out of the environment that every Claude tool knows.

use crate::error::{Problem, SettingsError};
use crate::preset::Preset;
use crate::secret::Secret;
use crate::settings::Settings;
use anvil_types::UpstreamKind;

/// The address of the API where none is given.
const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

/// Whom the gateway asks, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// Whether it bills.
    pub kind: UpstreamKind,
    /// Its address, without `/v1` and without a slash at its end.
    pub base_url: String,
    /// The API key. To a simulated upstream a real one is never sent.
    pub api_key: Secret,
}

impl UpstreamConfig {
    /// A simulator at an address.
    pub fn simulated(base_url: impl Into<String>) -> Self {
        Self { kind: UpstreamKind::Simulated, base_url: base_url.into(), api_key: Secret::new("simulated") }
    }

    /// Chooses by `ANTHROPIC_API_KEY`, `ANTHROPIC_BASE_URL` (looked up by `env`) and `upstream.kind`. `None`
    /// is the built-in simulator: there is no key, or `simulated` is declared without an address.
    pub fn choose(
        settings: &Settings,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        let env =
            |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let base_url = env("ANTHROPIC_BASE_URL").map(|url| base_url(&url)).transpose()?;
        let declared = settings.upstream.kind;
        let key = env("ANTHROPIC_API_KEY").filter(|_| declared != Some(UpstreamKind::Simulated));
        match (key, declared) {
            (Some(key), _) if settings.preset == Preset::UnlimitedDev => {
                drop(key);
                Err(say(
                    "the preset unlimited-dev is for the simulator only, but ANTHROPIC_API_KEY is set: choose another \
                     preset, unset the key, or declare the upstream (`upstream.kind = \"simulated\"`)",
                ))
            }
            (Some(key), _) => Ok(Some(Self {
                kind: UpstreamKind::Live,
                base_url: base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned()),
                api_key: Secret::new(key),
            })),
            (None, Some(UpstreamKind::Live)) => {
                Err(say("`upstream.kind` is \"live\", but ANTHROPIC_API_KEY is not set"))
            }
            (None, Some(UpstreamKind::Simulated)) => Ok(base_url.map(Self::simulated)),
            (None, None) => Ok(None),
        }
    }
}

fn base_url(url: &str) -> Result<String, SettingsError> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    Err(say(&format!("ANTHROPIC_BASE_URL is `{url}`, but must begin with https:// or http://")))
}

fn say(sentence: &str) -> SettingsError {
    Problem::Contradiction(sentence.to_owned()).into()
}
