//! A batch goes out, once.

use crate::batch::body;
use crate::batch::vain::{Vain, text};
use crate::batch::wire::ToldBatch;
use crate::door::GatewayDoor;
use crate::pace::headers::{said_at, told};
use crate::upstream::client::root;
use crate::upstream::failed::Failed;
use crate::upstream::fault::Fault;
use anvil_types::Timestamp;
use reqwest::{Body, Method, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How long a batch's body may take to go out and be answered, and its results to come.
pub(crate) const LONGEST: Duration = Duration::from_mins(30);
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

/// Sends a batch that was made. Its body may take long; from when that is out the answer has the time that a call's has.
pub(crate) async fn send(door: &GatewayDoor, batch: u64) -> SentBatch {
    let (out, patience) = (Arc::new(Notify::new()), door.config.patience);
    let body = Body::wrap_stream(body::stream(door.store.clone(), batch, out.clone()));
    let request =
        door.sender.to_batches(Method::POST, "", &[]).header("content-type", "application/json").body(body);
    let late = async {
        out.notified().await;
        sleep(patience.first_byte).await;
    };
    let answered = tokio::select! {
        answered = timeout(LONGEST, request.send()) => answered.ok(),
        () = late => None,
    };
    let response = match answered {
        None => return SentBatch::Lost("no answer came in time".to_owned()),
        Some(Err(error)) if error.is_connect() || error.is_builder() => {
            return SentBatch::Refused(Box::new(Failed::not_connected(&root(&error))));
        }
        Some(Err(error)) => return SentBatch::Lost(root(&error)),
        Some(Ok(response)) => response,
    };
    let (status, after) = (response.status(), told(response.headers()).retry_after);
    let Some(text) = text(door, response).await else {
        return SentBatch::Lost("the answer broke off, or did not end in time".to_owned());
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

/// What an endpoint below the batches' answered.
#[derive(Debug)]
pub(crate) struct AskedBatches {
    pub text: String,
    /// How long it asks to wait.
    pub after: Option<Duration>,
    /// What time it is there.
    pub said_at: Option<Timestamp>,
}

/// Asks an endpoint below the batches'. What is not there may be there again.
pub(crate) async fn ask(
    door: &GatewayDoor,
    rest: &str,
    query: &[(&str, &str)],
) -> Result<AskedBatches, Vain> {
    let request = door.sender.to_batches(Method::GET, rest, query);
    let response = match timeout(door.config.patience.first_byte, request.send()).await {
        Err(_) => return Err(Vain::of("no answer came in time")),
        Ok(Err(error)) => return Err(Vain::broken(&error)),
        Ok(Ok(response)) => response,
    };
    if response.status() != StatusCode::OK {
        return Err(Vain::refused(door, response).await);
    }
    let (after, said_at) = (told(response.headers()).retry_after, said_at(response.headers()));
    let text = text(door, response).await;
    text.map(|text| AskedBatches { text, after, said_at })
        .ok_or_else(|| Vain::of("the answer broke off, or did not end in time"))
}
