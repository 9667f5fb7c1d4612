//! Events as they happen, as server-sent events.
//!
//! A durable event is an unnamed message: `id` is its sequence number, `data` its JSON with a `type`.
//! A job's stream also shows the text that Claude writes at this moment, as messages named `text`
//! without an id: `{"text": …, "start": true}` opens one, `"start": false` adds to it.

use crate::ask::{Known, Query};
use crate::problem::Problem;
use crate::sse::{self, Follow};
use crate::state::WebState;
use anvil_control::Control;
use anvil_types::{Job, JobId, upright};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event as Frame;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How often a stream looks whether text has begun to come.
const LOOK_FOR_TEXT: Duration = Duration::from_millis(300);

/// All events, from now on unless `after` or `Last-Event-ID` says where.
pub(super) async fn all(
    State(state): State<WebState>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let after = match sse::resume_after(&headers, query.value("after")?) {
        Some(after) => sse::place(after, state.control.events.last().await?),
        None => state.control.events.last().await?,
    };
    let mut follow = Follow::new(&state.control, None, after);
    sse::stream(&state, move |frames| async move {
        while let Ok(Some(event)) = follow.next().await {
            if frames.send(durable(&event)).await.is_err() {
                return;
            }
        }
    })
}

/// One job's events, from its first on unless `after` or `Last-Event-ID` says where.
pub(super) async fn of_job(
    State(state): State<WebState>,
    Known(Job { id, .. }): Known<Job>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let last = state.control.events.last().await?;
    // A place that has not come yet is another life's, before a back-up was put back: all of it is told again.
    let after =
        sse::resume_after(&headers, query.value("after")?).filter(|after| *after <= last).unwrap_or(0);
    let mut follow = Follow::new(&state.control, Some(id), after);
    let mut text = LiveText::new(&state.control, id);
    sse::stream(&state, move |frames| async move {
        loop {
            let sent = tokio::select! {
                event = follow.next() => match event {
                    Ok(Some(event)) => frames.send(durable(&event)).await,
                    Ok(None) | Err(_) => return,
                },
                piece = text.next() => frames.send(piece.frame()).await,
            };
            if sent.is_err() {
                return;
            }
        }
    })
}

fn durable(event: &anvil_types::Event) -> Frame {
    Frame::default().id(event.seq.to_string()).data(serde_json::to_string(event).unwrap_or_default())
}

/// A piece of text as it streams.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// Whether it begins anew.
    pub(crate) start: bool,
}

impl Piece {
    /// The piece as a page shows it.
    pub(crate) fn shown(self) -> Self {
        Self { text: upright(&self.text).into_owned(), ..self }
    }

    /// The piece on the wire; its JSON keeps line ends in one `data` line.
    pub(crate) fn frame(&self) -> Frame {
        Frame::default().event("text").data(serde_json::to_string(self).unwrap_or_default())
    }
}

/// The text that streams into a job, one call after another.
pub(crate) struct LiveText {
    control: Arc<Control>,
    job: JobId,
    coming: Option<broadcast::Receiver<String>>,
}

impl LiveText {
    pub(crate) fn new(control: &Arc<Control>, job: JobId) -> Self {
        Self { control: control.clone(), job, coming: None }
    }

    /// The next piece. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Piece {
        loop {
            match &mut self.coming {
                None => match self.control.events.live_text(self.job) {
                    Some((text, coming)) => {
                        self.coming = Some(coming);
                        return Piece { text, start: true };
                    }
                    None => tokio::time::sleep(LOOK_FOR_TEXT).await,
                },
                Some(coming) => match coming.recv().await {
                    Ok(text) => return Piece { text, start: false },
                    // What was missed is in what has come so far: begin anew.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => {
                        self.coming = None;
                        tokio::time::sleep(LOOK_FOR_TEXT).await;
                    }
                },
            }
        }
    }
}
