//! Whom the gateway asks, out of the environment that every Claude tool knows.

use crate::base_url::{base_url, without_userinfo};
use crate::error::{SettingProblem, SettingsError};
use crate::preset::Preset;
use crate::secret::Secret;
use crate::settings::Settings;
use anvil_types::UpstreamKind;

/// The address of the API where none is given.
const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";
/// An API key, and a token that goes as `Authorization: Bearer`.
const KEY: &str = "ANTHROPIC_API_KEY";
const TOKEN: &str = "ANTHROPIC_AUTH_TOKEN";
const URL: &str = "ANTHROPIC_BASE_URL";
/// The longest secret, in bytes: what servers take of a header.
const LONGEST_KEY: usize = 8_000;

/// How a request shows who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `x-api-key`.
    ApiKey(Secret),
    /// `Authorization: Bearer`.
    Bearer(Secret),
}

impl Credential {
    /// The secret itself: for the header that carries it, and for what blots it out.
    pub fn secret(&self) -> &Secret {
        match self {
            Self::ApiKey(secret) | Self::Bearer(secret) => secret,
        }
    }

    /// Where it came from.
    pub fn variable(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => KEY,
            Self::Bearer(_) => TOKEN,
        }
    }
}

/// Whom the gateway asks, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// Whether it bills.
    pub kind: UpstreamKind,
    /// Its address, without `/v1` and without a slash at its end.
    pub base_url: String,
    /// What shows who pays. To a simulated upstream a real one is never sent.
    pub credential: Credential,
    /// What was taken in another sense than it was written, and what is worth a second look: sentences.
    pub notes: Vec<String>,
}

impl UpstreamConfig {
    /// A simulator at an address.
    pub fn simulated(base_url: impl Into<String>) -> Self {
        Self {
            kind: UpstreamKind::Simulated,
            base_url: base_url.into(),
            credential: Credential::ApiKey(Secret::new("simulated")),
            notes: Vec::new(),
        }
    }

    /// The address without a name and password in it.
    pub fn shown_url(&self) -> String {
        without_userinfo(&self.base_url)
    }

    /// Chooses by `ANTHROPIC_API_KEY`, `ANTHROPIC_AUTH_TOKEN`, `ANTHROPIC_BASE_URL` (looked up by `env`) and
    /// `upstream.kind`. `None` is the built-in simulator: nothing of these is set, or `simulated` is declared
    /// without an address. It never answers in the place of an address that somebody set.
    pub fn choose(
        settings: &Settings,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        let simulated = settings.upstream.kind == Some(UpstreamKind::Simulated);
        for name in [KEY, TOKEN, URL] {
            // Nothing at all is how it is unset in many a file. Blanks are what a secret is that did not come.
            let blanks = env(name).is_some_and(|value| !value.is_empty() && value.trim().is_empty());
            if blanks && (name == URL || !simulated) {
                return Err(say(format!("{name} is set to blanks and nothing else: set it, or unset it")));
            }
        }
        let env =
            |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let mut notes = Vec::new();
        let address = match env(URL) {
            Some(text) => Some(base_url(&text, &mut notes)?),
            None => None,
        };
        let declared = settings.upstream.kind;
        let credential = match declared {
            Some(UpstreamKind::Simulated) => None,
            _ => credential(env(KEY), env(TOKEN), &mut notes)?,
        };
        match (credential, declared) {
            (Some(credential), _) if settings.preset == Preset::UnlimitedDev => Err(say(format!(
                "the preset unlimited-dev is for the simulator only, but {} is set: choose another preset, unset the \
                 key, or declare the upstream (`upstream.kind = \"simulated\"`)",
                credential.variable()
            ))),
            (Some(credential), _) => Ok(Some(Self {
                kind: UpstreamKind::Live,
                base_url: address.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned()),
                credential,
                notes,
            })),
            (None, Some(UpstreamKind::Live)) => {
                Err(say(format!("`upstream.kind` is \"live\", but neither {KEY} nor {TOKEN} is set")))
            }
            (None, Some(UpstreamKind::Simulated)) => {
                Ok(address.map(|address| Self { notes, ..Self::simulated(address) }))
            }
            (None, None) if address.is_some() => Err(say(format!(
                "{URL} is set, but no key to ask with: set {KEY}, or {TOKEN} where a bearer token is wanted. Where a \
                 simulator answers there, declare it (ANVIL_UPSTREAM_KIND=simulated); for the built-in simulator, \
                 unset {URL}"
            ))),
            (None, None) => Ok(None),
        }
    }
}

/// What is sent with every request; a token wins over a key, as in Claude Code.
fn credential(
    key: Option<String>,
    token: Option<String>,
    notes: &mut Vec<String>,
) -> Result<Option<Credential>, SettingsError> {
    if key.is_some() && token.is_some() {
        notes.push(format!("{TOKEN} and {KEY} are both set: the token is used, and the key is sent nowhere"));
    }
    match (token, key) {
        (Some(token), _) => Ok(Some(Credential::Bearer(sendable(TOKEN, token)?))),
        (None, Some(key)) => Ok(Some(Credential::ApiKey(sendable(KEY, key)?))),
        (None, None) => Ok(None),
    }
}

/// What stands where a key is to be put.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let begins = ["$", "<", "{{", "%", "anthropic_api_key", "anthropic_auth_token"];
    let has = ["...", "\u{2026}", "your-api-key", "your_api_key", "your-key", "your_key", "xxxxxxxx"];
    begins.iter().any(|begin| lower.starts_with(begin)) || has.iter().any(|part| lower.contains(part))
}

/// A secret that a header can carry. What is wrong with it is told without it.
fn sendable(name: &str, text: String) -> Result<Secret, SettingsError> {
    let quoted = |quote: char| text.starts_with(quote) || text.ends_with(quote);
    let wrong = if quoted('"') || quoted('\'') {
        "has quotes around it, which belong to the file or the shell that it was set in".to_owned()
    } else if text.to_ascii_lowercase().starts_with("bearer ") {
        "begins with `Bearer `, which Anvil writes by itself".to_owned()
    } else if is_placeholder(&text) {
        "is a placeholder that nobody has filled in".to_owned()
    } else if text.len() > LONGEST_KEY {
        format!("has {} characters; no key has more than {LONGEST_KEY}", text.len())
    } else if text.contains(['\n', '\r']) {
        "has a line break in it: it is more than a key".to_owned()
    } else if let Some((at, _)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_graphic()) {
        format!(
            "has a blank, an invisible or a foreign character in it (character {}), which no key has; copy it anew",
            at + 1
        )
    } else {
        return Ok(Secret::new(text));
    };
    Err(say(format!("{name} {wrong}")))
}

fn say(sentence: impl Into<String>) -> SettingsError {
    SettingProblem::Contradiction(sentence.into()).into()
}
