//! `GET /api/v1/jobs/export`: a job a line, the oldest first.
//!
//! An export is of no single moment: which jobs it has is known when it begins, and each is as it stands
//! when its line is written. One that is deleted meanwhile is missing.

use crate::ask::{Filter, MEDIA_LINES, Query};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::{JobFilter, StoreError};
use anvil_types::{ArtifactInfo, ArtifactName, Attempt, Job, JobId, Json, Timestamp};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

/// The version of the form.
pub(super) const VERSION: u64 = 1;
/// How many lines wait for a slow client.
const AHEAD: usize = 4;
/// The jobs of one page.
const PAGE: u32 = 500;

/// The first line.
#[derive(Serialize)]
struct Head {
    anvil_export: u64,
    exported_at: Timestamp,
}

/// A job with what hangs on it; its log and its journal stay.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    job: Job,
    /// `attempts` is their count already.
    attempt_history: Vec<Attempt>,
    artifacts: Vec<File>,
    /// The bytes of `inputs`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_bytes: Vec<Bytes64>,
}

/// The bytes of a file that the job was submitted with.
#[derive(Serialize)]
struct Bytes64 {
    name: ArtifactName,
    base64: String,
}

#[derive(Serialize)]
struct File {
    #[serde(flatten)]
    info: ArtifactInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

pub(super) async fn export(
    State(state): State<WebState>,
    Filter(filter): Filter<JobFilter>,
    query: Query,
) -> Result<Response, Problem> {
    let filter = JobFilter { limit: PAGE, ..filter };
    let files = query.value("files")?.unwrap_or(false);
    let (lines, sent) = channel(AHEAD);
    tokio::spawn(async move {
        if let Err(error) = write(&state, filter, files, &lines).await {
            tracing::warn!(%error, "an export broke off");
            // The body has no proper end then, and the client knows.
            let _ = lines.send(Err(error)).await;
        }
    });
    let body = Body::from_stream(ReceiverStream::new(sent));
    Ok(([(CONTENT_TYPE, MEDIA_LINES)], body).into_response())
}

type Lines = Sender<Result<Bytes, StoreError>>;

async fn write(state: &WebState, filter: JobFilter, files: bool, lines: &Lines) -> Result<(), StoreError> {
    let head = Head { anvil_export: VERSION, exported_at: state.control.clock.now() };
    if !send(lines, &head).await {
        return Ok(());
    }
    // Lists come the newest first, and what comes after others is read after them.
    for id in ids(state, filter).await?.into_iter().rev() {
        if let Some(line) = line(state, id, files).await?
            && !send(lines, &line).await
        {
            return Ok(());
        }
    }
    Ok(())
}

/// The jobs that match, the newest first.
async fn ids(state: &WebState, mut filter: JobFilter) -> Result<Vec<JobId>, StoreError> {
    let mut ids = Vec::new();
    loop {
        let page = state.control.jobs.page(filter.clone()).await?;
        ids.extend(page.items.iter().map(|job| job.id));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return Ok(ids),
        }
    }
}

async fn line(state: &WebState, id: JobId, files: bool) -> Result<Option<Line>, StoreError> {
    let Some(job) = state.control.jobs.get(id).await? else { return Ok(None) };
    let attempt_history = state.control.jobs.attempts(id).await?;
    let mut artifacts = Vec::new();
    for info in state.control.jobs.artifacts(id).await? {
        let found = if files { state.control.jobs.artifact(id, &info.name).await? } else { None };
        let base64 = found.map(|(_, bytes)| STANDARD.encode(bytes));
        artifacts.push(File { info, base64 });
    }
    let mut input_bytes = Vec::new();
    for info in job.inputs.iter().filter(|_| files) {
        if let Some((_, bytes)) = state.control.jobs.input(id, &info.name).await? {
            input_bytes.push(Bytes64 { name: info.name.clone(), base64: STANDARD.encode(bytes) });
        }
    }
    Ok(Some(Line { job, attempt_history, artifacts, input_bytes }))
}

/// Whether somebody still listens.
async fn send<T: Serialize>(lines: &Lines, line: &T) -> bool {
    let text = format!("{}\n", Json::of(line));
    lines.send(Ok(text.into())).await.is_ok()
}
