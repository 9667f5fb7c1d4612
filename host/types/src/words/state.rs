//! Why an agent's state is not read or written.

use crate::{LARGEST_STATE_VALUE, LONGEST_STATE_KEY};

/// Why an agent's state is not read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateRefusal {
    /// A key that is empty or too long.
    #[error("a key has 1 to {LONGEST_STATE_KEY} bytes; this one has {bytes}")]
    KeyLength {
        /// Its length.
        bytes: usize,
    },
    /// A key that nobody could read.
    #[error("a key has no control character")]
    KeyUnseen,
    /// A place in the list that no key could have.
    #[error("`{what}` has at most {LONGEST_STATE_KEY} bytes; this one has {bytes}")]
    PlaceLength {
        /// Which of the list's arguments.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A value that is too large.
    #[error("a value has at most {LARGEST_STATE_VALUE} bytes; this one has {bytes}")]
    ValueLength {
        /// Its length.
        bytes: usize,
    },
    /// It has as many keys as it may.
    #[error("the agent keeps {keys} of {most} keys (state_keys); delete some first")]
    KeysFull {
        /// Its keys.
        keys: u64,
        /// The most.
        most: u64,
    },
    /// It has as many bytes as it may.
    #[error(
        "the agent keeps {bytes} bytes, and may keep {most} (state_bytes); this would be {more} more: delete some first"
    )]
    BytesFull {
        /// Its bytes.
        bytes: u64,
        /// The most.
        most: u64,
        /// What would be added.
        more: u64,
    },
    /// Another version stands there.
    #[error("{}", conflict(*.current))]
    Conflict {
        /// The version; none: there is no such key.
        current: Option<u64>,
    },
    /// It has asked as often as a run may.
    #[error("a run asks its state {most} times, and this one has done so")]
    AsksSpent {
        /// The most.
        most: u32,
    },
    /// It was told as much as a run may be.
    #[error("a run is told {most} bytes of its state, and this one was told them")]
    BytesSpent {
        /// The most.
        most: usize,
    },
}

fn conflict(current: Option<u64>) -> String {
    match current {
        Some(version) => format!("version {version} stands there"),
        None => "there is no such key".to_owned(),
    }
}

impl StateRefusal {
    /// The kind, of the contract's open vocabulary.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::KeyLength { .. } | Self::KeyUnseen | Self::PlaceLength { .. } => "invalid-key",
            Self::ValueLength { .. } => "too-large",
            Self::KeysFull { .. } | Self::BytesFull { .. } => "quota",
            Self::Conflict { .. } => "conflict",
            Self::AsksSpent { .. } | Self::BytesSpent { .. } => "exhausted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_every_kind_and_every_cap() {
        let contract = include_str!("../../../../wit/state.wit");
        for refusal in [
            StateRefusal::KeyLength { bytes: 0 },
            StateRefusal::ValueLength { bytes: 0 },
            StateRefusal::KeysFull { keys: 1, most: 1 },
            StateRefusal::Conflict { current: None },
            StateRefusal::AsksSpent { most: 1 },
        ] {
            assert!(contract.contains(&format!("`{}` (", refusal.kind())), "{refusal}");
        }
        assert!(contract.contains(&format!("1 to {LONGEST_STATE_KEY} bytes")));
        assert!(contract.contains(&format!("at most {} KiB, else `too-large`", LARGEST_STATE_VALUE / 1024)));
    }
}
