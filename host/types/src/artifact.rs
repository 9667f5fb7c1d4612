//! Files that a job hands over.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The name of an artifact: a relative path that can name nothing outside the job's artifacts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ArtifactName(String);

/// Why a text is no artifact's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadArtifactName {
    /// Empty or too long.
    #[error("a file's name has 1 to 255 bytes; this one has {0}")]
    Length(usize),
    /// `a//b`, `/a`, `./a`, `../a`.
    #[error("a file's name is a relative path without empty parts, `.` or `..`, as in `src/main.rs`")]
    Part,
    /// A backslash, a colon or a control character.
    #[error("a file's name has no backslash, no colon and no control character; folders are divided by `/`")]
    Character,
}

impl ArtifactName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ArtifactName {
    type Err = BadArtifactName;
    fn from_str(text: &str) -> Result<Self, BadArtifactName> {
        if text.is_empty() || text.len() > 255 {
            return Err(BadArtifactName::Length(text.len()));
        }
        if text.chars().any(|c| c.is_control() || c == '\\' || c == ':') {
            return Err(BadArtifactName::Character);
        }
        if text.split('/').any(|part| part.trim().is_empty() || part == "." || part == "..") {
            return Err(BadArtifactName::Part);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<ArtifactName> for String {
    fn from(name: ArtifactName) -> Self {
        name.0
    }
}

impl TryFrom<String> for ArtifactName {
    type Error = BadArtifactName;
    fn try_from(text: String) -> Result<Self, BadArtifactName> {
        text.parse()
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The longest media type, by RFC 6838 (127 characters for each half).
pub const LONGEST_MEDIA_TYPE: usize = 255;

/// Whether a text can be a file's media type: 1 to 255 printable ASCII characters. What it says is untrusted.
pub fn is_media_type(text: &str) -> bool {
    (1..=LONGEST_MEDIA_TYPE).contains(&text.len())
        && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// An artifact without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ArtifactInfo {
    /// Its name.
    pub name: ArtifactName,
    /// Its media type, as the plugin says: untrusted.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was handed over.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_job() {
        for bad in ["", "..", "../a", "a/../b", "/etc/passwd", "a//b", "a/./b", "a\\b", "c:x", "a\0b", "a/"] {
            assert!(bad.parse::<ArtifactName>().is_err(), "{bad:?}");
        }
        for good in ["a", "src/main.rs", "..a", "über/ä b.txt", ".env"] {
            assert!(good.parse::<ArtifactName>().is_ok(), "{good:?}");
        }
    }
}
