//! The command line: one file a command.

mod agent_plugins;
mod agent_state;
mod agent_versions;
mod agents;
mod alerts;
mod audit;
mod batches;
mod brake;
mod bulk;
mod clock;
mod completions;
mod compression;
mod doctor;
mod globals;
mod jobs;
mod limit_use;
mod limits;
mod misses;
mod plan;
mod plugin;
mod prices;
mod progress;
mod questions;
mod queue;
#[cfg(test)]
mod reference;
mod reply_cache;
mod result;
mod schedules;
mod sent;
mod serve;
mod sim;
pub(crate) mod source;
mod spend;
mod status;
mod submit;
mod tiers;
mod webhooks;
mod wipe;

pub(crate) use globals::Globals;

use crate::compile::{self, CompileArgs};
use crate::connect::connect;
use crate::failure::{EXIT_CODES, Exit, Failure};
use clap::{Parser, Subcommand};
use std::future::Future;
use std::time::Duration;

/// Runs AI agents that it does not trust, on a budget that it never exceeds.
#[derive(Debug, Parser)]
#[command(name = "anvil", version, after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host: queue, agents, API and panel.
    Serve(serve::ServeArgs),
    /// Give an agent a job.
    Submit(submit::SubmitArgs),
    /// Look at jobs, and stop or repeat them.
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Show what runs, what waits and why, and what is spent.
    Status,
    /// Show what is spent, by window and by call.
    Spend(spend::SpendArgs),
    /// Show the replies that are kept to answer the same request again, and purge them.
    Cache(reply_cache::CacheArgs),
    /// Show what waits for a batch, and how the newest batches stand.
    Batches(batches::BatchesArgs),
    /// Show and change the limits while the host runs.
    Limits(limits::LimitsArgs),
    /// Show what tokens cost, and set a price while the host runs.
    Prices(prices::PricesArgs),
    /// Stop all spending at once, or let it go on.
    Brake(brake::BrakeArgs),
    /// Plan a month: what limits and work come to, by the host's own decisions. No host is needed.
    Plan(plan::PlanArgs),
    /// Look at alerts, and say that you know of them.
    Alerts(alerts::AlertsArgs),
    /// Say where alerts are sent, test it, and look at what was sent.
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Look at what agents ask people, and answer.
    Questions(questions::QuestionsArgs),
    /// Start no job, or let jobs start again.
    Queue(queue::QueueArgs),
    /// Look at schedules, make and pause them.
    #[command(subcommand)]
    Schedules(schedules::SchedulesCommand),
    /// Look at agents, and switch them on and off.
    #[command(subcommand)]
    Agents(agents::AgentsCommand),
    /// Begin, check and install a plugin; no host is needed.
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Look at settings, key, address, prices, folders and host, and say what is wrong.
    Doctor(doctor::DoctorArgs),
    /// Show what people changed, the newest first.
    Audit(audit::AuditArgs),
    /// Show the host's time, and set it back where it was wrong.
    Clock(clock::ClockArgs),
    /// Wipe what is simulated.
    Wipe(wipe::WipeArgs),
    /// Run the simulator alone: a Claude that costs nothing.
    Sim(sim::SimArgs),
    /// Print the completions of a shell.
    Completions(completions::CompletionsArgs),
    #[command(hide = true)]
    CompilePlugin(CompileArgs),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let Self { globals, command } = self;
        match command {
            Command::Serve(args) => wait(args.run(&globals)),
            Command::Sim(args) => wait(args.run(&globals)),
            Command::Completions(args) => args.run(),
            Command::Doctor(args) => wait(args.run(&globals)),
            Command::Plan(args) => wait(args.run(&globals)),
            Command::Plugin(command) => wait(command.run(&globals)),
            // No runtime: the child's memory is the compiler's alone.
            Command::CompilePlugin(args) => Ok(compile::run(&args).map(|()| Exit::Done)?),
            remote => {
                let client = connect(&globals)?;
                wait(async {
                    match remote {
                        Command::Submit(args) => args.run(&client, &globals).await,
                        Command::Jobs(command) => command.run(&client, &globals).await,
                        Command::Status => status::run(&client, &globals).await,
                        Command::Spend(args) => args.run(&client, &globals).await,
                        Command::Cache(args) => args.run(&client, &globals).await,
                        Command::Batches(args) => args.run(&client, &globals).await,
                        Command::Limits(args) => args.run(&client, &globals).await,
                        Command::Prices(args) => args.run(&client, &globals).await,
                        Command::Brake(args) => args.run(&client, &globals).await,
                        Command::Alerts(args) => args.run(&client, &globals).await,
                        Command::Webhooks(command) => command.run(&client, &globals).await,
                        Command::Questions(args) => args.run(&client, &globals).await,
                        Command::Queue(args) => args.run(&client, &globals).await,
                        Command::Schedules(command) => command.run(&client, &globals).await,
                        Command::Agents(command) => command.run(&client, &globals).await,
                        Command::Audit(args) => args.run(&client, &globals).await,
                        Command::Clock(args) => args.run(&client, &globals).await,
                        Command::Wipe(args) => args.run(&client, &globals).await,
                        Command::Serve(_)
                        | Command::Sim(_)
                        | Command::Completions(_)
                        | Command::Doctor(_)
                        | Command::Plan(_)
                        | Command::Plugin(_)
                        | Command::CompilePlugin(_) => Ok(Exit::Done),
                    }
                })
            }
        }
    }
}

/// How long a thread stays that reads for somebody and has nothing to read any more. Each use of one wakes another, so that
/// a host which reads so often for each of its threads keeps them all: with the ten seconds that are usual, or with two,
/// as many as there were of them at once some hours ago. To start one takes some tens of microseconds.
const IDLE_THREAD: Duration = Duration::from_millis(250);

fn wait(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE_THREAD)
        .build()
        .map_err(anyhow::Error::from)?;
    runtime.block_on(command)
}
