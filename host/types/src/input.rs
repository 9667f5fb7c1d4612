//! Files that a job is submitted with.

use crate::{ArtifactName, PerAgent};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;
use std::sync::Arc;

/// How much a host takes of the files of one job. There is no default: whoever takes files in names every bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputLimits {
    /// How many.
    pub files: usize,
    /// Bytes of one.
    pub file_bytes: u64,
    /// Bytes of all of them together.
    pub bytes: u64,
}

impl PerAgent<InputLimits> {
    /// What a job of any agent may come with at most: whose it is may be said after its files.
    pub fn widest(&self) -> InputLimits {
        let wider = |one: InputLimits, other: &InputLimits| InputLimits {
            files: one.files.max(other.files),
            file_bytes: one.file_bytes.max(other.file_bytes),
            bytes: one.bytes.max(other.bytes),
        };
        self.each().fold(self.all, wider)
    }
}

/// The digest of a file's bytes, by which it is kept and read: BLAKE3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct InputDigest(pub [u8; 32]);

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for InputDigest {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "a file's digest has 64 digits of `0-9 a-f`";
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(WANTED) };
        let pairs: &[[u8; 2]; 32] = pairs.try_into().map_err(|_| WANTED)?;
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(WANTED),
        };
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl From<InputDigest> for String {
    fn from(digest: InputDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for InputDigest {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A file that a job was submitted with, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct InputInfo {
    /// Its name.
    pub name: ArtifactName,
    /// Its media type, as whoever submitted it says: untrusted.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub digest: InputDigest,
}

/// Bytes of a file that are read when they are wanted: there may be more of them than memory should have.
pub trait InputSource: Send + Sync {
    /// Reads from the beginning.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

/// Bytes that are in memory already.
impl InputSource for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// A file on its way in with its job. Two are equal whose name, media type and digest are.
#[derive(Clone)]
pub struct NewInput {
    /// What is told of it.
    pub info: InputInfo,
    /// Its bytes; none where the store has them already, for another job.
    pub bytes: Option<Arc<dyn InputSource>>,
}

impl PartialEq for NewInput {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info
    }
}

impl fmt::Debug for NewInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInput").field("info", &self.info).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_its_hexadecimal_digits_and_nothing_else() {
        let text = format!("{}{}", "0f".repeat(31), "a1");
        let digest: InputDigest = text.parse().expect("a digest");
        assert_eq!((digest.0[0], digest.0[31], digest.to_string()), (0x0f, 0xa1, text.clone()));
        let upper = text.to_uppercase();
        for bad in ["", "0f", &text[1..], &format!("{text}0"), &format!("{text}00"), &upper, &"é".repeat(32)]
        {
            assert!(bad.parse::<InputDigest>().is_err(), "{bad:?}");
        }
    }
}
