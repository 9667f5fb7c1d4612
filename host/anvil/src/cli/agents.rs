//! `anvil agents`.

use super::Globals;
use super::agent_state::StateCommand;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, pretty_text, print, size, some, word};
use anvil_api::{List, Status};
use anvil_types::{AgentInfo, AgentState};
use clap::Subcommand;
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
    /// Look at what an agent keeps beyond its jobs, and clear it.
    #[command(subcommand)]
    State(StateCommand),
}

impl AgentsCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List => {
                let agents: Answer<List<AgentInfo>> = client.get(&["agents"], &[]).await?;
                agents.show(globals.json, |agents| list(&agents.items))?;
                if !globals.json {
                    // The list is as it was when the folder could last be read.
                    let status: Answer<Status> = client.get(&["status"], &[]).await?;
                    if let Some(trouble) = status.read()?.plugins.trouble {
                        print(&clean(&trouble))?;
                    }
                }
            }
            Self::Show { agent } => {
                client.get::<AgentInfo>(&["agents", agent], &[]).await?.show(globals.json, detail)?;
            }
            Self::Enable { agent } => {
                client.post::<AgentInfo>(&["agents", agent, "enable"]).await?.show(globals.json, state)?;
            }
            Self::Disable { agent } => {
                client.post::<AgentInfo>(&["agents", agent, "disable"]).await?.show(globals.json, state)?;
            }
            Self::State(command) => return command.run(client, globals).await,
        }
        Ok(Exit::Done)
    }
}

fn list(agents: &[AgentInfo]) -> String {
    if agents.is_empty() {
        return "There are no agents: copy a plugin (.wasm) into the plugins folder.".to_owned();
    }
    let mut table = Table::new(&["AGENT", "VERSION", "STATE", "ACTIONS", "FILE", "SUMMARY"]);
    for agent in agents {
        // Why it takes no jobs says more than what it would do.
        let summary = agent.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or(&agent.summary);
        let actions: Vec<_> = agent.actions.iter().map(|action| action.name.as_str()).collect();
        table.row([
            agent.name.as_str(),
            &agent.version,
            agent.state.name(),
            &actions.join(", "),
            &agent.file,
            &first_line(summary, 100),
        ]);
    }
    table.to_string()
}

fn state(agent: &AgentInfo) -> String {
    format!("{} is {}", clean(&agent.name), agent.state.name())
}

fn detail(agent: &AgentInfo) -> String {
    let (name, version) = (clean(&agent.name), clean(&agent.version));
    let mut out = format!("{name} {version}: {}\n", agent.state.name());
    for (name, value) in [
        ("why", some(agent.reason.as_deref())),
        ("", clean(&agent.summary)),
        ("file", format!("{}, {}", clean(&agent.file), size(agent.size))),
        ("digest", clean(&agent.digest)),
        ("loaded", Moment::now().full(agent.loaded_at)),
        ("effort", word(agent.effort)),
        ("never below", agent.model_floor.map(|tier| tier.to_string()).unwrap_or_default()),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<12}{value}");
        }
    }
    for action in agent.actions.iter() {
        let _ = writeln!(out, "\n{}: {}", clean(&action.name), clean(&action.summary));
        for (name, schema) in [("payload", &action.input_schema), ("result", &action.output_schema)] {
            let _ = writeln!(out, "  {name} {}", pretty_text(schema).replace('\n', "\n  "));
        }
    }
    if agent.state == AgentState::Ready
        && let Some(action) = agent.actions.first().filter(|action| !action.name.is_empty())
    {
        let action = clean(&action.name);
        let _ = writeln!(out, "\nTry it: anvil submit {name} {action} --field NAME=VALUE --wait");
    }
    out
}
