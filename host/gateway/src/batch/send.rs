//! A batch goes out, once.

use crate::batch::body;
use crate::batch::wire::ToldBatch;
use crate::door::GatewayDoor;
use crate::pace::headers::told;
use crate::upstream::client::root;
use crate::upstream::failed::Failed;
use crate::upstream::fault::Fault;
use futures_util::StreamExt as _;
use reqwest::{Body, Method, Response, StatusCode};
use std::time::Duration;

/// How long a batch's body may take to go out and be answered, and its results to come.
pub(crate) const LONGEST: Duration = Duration::from_mins(30);
/// The most of an answer that is read which is no list of results.
const MOST_BYTES: usize = 1024 * 1024;

/// What became of a batch that was sent.
#[derive(Debug)]
pub(crate) enum SentBatch {
    /// The upstream has it.
    Created(ToldBatch),
    /// It is certain that the upstream has it not.
    Refused(Box<Failed>),
    /// The upstream says that it has it not, by an error of its own that need not be true.
    Doubtful(String),
    /// Nobody knows.
    Lost(String),
}

/// Sends a batch that was made.
pub(crate) async fn send(door: &GatewayDoor, batch: u64) -> SentBatch {
    let body = Body::wrap_stream(body::stream(door.store.clone(), batch));
    let request =
        door.sender.to_batches(Method::POST, "", &[]).header("content-type", "application/json").body(body);
    let response = match tokio::time::timeout(LONGEST, request.send()).await {
        Err(_) => return SentBatch::Lost("no answer came in time".to_owned()),
        Ok(Err(error)) if error.is_connect() || error.is_builder() => {
            return SentBatch::Refused(Box::new(Failed::not_connected(&root(&error))));
        }
        Ok(Err(error)) => return SentBatch::Lost(root(&error)),
        Ok(Ok(response)) => response,
    };
    let (status, after) = (response.status(), told(response.headers()).retry_after);
    let Some(text) = text(response).await else {
        return SentBatch::Lost("the answer broke off".to_owned());
    };
    let fault = || Fault::of_body(&text);
    match status.as_u16() {
        200..=299 => match serde_json::from_str::<ToldBatch>(&text) {
            Ok(told) if told.is_named() => SentBatch::Created(told),
            _ => SentBatch::Lost("the answer is no batch".to_owned()),
        },
        500 | 503 | 529 => SentBatch::Doubtful(fault().message),
        // Told by an API that has looked at it and made nothing of it.
        400..=407 | 413 | 422 | 429 => {
            let failed = Failed::status(status.as_u16(), after, fault(), None);
            // No words of a guest's are read into it: its calls are many agents'.
            SentBatch::Refused(Box::new(door.sender.judged(failed, b"")))
        }
        _ => SentBatch::Lost(format!("the answer was {status}")),
    }
}

/// The text of an answer, bounded; none where it broke off, or is too long.
pub(crate) async fn text(response: Response) -> Option<String> {
    let (mut text, mut chunks) = (Vec::new(), response.bytes_stream());
    while let Some(chunk) = chunks.next().await {
        text.extend_from_slice(&chunk.ok()?);
        if text.len() > MOST_BYTES {
            return None;
        }
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// What an endpoint answers to a question.
pub(crate) enum Told {
    /// Its words.
    Text(String),
    /// Nothing that helps.
    Nothing,
}

/// Asks an endpoint below the batches'; answers with how long it asks to wait, where it does. What is not there may be
/// there again.
pub(crate) async fn ask(door: &GatewayDoor, rest: &str, query: &[(&str, &str)]) -> (Told, Option<Duration>) {
    let patience = door.config.patience;
    let request = door.sender.to_batches(Method::GET, rest, query).timeout(patience.call);
    let Ok(response) = request.send().await else { return (Told::Nothing, None) };
    let (status, after) = (response.status(), told(response.headers()).retry_after);
    let text = if status == StatusCode::OK { text(response).await } else { None };
    (text.map_or(Told::Nothing, Told::Text), after)
}
