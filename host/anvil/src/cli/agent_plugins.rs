//! `anvil agents put`, `remove` and `smoke`: plugins of a running host.

use super::Globals;
use super::source::Source;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, indented, pretty_text, size};
use anvil_api::{PluginRemoved, PluginReport, SmokeEnd, SmokeReport, SmokeRequest};
use reqwest::Method;
use std::fmt::Write as _;
use std::path::Path;

/// Hands a plugin in.
pub(super) async fn put(
    client: &Client,
    globals: &Globals,
    agent: &str,
    file: &Path,
    dry_run: bool,
) -> Result<Exit, Failure> {
    let plugin = Source::open(file).await?;
    let query: Vec<_> = dry_run.then(|| ("dry_run", "true".to_owned())).into_iter().collect();
    let report = client.put_bytes::<PluginReport>(&["agents", agent], &query, plugin).await?;
    report.show(globals.json, said)?;
    Ok(Exit::Done)
}

/// Removes the plugin of an agent.
pub(super) async fn remove(client: &Client, globals: &Globals, agent: &str) -> Result<Exit, Failure> {
    let removed = client.delete_of::<PluginRemoved>(&["agents", agent], &[]).await?;
    removed.show(globals.json, |removed| format!("removed {}", clean(&removed.files.join(", "))))?;
    Ok(Exit::Done)
}

/// Tries an agent; the exit code says whether it gave a result.
pub(super) async fn smoke(
    client: &Client,
    globals: &Globals,
    agent: &str,
    action: Option<&str>,
    payload: Option<&str>,
) -> Result<Exit, Failure> {
    let payload = payload.map(|text| serde_json::value::RawValue::from_string(text.to_owned())).transpose();
    let payload = payload.map_err(|error| Failure::Usage(format!("the payload is no JSON: {error}")))?;
    let body = SmokeRequest { action: action.map(str::to_owned), payload };
    let report = client.send::<SmokeReport>(Method::POST, &["agents", agent, "smoke"], &body).await?;
    report.show(globals.json, tried)?;
    let ended = report.read()?.end;
    Ok(if ended == SmokeEnd::Succeeded { Exit::Done } else { Exit::Unwell })
}

/// What a plugin is, and what became of it.
fn said(report: &PluginReport) -> String {
    let agent = &report.agent;
    let (name, version) = (clean(&agent.name), clean(&agent.version));
    let stands = match (report.installed, report.in_force) {
        (false, _) => "is a plugin; nothing was changed",
        (true, true) => "is in the folder, and loaded",
        (true, false) => "is in the folder; the host still takes it up",
    };
    let mut out = format!("{name} {version} {stands}\n");
    let _ = writeln!(out, "  file        {}, {}", clean(&report.file), size(agent.size));
    let _ = writeln!(out, "  digest      {}", clean(&agent.digest));
    for action in agent.actions.iter() {
        let _ = writeln!(out, "  action      {}: {}", clean(&action.name), clean(&action.summary));
    }
    for change in &report.changes {
        let _ = writeln!(out, "  changes     {}", clean(change));
    }
    out
}

/// What came of trying it.
fn tried(report: &SmokeReport) -> String {
    let end = match report.end {
        SmokeEnd::Succeeded => "gave a result",
        SmokeEnd::Failed => "says that it failed",
        SmokeEnd::Broke => "broke",
        SmokeEnd::Stopped => "was stopped",
    };
    let (agent, version, action) = (clean(&report.agent), clean(&report.version), clean(&report.action));
    let mut out = format!("{agent} {version}, {action}: {end}; nothing was sent or spent\n");
    if let Some(error) = &report.error {
        let _ = writeln!(out, "  why         {}: {}", clean(&error.kind), clean(&error.message));
    }
    if let Some(fault) = &report.description_fault {
        let _ = writeln!(out, "  description {}", clean(fault));
    }
    let _ = writeln!(out, "  used        {}", report.used);
    let _ = writeln!(
        out,
        "  asked       {} calls, {} questions, {} tasks; {} files, {}",
        report.calls,
        report.questions,
        report.tasks,
        report.files,
        size(report.file_bytes)
    );
    for line in &report.log {
        let _ = writeln!(out, "  log         {}", clean(line));
    }
    let _ = write!(out, "\npayload\n{}\n", pretty_text(&report.payload));
    if let Some(result) = &report.result {
        let _ = write!(out, "\nresult\n{}\n", indented(result.as_str()));
    }
    out
}
