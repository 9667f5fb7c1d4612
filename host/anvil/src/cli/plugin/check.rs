//! `anvil plugin check`.

use super::kit::{self, Found, Verdict};
use crate::cli::Globals;
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::serve::parts;
use crate::show::{clean, print, print_json, size};
use anvil_sandbox::{Catalog, EngineCount, Rejection, Sandbox};
use anvil_settings::Settings;
use anvil_types::{AgentInfo, Clock, Supervisor, SystemClock};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Looks at a file as a host does that finds it, and then as its jobs would: see `kit`.
pub(super) async fn run(file: &Path, globals: &Globals) -> Result<Exit, Failure> {
    let settings = connect::settings(globals)?;
    let began = Instant::now();
    let verdict = Box::pin(kit::examine(file, settings)).await?;
    if globals.json {
        print_json(&as_json(&verdict))?;
    } else {
        print(&text(file, &verdict, began.elapsed()))?;
    }
    Ok(if verdict.found.is_empty() { Exit::Done } else { Exit::Unwell })
}

fn as_json(verdict: &Verdict) -> serde_json::Value {
    let fault = |found: &Found| json!({ "fault": found.fault.name(), "what": found.fault.what(), "detail": found.detail, "mend": found.fault.mend() });
    json!({
        "conforms": verdict.found.is_empty(),
        "agent": verdict.plugin.as_ref().map(|plugin| &plugin.info),
        "faults": verdict.found.iter().map(fault).collect::<Vec<_>>(),
        "notes": verdict.notes,
    })
}

fn text(file: &Path, verdict: &Verdict, took: Duration) -> String {
    let mut out = match (&verdict.plugin, verdict.found.len()) {
        (Some(plugin), 0) => report(file, &plugin.info, took),
        (_, 1) => format!("{} has a fault:\n", file.display()),
        (_, count) => format!("{} has {count} faults:\n", file.display()),
    };
    for found in &verdict.found {
        let Found { fault, detail } = found;
        let _ = writeln!(
            out,
            "\n  {fault}: the plugin {}\n    found  {}\n    mend   {}",
            fault.what(),
            clean(detail),
            fault.mend()
        );
    }
    for note in &verdict.notes {
        let _ = writeln!(out, "  note        {}", clean(note));
    }
    out
}

/// What a plugin says of itself, where a host with these settings would load it.
pub(super) async fn examine(file: &Path, settings: &Settings) -> Result<AgentInfo, Failure> {
    let examined = examined(file, settings).await?;
    Ok(examined.map_err(|rejection| anyhow!("{} {rejection}", file.display()))?)
}

/// The same, or why it is no plugin.
pub(super) async fn examined(
    file: &Path,
    settings: &Settings,
) -> Result<Result<AgentInfo, Rejection>, Failure> {
    let folder = tempfile::tempdir().context("there is no folder to work in")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut catalog = parts::catalog(settings, clock, &Supervisor::new())?;
    // Nothing of the host's own folders is read or written.
    catalog.plugins = folder.path().join("plugins");
    catalog.data = folder.path().join("data");
    let sandbox = Sandbox::new(parts::sandbox(settings, EngineCount::Nothing), Handle::current())
        .map_err(|error| anyhow!(error))?;
    let catalog = Catalog::start(sandbox, catalog).map_err(|error| anyhow!(error))?;
    Ok(catalog.check(file).await)
}

fn report(file: &Path, agent: &AgentInfo, took: Duration) -> String {
    let mut out = format!(
        "{} is a plugin that conforms: a host loads it, and its jobs end as they should.\n",
        file.display()
    );
    for (name, value) in [
        ("agent", format!("{} {}", clean(&agent.name), clean(&agent.version))),
        ("", clean(&agent.summary)),
        ("size", size(agent.size)),
        ("digest", clean(&agent.digest)),
        ("effort", agent.effort.to_string()),
        ("never below", agent.model_floor.map(|tier| tier.to_string()).unwrap_or_default()),
        ("took", format!("{:.1} s to check, compile, describe and run", took.as_secs_f64())),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<12}{value}");
        }
    }
    for action in agent.actions.iter() {
        let _ = writeln!(out, "  action      {}: {}", clean(&action.name), clean(&action.summary));
    }
    out
}
