//! `POST /api/v1/jobs/bulk`: a job a line, an answer a line.
//!
//! Jobs are taken in while the body still comes, some hundred in one transaction, and each is durable
//! when its answer is sent. The answers wait for a client that sends all before it reads: there are at
//! most as many as [`MOST_LINES`].

use super::submit::fields;
use crate::ask::{JsonLines, Line, Lines, MEDIA_LINES, Object, malformed, no_key};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{BulkAnswer, LineProblem};
use anvil_control::{After, BulkIntake, BulkJob, SubmitError};
use anvil_types::Json;
use anvil_types::encoding::{NotText, is_utf16};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::convert::Infallible;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

/// The most lines of one request.
const MOST_LINES: u64 = 100_000;
/// The most bytes of one request.
const MOST_BYTES: usize = 256 << 20;
/// The most jobs and bytes of one transaction.
const BATCH_JOBS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

pub(super) async fn submit(
    State(state): State<WebState>,
    headers: HeaderMap,
    JsonLines(lines): JsonLines,
) -> Result<Response, Problem> {
    no_key(&headers, "send `idempotency_key` in each line")?;
    let (answers, sent) = unbounded_channel();
    let longest = state.config.max_body_bytes;
    let intake =
        Intake { bulk: state.control.intake.bulk(), answers, batch: Vec::new(), bytes: 0, line: 0, longest };
    tokio::spawn(intake.run(lines, longest));
    let body = Body::from_stream(UnboundedReceiverStream::new(sent).map(Ok::<Bytes, Infallible>));
    Ok(([(CONTENT_TYPE, MEDIA_LINES)], body).into_response())
}

/// A line that waits for its transaction, or for the answers of those before it.
enum Waiting {
    Job(Box<BulkJob>),
    Refused(u64, Problem),
}

struct Intake {
    bulk: BulkIntake,
    answers: UnboundedSender<Bytes>,
    batch: Vec<Waiting>,
    bytes: usize,
    line: u64,
    longest: usize,
}

impl Intake {
    async fn run(mut self, body: Body, longest: usize) {
        let mut chunks = body.into_data_stream();
        let (mut lines, mut seen) = (Lines::of_at_most(longest), 0_usize);
        while let Some(chunk) = chunks.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return self.end(broken(&error.to_string())).await,
            };
            seen = seen.saturating_add(chunk.len());
            for line in lines.cut(&chunk) {
                if !self.take(line).await {
                    return;
                }
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
            self.end(too_much(&format!("{MOST_LINES} lines"))).await;
            return false;
        }
        let waiting = match line {
            Line::TooLong => Waiting::Refused(
                self.line,
                Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "The line is too long",
                    format!("a line has at most {} bytes (max_body_bytes in the settings)", self.longest),
                ),
            ),
            Line::Text(line) if self.line == 1 && is_utf16(&line) => {
                self.end(malformed(NotText::Utf16.to_string())).await;
                return false;
            }
            Line::Text(line) if line.trim_ascii().is_empty() => return true,
            Line::Text(line) => {
                self.bytes += line.len();
                match read(&line, self.line) {
                    Ok(job) => Waiting::Job(Box::new(job)),
                    Err(problem) => Waiting::Refused(self.line, problem),
                }
            }
        };
        self.batch.push(waiting);
        if self.batch.len() < BATCH_JOBS && self.bytes < BATCH_BYTES {
            return true;
        }
        self.flush().await
    }

    /// Takes in what has gathered, and answers; false where nothing more can be taken in.
    async fn flush(&mut self) -> bool {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        let (mut lines, mut jobs) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for waiting in batch {
            match waiting {
                Waiting::Job(job) => {
                    lines.push((job.line, job.label.clone(), None));
                    jobs.push(*job);
                }
                Waiting::Refused(line, problem) => lines.push((line, None, Some(problem))),
            }
        }
        let mut taken = match self.bulk.take(jobs).await {
            Ok(taken) => taken.into_iter(),
            Err(error) => {
                // None of this batch was taken in: told once, for its first line.
                let first = lines.first().map_or(self.line, |(line, _, _)| *line);
                self.answer(refused(first, &error.into()));
                return false;
            }
        };
        let mut out = Vec::new();
        for (line, label, problem) in lines {
            let answer = match problem.map(Err).or_else(|| taken.next().map(|t| t.map_err(problem_of))) {
                Some(Ok(taken)) => {
                    let status = if taken.new { 201 } else { 200 };
                    line_of(&BulkAnswer { id: taken.id, line, label, state: taken.state, status })
                }
                Some(Err(problem)) => refused(line, &problem),
                None => continue,
            };
            out.extend_from_slice(answer.as_bytes());
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

fn problem_of(error: SubmitError) -> Problem {
    error.into()
}

/// The line that says why a line was refused.
pub(super) fn refused(line: u64, problem: &Problem) -> String {
    let told = LineProblem { line, problem: problem.told().clone() };
    // By the order of their names, as every line.
    line_of(&serde_json::to_value(told).unwrap_or_default())
}

/// An answer as a line.
pub(super) fn line_of<T: Serialize>(answer: &T) -> String {
    format!(
        "{}
",
        Json::of(answer)
    )
}

pub(super) fn broken(why: &str) -> Problem {
    Problem::bad_request(
        "broken-body",
        "The body broke off",
        format!("{why}; lines before this one were taken in"),
    )
}

pub(super) fn too_much(what: &str) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "The body is too large",
        format!("one request has at most {what}; send this line and what follows in another"),
    )
}

/// A line as a job: what a job is made of, and `ref` and `after` to tie it to other lines.
fn read(line: &[u8], number: u64) -> Result<BulkJob, Problem> {
    let mut body = Object::parse(line.trim_ascii())?;
    let submission = fields(&mut body);
    let label = body.field("ref", "a text");
    let named: Vec<String> = body.field("after", "a list of jobs' ids and of `ref:NAME`").unwrap_or_default();
    let mut after = Vec::with_capacity(named.len());
    for name in named {
        match (name.strip_prefix("ref:"), name.parse()) {
            (Some(label), _) => after.push(After::Label(label.to_owned())),
            (None, Ok(id)) => after.push(After::Job(id)),
            (None, Err(error)) => body.wrong("after", format!("{error}, and an earlier line is `ref:NAME`")),
        }
    }
    body.finish()?;
    Ok(BulkJob { line: number, label, after, submission })
}
