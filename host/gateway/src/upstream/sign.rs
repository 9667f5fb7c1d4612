//! What is told of an answer while it comes.

use crate::pace::headers::Told;
use std::sync::Arc;

/// Takes the text of a running call as it streams by.
pub type TextSink = Arc<dyn Fn(&str) + Send + Sync>;

/// What comes of an answer while it comes.
#[derive(Debug)]
pub(crate) enum Sign<'a> {
    /// Its head, with the status.
    Head(u16, &'a Told),
    /// The input's tokens are known: what counts of them against the pace.
    Input(u64),
    /// So many more bytes of the answer itself.
    Output(usize),
}
