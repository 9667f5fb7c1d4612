//! What came of a job.

use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Table, clean_lines, elapsed, items, money, pretty, print, print_json, size, text};
use anvil_types::Timestamp;
use serde_json::Value;
use std::fmt::Write as _;

/// How a finished job ended, as an exit.
pub(super) fn outcome(job: &Value) -> Exit {
    match job.get("state").and_then(Value::as_str) {
        Some("succeeded") => Exit::Done,
        Some("cancelled") => Exit::JobCancelled,
        _ => Exit::JobFailed,
    }
}

/// Shows a finished job: result, files and cost. The exit says how it ended.
pub(super) async fn finished(client: &Client, job: &Value, json: bool) -> Result<Exit, Failure> {
    let exit = outcome(job);
    if json {
        print_json(job)?;
        return Ok(exit);
    }
    let id = text(job, "/id");
    let mut out = headline(job);
    if let Some(error) = error(job) {
        let _ = write!(out, "\n{error}\n");
    }
    if let Some(result) = job.get("result").filter(|result| !result.is_null()) {
        let _ = write!(out, "\n{}\n", shown(result));
    }
    // A job without its list of files is still a result.
    let files = client.get(&["jobs", &id, "artifacts"], &[]).await.unwrap_or_default();
    if !items(&files).is_empty() {
        let _ = write!(out, "\n{}", artifacts(&files));
    }
    print(&out)?;
    if !items(&files).is_empty() {
        eprintln!("next: anvil jobs artifacts {id} --out DIR");
    } else if exit == Exit::JobFailed {
        eprintln!("next: anvil jobs logs {id}");
    }
    Ok(exit)
}

/// State, agent and action, cost, calls and time in one line.
pub(super) fn headline(job: &Value) -> String {
    let at = |pointer: &str| text(job, pointer);
    let mut line = format!("{} {} {}/{}", at("/id"), at("/state"), at("/agent"), at("/action"));
    let _ = write!(line, " · {}", money(job, "/cost_usd"));
    if at("/upstream") == "simulated" {
        line.push_str(" (SIMULATED)");
    }
    let calls = job.get("calls").and_then(Value::as_u64).unwrap_or(0);
    let _ = write!(line, " · {calls} {}", if calls == 1 { "call" } else { "calls" });
    let time = |key: &str| -> Option<Timestamp> { job.get(key)?.as_str()?.parse().ok() };
    if let (Some(start), Some(end)) = (time("started_at"), time("finished_at")) {
        let _ = write!(line, " · {}", elapsed(end.since(start)));
    }
    line.push('\n');
    line
}

/// Why the job failed, where it did.
pub(super) fn error(job: &Value) -> Option<String> {
    let error = job.get("error").filter(|error| !error.is_null())?;
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    Some(format!("error: {}: {}", text(error, "/kind"), clean_lines(message)))
}

/// A result: text as it is, all else as JSON.
pub(super) fn shown(result: &Value) -> String {
    result.as_str().map_or_else(|| pretty(result), clean_lines)
}

/// Files as a table.
pub(super) fn artifacts(files: &Value) -> String {
    let mut table = Table::new(&["FILE", "SIZE", "TYPE"]).right(&[1]);
    for file in items(files) {
        let bytes = file.get("size").and_then(Value::as_u64).unwrap_or(0);
        table.row([text(file, "/name"), size(bytes), text(file, "/media_type")]);
    }
    table.to_string()
}
