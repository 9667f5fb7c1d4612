//! Following events: what was missed comes from the store, what happens now from the bus.

use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::Control;
use anvil_store::StoreError;
use anvil_types::{Event, JobId};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// How many events are read from the store at once.
const PAGE: u32 = 500;
/// Frames that wait for a slow client before its stream stops reading.
const BUFFER: usize = 64;
/// Proxies drop connections that are silent for longer.
const PING: Duration = Duration::from_secs(15);

/// Events in their order, each once, without a gap: the bus is subscribed to before the store is asked,
/// and one that falls behind asks the store again.
pub(crate) struct Follow {
    control: Arc<Control>,
    job: Option<JobId>,
    last: u64,
    bus: broadcast::Receiver<Arc<Event>>,
    backlog: VecDeque<Arc<Event>>,
    behind: bool,
}

impl Follow {
    /// Follows what comes after `last`, of one job where that is given.
    pub(crate) fn new(control: &Arc<Control>, job: Option<JobId>, last: u64) -> Self {
        let bus = control.events.subscribe();
        Self { control: control.clone(), job, last, bus, backlog: VecDeque::new(), behind: true }
    }

    /// The next event; none when the host stops. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<Arc<Event>>, StoreError> {
        loop {
            if let Some(event) = self.backlog.pop_front() {
                self.last = event.seq;
                return Ok(Some(event));
            }
            if self.behind {
                let page = self.control.events.after(self.last, self.job, PAGE).await?;
                self.behind = !page.is_empty();
                self.backlog = page.into_iter().map(Arc::new).collect();
                continue;
            }
            match self.bus.recv().await {
                Ok(event) if event.seq > self.last && (self.job.is_none() || event.job == self.job) => {
                    self.last = event.seq;
                    return Ok(Some(event));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }
}

/// Where a stream goes on: the browser's `Last-Event-ID` wins over the address, which stays the same
/// when it reconnects.
pub(crate) fn resume_after(headers: &HeaderMap, after: Option<u64>) -> Option<u64> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    last.or(after)
}

/// Where a stream really goes on. A place that has not come yet is of another history (a back-up was put in
/// the folder's place): waiting for it would be silence, so what is new is told from now on.
pub(crate) fn place(after: u64, newest: u64) -> u64 {
    after.min(newest)
}

/// Sends frames to one client; an error means that it is gone.
pub(crate) type Frames = mpsc::Sender<Frame>;

/// Answers with an event stream that `write` fills until it ends, the client goes, or the server stops.
pub(crate) fn stream<W, F>(state: &WebState, write: W) -> Result<Response, Problem>
where
    W: FnOnce(Frames) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(permit) = state.streams.clone().try_acquire_owned() else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too-many-streams",
            "Too many event streams are open",
            "close some, or ask the lists with `after` instead",
        )
        .with_retry_after(PING.as_secs()));
    };
    let (frames, received) = mpsc::channel(BUFFER);
    let gone = frames.clone();
    let writing = write(frames);
    let mut shutdown = state.shutdown.clone();
    tokio::spawn(async move {
        let _permit = permit;
        tokio::select! {
            () = writing => {}
            () = gone.closed() => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
    });
    let frames = ReceiverStream::new(received).map(Ok::<_, Infallible>);
    let mut response =
        Sse::new(frames).keep_alive(KeepAlive::new().interval(PING).text("ping")).into_response();
    let headers = response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    // nginx would hold the stream back otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
