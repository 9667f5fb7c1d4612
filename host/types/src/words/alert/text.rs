//! What each thing that people are told of has to say.

use super::AlertKey;
use crate::UpstreamKind;

/// The texts of an alert.
pub(super) trait AlertText {
    /// By what it is known, told of this upstream.
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_>;
    /// One line for people.
    fn title(&self) -> String;
    /// What happened, what follows, and what is to be done.
    fn detail(&self) -> String;
}
