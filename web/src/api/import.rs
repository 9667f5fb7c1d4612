//! `POST /api/v1/jobs/import`: the lines of an export, an answer a line.

use super::bulk::{broken, line_of, refused, too_much};
use super::export::VERSION;
use crate::ask::{JsonLines, Line, Lines, MEDIA_LINES, Who, no_key};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{Came, ImportAnswer};
use anvil_control::{Control, Import};
use anvil_store::{FinishedJob, Imported, ImportedFile};
use anvil_types::encoding::{NotText, is_utf16};
use anvil_types::{
    ArtifactName, Attempt, InputDigest, InputSource, Job, JobState, Json, NewInput, Timestamp, is_media_type,
};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// The most lines of one request: their answers wait for a client that sends all before it reads.
const MOST_LINES: u64 = 1_000_000;
/// The most bytes of one request: it goes through, a batch at a time.
const MOST_BYTES: u64 = 64 << 30;
/// The most bytes of one line: a job with its files.
const LONGEST: usize = 256 << 20;
/// The most bytes of the first line, which says what follows.
const LONGEST_HEAD: usize = 64 << 10;
/// The most jobs and bytes of one transaction.
const BATCH_JOBS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// The first line.
#[derive(Deserialize)]
struct Head {
    anvil_export: Option<u64>,
    exported_at: Option<Timestamp>,
}

/// What a line has beside the job.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    attempt_history: Vec<Attempt>,
    #[serde(default)]
    artifacts: Vec<File>,
    /// Of the files that the job was submitted with; absent where the export was made without bytes.
    #[serde(default)]
    input_bytes: Vec<InputBytes>,
}

#[derive(Deserialize)]
struct InputBytes {
    name: ArtifactName,
    base64: String,
}

#[derive(Deserialize)]
struct File {
    name: ArtifactName,
    media_type: String,
    created_at: Timestamp,
    /// Absent where the export was made without bytes.
    base64: Option<String>,
}

pub(super) async fn import(
    State(state): State<WebState>,
    Who(by): Who,
    headers: HeaderMap,
    JsonLines(lines): JsonLines,
) -> Result<Response, Problem> {
    no_key(&headers, "jobs keep the ids that they have, and come in once")?;
    let (answers, sent) = unbounded_channel();
    let intake = Intake {
        control: state.control.clone(),
        by,
        import: None,
        answers,
        batch: Vec::new(),
        bytes: 0,
        line: 0,
    };
    tokio::spawn(intake.run(lines));
    let body = Body::from_stream(UnboundedReceiverStream::new(sent).map(Ok::<Bytes, Infallible>));
    Ok(([(CONTENT_TYPE, MEDIA_LINES)], body).into_response())
}

struct Intake {
    control: Arc<Control>,
    by: &'static str,
    /// None until the first line has come.
    import: Option<Import>,
    answers: UnboundedSender<Bytes>,
    batch: Vec<(u64, Result<FinishedJob, Problem>)>,
    bytes: usize,
    line: u64,
}

impl Intake {
    async fn run(mut self, body: Body) {
        let mut chunks = body.into_data_stream();
        let (mut lines, mut seen) = (Lines::of_at_most(LONGEST).first_of_at_most(LONGEST_HEAD), 0_u64);
        while let Some(chunk) = chunks.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return self.end(broken(&error.to_string())).await,
            };
            seen = seen.saturating_add(chunk.len() as u64);
            for line in lines.cut(&chunk) {
                if !self.take(line).await {
                    return;
                }
            }
            // It may have no end, and its sender may never stop.
            if lines.is_too_long() {
                self.take(Line::TooLong).await;
                return;
            }
            if seen > MOST_BYTES {
                return self.end(too_much(&format!("{MOST_BYTES} bytes"))).await;
            }
        }
        // The last line needs no end of its own.
        if self.take(lines.rest()).await {
            self.flush().await;
        }
    }

    /// Takes a line; whether the next may come.
    async fn take(&mut self, line: Line) -> bool {
        self.line += 1;
        if self.line > MOST_LINES {
            self.end(too_much(&format!("{MOST_LINES} lines, and begins with the first of the export"))).await;
            return false;
        }
        let line = match line {
            Line::TooLong if self.import.is_some() => {
                self.end(too_long_line()).await;
                return false;
            }
            Line::Text(line) if line.trim_ascii().is_empty() => return true,
            Line::Text(line) => line,
            Line::TooLong => Vec::new(),
        };
        let text = line.trim_ascii();
        let Some(_) = &self.import else {
            match head(text) {
                Ok(what) => self.import = Some(self.control.intake.import(self.by, what)),
                Err(problem) => {
                    self.end(problem).await;
                    return false;
                }
            }
            return true;
        };
        self.batch.push((self.line, read(text)));
        self.bytes += text.len();
        if self.batch.len() < BATCH_JOBS && self.bytes < BATCH_BYTES {
            return true;
        }
        self.flush().await
    }

    /// Takes in what has gathered, and answers; false where nothing more can be taken in.
    async fn flush(&mut self) -> bool {
        self.bytes = 0;
        let Some(import) = &mut self.import else { return true };
        let (mut lines, mut jobs) = (Vec::with_capacity(self.batch.len()), Vec::new());
        for (line, job) in std::mem::take(&mut self.batch) {
            let problem = match job {
                Ok(job) => {
                    let finished = job.job.state.is_final();
                    jobs.push(job);
                    Ok(finished)
                }
                Err(problem) => Err(problem),
            };
            lines.push((line, problem));
        }
        let mut taken = match import.take(jobs).await {
            Ok(taken) => taken.into_iter(),
            Err(error) => {
                // None of this batch was taken in: told once, for its first line.
                let first = lines.first().map_or(self.line, |(line, _)| *line);
                self.answer(refused(first, &error.into()));
                return false;
            }
        };
        let mut out = String::new();
        for (line, job) in lines {
            let answer = match job {
                Ok(finished) => match taken.next() {
                    Some(Ok(imported)) => told(line, imported, finished),
                    Some(Err(error)) => refused(line, &error.into()),
                    None => continue,
                },
                Err(problem) => refused(line, &problem),
            };
            out.push_str(&answer);
        }
        // A client that has gone has what it sent taken in all the same, as far as it came.
        let _ = self.answers.send(out.into());
        true
    }

    /// Takes in what has gathered, and says why the rest is not looked at.
    async fn end(&mut self, why: Problem) {
        if self.flush().await {
            self.answer(refused(self.line.max(1), &why));
        }
    }

    fn answer(&self, line: String) {
        let _ = self.answers.send(line.into());
    }
}

fn told(line: u64, imported: Imported, finished: bool) -> String {
    let (status, id, state, came) = match imported {
        Imported::New { id, state } => (201, id, state, if finished { Came::New } else { Came::Submitted }),
        Imported::Existing { id, state } => (200, id, state, Came::Existing),
    };
    line_of(&ImportAnswer { came, id, line, state, status })
}

/// What the first line says that is imported.
fn head(line: &[u8]) -> Result<String, Problem> {
    let wrong = |detail: String| Problem::invalid("no-export", "This is no export of jobs", detail);
    if is_utf16(line) {
        return Err(wrong(format!("{}. Nothing was taken in", NotText::Utf16)));
    }
    let head: Head = serde_json::from_slice(line).unwrap_or(Head { anvil_export: None, exported_at: None });
    match head.anvil_export {
        Some(VERSION) => Ok(match head.exported_at {
            Some(time) => format!("an export of {time}"),
            None => "an export".to_owned(),
        }),
        Some(other) => Err(wrong(format!(
            "the export has the form {other}, and this host reads form {VERSION}; export it anew, or import it with \
             the version of Anvil that wrote it. Nothing was taken in"
        ))),
        None => Err(wrong(format!(
            "the first line must be {{\"anvil_export\": {VERSION}, …}}, as `anvil jobs export` writes it; jobs that \
             were never in a host are submitted with `anvil submit --bulk`. Nothing was taken in"
        ))),
    }
}

fn too_long_line() -> Problem {
    let detail =
        format!("a line of an export has at most {LONGEST} bytes; what follows this one was not looked at");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The line is too long", detail)
}

fn read(line: &[u8]) -> Result<FinishedJob, Problem> {
    let wrong = |detail: String| Problem::invalid("no-exported-job", "The line is no exported job", detail);
    let mut job: Job = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
    // What succeeded has a result, and `null` is one, which reads as if there were none.
    if job.state == JobState::Succeeded {
        job.result.get_or_insert_with(Json::null);
    }
    let beside: Beside = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
    let strange = |name: &ArtifactName| wrong(format!("the media type of the file `{name}` is none"));
    let inputs = inputs(&job, &beside.input_bytes).map_err(wrong)?;
    let mut files = Vec::new();
    for File { name, media_type, created_at, base64 } in beside.artifacts {
        let Some(base64) = base64 else { continue };
        if !is_media_type(&media_type) {
            return Err(strange(&name));
        }
        let bytes = STANDARD.decode(base64).map_err(|error| {
            wrong(format!("the bytes of the file `{}` are no base64: {error}", name.as_str()))
        })?;
        files.push(ImportedFile { name, media_type, created_at, bytes });
    }
    Ok(FinishedJob { job, attempts: beside.attempt_history, inputs, files })
}

/// The files that a job came with. Of one that is history those come along whose bytes do; one that is submitted anew
/// needs all of them, of which somebody here may have some.
fn inputs(job: &Job, bytes: &[InputBytes]) -> Result<Vec<NewInput>, String> {
    let mut inputs = Vec::with_capacity(job.inputs.len());
    for info in &job.inputs {
        let name = &info.name;
        let Some(sent) = bytes.iter().find(|sent| sent.name == *name) else {
            if !job.state.is_final() {
                inputs.push(NewInput { info: info.clone(), bytes: None });
            }
            continue;
        };
        let bytes = STANDARD
            .decode(&sent.base64)
            .map_err(|error| format!("the bytes of the file `{name}` are no base64: {error}"))?;
        if !is_media_type(&info.media_type) {
            return Err(format!("the media type of the file `{name}` is none"));
        }
        if bytes.len() as u64 != info.size || InputDigest(*blake3::hash(&bytes).as_bytes()) != info.digest {
            return Err(format!("the bytes of the file `{name}` are not those of its digest"));
        }
        inputs.push(NewInput { info: info.clone(), bytes: Some(Arc::new(bytes) as Arc<dyn InputSource>) });
    }
    Ok(inputs)
}
