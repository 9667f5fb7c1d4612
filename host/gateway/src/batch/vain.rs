//! A question about batches that was asked in vain.

use crate::door::GatewayDoor;
use crate::pace::headers::told;
use crate::upstream::class::{Account, Class};
use crate::upstream::client::root;
use crate::upstream::failed::Failed;
use crate::upstream::fault::Fault;
use futures_util::StreamExt as _;
use reqwest::Response;
use std::time::Duration;
use tokio::time::timeout;

/// The most of an answer that is read which is no list of results.
const MOST_BYTES: usize = 1024 * 1024;
/// The longest that such an answer may take to come, however much patience a call has.
const LONGEST_TEXT: Duration = Duration::from_mins(2);

/// Why there is no answer, or none that helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vain {
    /// For people.
    pub why: String,
    /// The account was refused.
    pub account: Option<Account>,
    /// How long it asks to wait.
    pub after: Option<Duration>,
}

impl Vain {
    /// What came is of no use.
    pub(crate) fn of(why: &str) -> Self {
        Self { why: why.to_owned(), account: None, after: None }
    }

    /// None came.
    pub(crate) fn broken(error: &reqwest::Error) -> Self {
        Self::of(&format!("Claude's answer broke: {}", root(error)))
    }

    /// An answer other than a 200.
    pub(crate) async fn refused(door: &GatewayDoor, response: Response) -> Self {
        let (status, after) = (response.status().as_u16(), told(response.headers()).retry_after);
        let redirect =
            door.sender.redirect(response.headers()).filter(|_| response.status().is_redirection());
        let text = text(door, response).await.unwrap_or_default();
        let failed = Failed::status(status, after, Fault::of_body(&text), redirect);
        let failed = door.sender.judged(failed, b"");
        let account = match failed.class() {
            // A key may be one that asks and does not read batches: whether calls are taken, calls tell.
            Class::Account(account) if status != 403 => Some(account),
            Class::Account(_) | Class::Request | Class::Model | Class::Pace | Class::Upstream => None,
        };
        Self { why: failed.error.message, account, after }
    }
}

/// The text of an answer, bounded; none where it broke off, is too long, or does not come in the time that a call's has.
pub(crate) async fn text(door: &GatewayDoor, response: Response) -> Option<String> {
    let patience = door.config.patience;
    let read = async {
        let (mut text, mut chunks) = (Vec::new(), response.bytes_stream());
        while let Some(chunk) = timeout(patience.idle, chunks.next()).await.ok()? {
            text.extend_from_slice(&chunk.ok()?);
            if text.len() > MOST_BYTES {
                return None;
            }
        }
        Some(String::from_utf8_lossy(&text).into_owned())
    };
    timeout(patience.call.min(LONGEST_TEXT), read).await.ok().flatten()
}
