//! What came of a job.

use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Table, clean, clean_lines, elapsed, pretty_text, print, size};
use anvil_api::List;
use anvil_types::{ArtifactInfo, InputInfo, Job, JobState, Json, UpstreamKind};
use serde_json::Value;
use std::fmt::Write as _;

/// How a finished job ended, as an exit.
pub(super) fn outcome(job: &Job) -> Exit {
    match job.state {
        JobState::Succeeded => Exit::Done,
        JobState::Cancelled => Exit::JobCancelled,
        _ => Exit::JobFailed,
    }
}

/// Shows a finished job: result, files and cost. The exit says how it ended.
pub(super) async fn finished(client: &Client, answer: &Answer<Job>, json: bool) -> Result<Exit, Failure> {
    let job = answer.read()?;
    let exit = outcome(&job);
    if json {
        answer.print()?;
        return Ok(exit);
    }
    let id = job.id.to_string();
    let mut out = headline(&job);
    if let Some(error) = error(&job) {
        let _ = write!(out, "\n{error}\n");
    }
    if let Some(result) = &job.result {
        let _ = write!(out, "\n{}\n", shown(result));
    }
    // A job without its list of files is still a result.
    let files = client.get::<List<ArtifactInfo>>(&["jobs", &id, "artifacts"], &[]).await;
    let files = files.and_then(|files| files.read()).map(|files| files.items).unwrap_or_default();
    if !files.is_empty() {
        let _ = write!(out, "\n{}", artifacts(&files));
    }
    print(&out)?;
    if !files.is_empty() {
        eprintln!("next: anvil jobs artifacts {id} --out DIR");
    } else if exit == Exit::JobFailed {
        eprintln!("next: anvil jobs logs {id}");
    }
    Ok(exit)
}

/// State, agent and action, cost, calls and time in one line.
pub(super) fn headline(job: &Job) -> String {
    let mut line = format!("{} {} {}/{}", job.id, job.state, clean(&job.agent), clean(&job.action));
    let _ = write!(line, " · {}", job.cost);
    if job.upstream == UpstreamKind::Simulated {
        line.push_str(" (SIMULATED)");
    }
    let _ = write!(line, " · {} {}", job.calls, if job.calls == 1 { "call" } else { "calls" });
    if let (Some(start), Some(end)) = (job.started_at, job.finished_at) {
        let _ = write!(line, " · {}", elapsed(end.since(start)));
    }
    line.push('\n');
    line
}

/// Why the job failed, where it did.
pub(super) fn error(job: &Job) -> Option<String> {
    let error = job.error.as_ref()?;
    Some(format!("error: {}: {}", clean(&error.kind), clean_lines(&error.message)))
}

/// A result: text as it is, all else as JSON.
pub(super) fn shown(result: &Json) -> String {
    match serde_json::from_str(result.as_str()) {
        Ok(Value::String(text)) => clean_lines(&text),
        _ => pretty_text(result),
    }
}

/// The files that a job was submitted with, as a table.
pub(super) fn inputs(files: &[InputInfo]) -> String {
    let mut table = Table::new(&["SUBMITTED WITH", "SIZE", "TYPE"]).right(&[1]);
    for file in files {
        table.row([file.name.as_str(), &size(file.size), &file.media_type]);
    }
    table.to_string()
}

/// Files as a table.
pub(super) fn artifacts(files: &[ArtifactInfo]) -> String {
    let mut table = Table::new(&["FILE", "SIZE", "TYPE"]).right(&[1]);
    for file in files {
        table.row([file.name.as_str(), &size(file.size), &file.media_type]);
    }
    table.to_string()
}
