//! The cache of replies, as people are told of it.

use serde::{Deserialize, Serialize};

/// How many replies, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReplySize {
    /// Replies.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}
