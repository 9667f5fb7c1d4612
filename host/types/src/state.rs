//! What an agent keeps beyond its jobs: keys with values and versions.

use crate::words::StateRefusal;
use crate::{JobId, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest key, in bytes.
pub const LONGEST_STATE_KEY: usize = 512;
/// The largest value, in bytes.
pub const LARGEST_STATE_VALUE: usize = 256 * 1024;
/// The most keys of one page of a list.
pub const LONGEST_STATE_PAGE: u32 = 1_000;

/// A key: text that people can read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(into = "String", try_from = "String")]
pub struct StateKey(String);

impl StateKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StateKey {
    type Err = StateRefusal;
    fn from_str(text: &str) -> Result<Self, StateRefusal> {
        if text.is_empty() || text.len() > LONGEST_STATE_KEY {
            return Err(StateRefusal::KeyLength { bytes: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(StateRefusal::KeyUnseen);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for StateKey {
    type Error = StateRefusal;
    fn try_from(text: String) -> Result<Self, StateRefusal> {
        text.parse()
    }
}

impl From<StateKey> for String {
    fn from(key: StateKey) -> Self {
        key.0
    }
}

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What an agent asks of its state. Its bounds have been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateAsk {
    /// The value of a key.
    Get {
        /// The key.
        key: StateKey,
    },
    /// Set a key, whatever stands there.
    Set {
        /// The key.
        key: StateKey,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Set a key if this version stands there.
    CompareAndSet {
        /// The key.
        key: StateKey,
        /// The version; none: there is no such key.
        expected: Option<u64>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Take a key out.
    Delete {
        /// The key.
        key: StateKey,
    },
    /// A page of keys.
    List {
        /// What they begin with.
        prefix: String,
        /// Those behind this one.
        after: Option<String>,
        /// At most so many.
        limit: u32,
    },
}

/// A value with its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateValue {
    /// The bytes.
    #[serde(serialize_with = "in_base64", deserialize_with = "from_base64")]
    pub value: Vec<u8>,
    /// Which write of the agent's made it.
    pub version: u64,
}

/// A key without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StateItem {
    /// The key.
    pub key: StateKey,
    /// The length of its value in bytes.
    pub size: u64,
    /// Which write of the agent's made it.
    pub version: u64,
    /// The job that wrote it.
    pub job: JobId,
    /// When.
    pub written_at: Timestamp,
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePage {
    /// In the order of their bytes.
    pub items: Vec<StateItem>,
    /// Behind which the next page begins; none: this was the last.
    pub next: Option<String>,
}

/// Why it was not done, as the guest is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFault {
    /// The kind, of the contract's open vocabulary.
    pub kind: String,
    /// For people.
    pub message: String,
    /// The version that stands there, where it is another than was expected.
    pub current: Option<u64>,
}

impl From<StateRefusal> for StateFault {
    fn from(refusal: StateRefusal) -> Self {
        Self {
            kind: refusal.kind().to_owned(),
            message: refusal.to_string(),
            current: match refusal {
                StateRefusal::Conflict { current } => current,
                _ => None,
            },
        }
    }
}

/// What an agent is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateAnswer {
    /// The value, where there is the key.
    Value(Option<StateValue>),
    /// It is set; this is its version.
    Set(u64),
    /// Whether there was the key.
    Deleted(bool),
    /// Keys.
    Page(StatePage),
    /// It was not done.
    Refused(StateFault),
}

impl StateAnswer {
    /// How many bytes of keys and values it tells.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Value(Some(value)) => value.value.len(),
            Self::Page(page) => page.items.iter().map(|item| item.key.as_str().len()).sum(),
            Self::Value(None) | Self::Set(_) | Self::Deleted(_) | Self::Refused(_) => 0,
        }
    }
}

/// What an agent keeps, and what it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StateSize {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

fn in_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_text_that_people_can_read() {
        for good in ["a", "..", "a/../b", "über", " ", &"k".repeat(LONGEST_STATE_KEY)] {
            assert!(good.parse::<StateKey>().is_ok(), "{good:?}");
        }
        for bad in ["", "a\nb", "a\0", "\u{85}", &"k".repeat(LONGEST_STATE_KEY + 1)] {
            let refused = bad.parse::<StateKey>().expect_err("no key");
            assert_eq!(refused.kind(), "invalid-key", "{bad:?}");
        }
    }

    #[test]
    fn an_answer_comes_back_out_of_the_journal_as_it_was() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for answer in [
            StateAnswer::Value(None),
            StateAnswer::Value(Some(StateValue { value: every_byte, version: u64::MAX })),
            StateAnswer::Set(7),
            StateAnswer::Deleted(true),
            StateAnswer::Refused(StateRefusal::Conflict { current: Some(3) }.into()),
        ] {
            let text = serde_json::to_string(&answer).expect("JSON");
            assert_eq!(serde_json::from_str::<StateAnswer>(&text).expect("it reads"), answer, "{text}");
        }
    }
}
