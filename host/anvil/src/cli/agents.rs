//! `anvil agents`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, items, pretty, print, print_json, size, text};
use clap::Subcommand;
use serde_json::Value;
use std::fmt::Write as _;

/// `anvil agents …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsCommand {
    /// Show every plugin in the folder, with its state and what it can do.
    List,
    /// Show one agent: its actions and the schemas of their payloads.
    Show {
        /// The agent.
        agent: String,
    },
    /// Let an agent take jobs again.
    Enable {
        /// The agent.
        agent: String,
    },
    /// Let an agent take no more jobs; those that wait for it go on waiting.
    Disable {
        /// The agent.
        agent: String,
    },
}

impl AgentsCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let (answer, show): (Value, fn(&Value) -> String) = match self {
            Self::List => (client.get(&["agents"], &[]).await?, list),
            Self::Show { agent } => (client.get(&["agents", agent], &[]).await?, detail),
            Self::Enable { agent } => (client.post(&["agents", agent, "enable"]).await?, state),
            Self::Disable { agent } => (client.post(&["agents", agent, "disable"]).await?, state),
        };
        if globals.json {
            print_json(&answer)?;
        } else {
            print(&show(&answer))?;
            if matches!(self, Self::List) {
                // The list is as it was when the folder could last be read.
                let trouble = text(&client.get(&["status"], &[]).await?, "/plugins/trouble");
                if !trouble.is_empty() {
                    print(&trouble)?;
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn actions(agent: &Value) -> Vec<String> {
    let actions = agent.get("actions").and_then(Value::as_array).into_iter().flatten();
    actions.map(|action| text(action, "/name")).collect()
}

fn list(agents: &Value) -> String {
    if items(agents).is_empty() {
        return "There are no agents: copy a plugin (.wasm) into the plugins folder.".to_owned();
    }
    let mut table = Table::new(&["AGENT", "VERSION", "STATE", "ACTIONS", "FILE", "SUMMARY"]);
    for agent in items(agents) {
        // Why it takes no jobs says more than what it would do.
        let reason = text(agent, "/reason");
        let summary = if reason.is_empty() { text(agent, "/summary") } else { reason };
        table.row([
            text(agent, "/name"),
            text(agent, "/version"),
            text(agent, "/state"),
            actions(agent).join(", "),
            text(agent, "/file"),
            first_line(&summary, 100),
        ]);
    }
    table.to_string()
}

fn state(agent: &Value) -> String {
    format!("{} is {}", text(agent, "/name"), text(agent, "/state"))
}

fn detail(agent: &Value) -> String {
    let at = |pointer: &str| text(agent, pointer);
    let mut out = format!("{} {}: {}\n", at("/name"), at("/version"), at("/state"));
    for (name, value) in [
        ("why", at("/reason")),
        ("", at("/summary")),
        (
            "file",
            format!("{}, {}", at("/file"), size(agent.get("size").and_then(Value::as_u64).unwrap_or(0))),
        ),
        ("digest", at("/digest")),
        ("loaded", Moment::now().full(agent, "/loaded_at")),
        ("effort", at("/effort")),
        ("never below", at("/model_floor")),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<12}{value}");
        }
    }
    for action in agent.get("actions").and_then(Value::as_array).into_iter().flatten() {
        let _ = writeln!(out, "\n{}: {}", text(action, "/name"), text(action, "/summary"));
        for (name, key) in [("payload", "input_schema"), ("result", "output_schema")] {
            let schema = pretty(action.get(key).unwrap_or(&Value::Null)).replace('\n', "\n  ");
            let _ = writeln!(out, "  {name} {schema}");
        }
    }
    let (name, action) = (at("/name"), actions(agent).first().cloned().unwrap_or_default());
    if at("/state") == "ready" && !action.is_empty() {
        let _ = writeln!(out, "\nTry it: anvil submit {} {} --field NAME=VALUE --wait", clean(&name), action);
    }
    out
}
