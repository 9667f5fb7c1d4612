//! `anvil agents`.

use super::agent_state::StateCommand;
use super::{Globals, agent_plugins, agent_versions, limit_use};
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, pretty_text, print, size, some, word};
use anvil_api::{List, Status};
use anvil_types::{AgentInfo, AgentState, LimitUsed};
use clap::Subcommand;
use std::fmt::Write as _;
use std::path::PathBuf;

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
    /// Hand a plugin in: it is checked as in the folder, told with what it changes, and put into the folder.
    Put {
        /// The agent that it is.
        agent: String,
        /// The plugin, a `.wasm` file.
        file: PathBuf,
        /// Only say what it is and what it changes.
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove the plugin of an agent; its jobs wait until there is one again.
    Remove {
        /// The agent.
        agent: String,
        /// Do it.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Try the version of an agent that is in force against a played Claude: nothing is sent, spent or kept.
    Smoke {
        /// The agent.
        agent: String,
        /// The action; its first where absent.
        #[arg(long)]
        action: Option<String>,
        /// The payload, as JSON; an example of what the schema asks for where absent.
        #[arg(long, value_name = "JSON")]
        payload: Option<String>,
    },
    /// Show the limits of an agent beside the most that one attempt used of each.
    Limits {
        /// The agent.
        agent: String,
    },
    /// Show the versions of an agent that the host keeps: which is in force, which can be gone back to.
    Versions {
        /// The agent.
        agent: String,
    },
    /// Go back to a version of an agent that the host keeps, until a new file comes.
    Rollback {
        /// The agent.
        agent: String,
        /// The version's digest, or the beginning of it; without it the version that was in force before.
        #[arg(long, value_name = "DIGEST")]
        to: Option<String>,
    },
    /// Go forward again, to the version in the file of an agent.
    Forward {
        /// The agent.
        agent: String,
    },
    /// End the quarantine of an agent's versions.
    Release {
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
                client
                    .get::<AgentInfo>(&["agents", agent], &[])
                    .await?
                    .show(globals.json, |agent| detail(agent, &client.moment()))?;
            }
            Self::Enable { agent } => {
                client.post::<AgentInfo>(&["agents", agent, "enable"]).await?.show(globals.json, state)?;
            }
            Self::Disable { agent } => {
                client.post::<AgentInfo>(&["agents", agent, "disable"]).await?.show(globals.json, state)?;
            }
            Self::Put { agent, file, dry_run } => {
                return agent_plugins::put(client, globals, agent, file, *dry_run).await;
            }
            Self::Remove { agent, .. } => return agent_plugins::remove(client, globals, agent).await,
            Self::Smoke { agent, action, payload } => {
                let (action, payload) = (action.as_deref(), payload.as_deref());
                return agent_plugins::smoke(client, globals, agent, action, payload).await;
            }
            Self::Limits { agent } => {
                let limits = client.get::<List<LimitUsed>>(&["agents", agent, "limits"], &[]).await?;
                limits.show(globals.json, |limits| limit_use::table(&limits.items))?;
            }
            Self::Versions { agent } => return agent_versions::list(client, globals, agent).await,
            Self::Rollback { agent, to } => {
                return agent_versions::roll_back(client, globals, agent, to.as_deref()).await;
            }
            Self::Forward { agent } => return agent_versions::end(client, globals, agent, "forward").await,
            Self::Release { agent } => return agent_versions::end(client, globals, agent, "release").await,
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
        let replaced = agent.instead_of.as_ref().map(|replaced| replaced.reason.as_str());
        let reason = agent.reason.as_deref().filter(|reason| !reason.is_empty());
        let summary = reason.or(replaced).unwrap_or(&agent.summary);
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

fn detail(agent: &AgentInfo, moment: &Moment) -> String {
    let (name, version) = (clean(&agent.name), clean(&agent.version));
    let mut out = format!("{name} {version}: {}\n", agent.state.name());
    for (name, value) in [
        ("why", some(agent.reason.as_deref())),
        ("in place of", some(agent.instead_of.as_ref().map(|replaced| replaced.reason.as_str()))),
        ("", clean(&agent.summary)),
        ("file", format!("{}, {}", clean(&agent.file), size(agent.size))),
        ("digest", clean(&agent.digest)),
        ("loaded", moment.full(agent.loaded_at)),
        ("effort", word(agent.effort)),
        ("may call", clean(&agent.may_call.join(", "))),
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
