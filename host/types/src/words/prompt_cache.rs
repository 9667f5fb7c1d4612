//! Why a prompt was not read from the cache.

use crate::{CacheMissKind, CacheMissReason};
use std::fmt;

impl fmt::Display for CacheMissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrefixChanged { at } => write!(f, "it changed at byte {at}"),
            reason => reason.kind().fmt(f),
        }
    }
}

/// Of many misses at once, or of one whose place is not asked for.
impl fmt::Display for CacheMissKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "the prompt was new",
            Self::Expired => "it had expired",
            Self::PrefixChanged => "its beginning had changed",
            Self::ModelChanged => "it was kept for another model",
            Self::ToolsChanged => "its tools had changed",
            Self::BelowMinimum => "it was too short to be kept",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_as_its_kind_but_for_the_place_that_it_knows() {
        for kind in CacheMissKind::ALL {
            let reason = CacheMissReason::of(kind, 812).to_string();
            let expected = match kind {
                CacheMissKind::PrefixChanged => "it changed at byte 812".to_owned(),
                kind => kind.to_string(),
            };
            assert_eq!(reason, expected);
        }
    }
}
