//! What was heard of the upstream in a try without a whole answer: facts, whatever they mean.

use crate::upstream::fault::Fault;
use crate::upstream::quoted::Asked;

/// How far a try came, and what came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The status; none where no answer began.
    pub status: Option<u16>,
    /// Whether `message_start` came: Claude had begun to work, and what comes after it is billed.
    pub began: bool,
    /// The error in upstream's own words: out of the body of a status, or of an `error` event.
    pub fault: Option<Fault>,
    /// The media type of a 200 that is neither an event stream nor a message.
    pub no_stream: Option<String>,
    /// Where a redirect points, without what may be secret in it.
    pub redirect: Option<String>,
    /// What of the request the error is read with.
    pub asked: Asked,
}

impl Heard {
    /// A 200, whose answer began or did not.
    pub(crate) fn answer(began: bool) -> Self {
        Self { status: Some(200), began, ..Self::default() }
    }
}
