//! `anvil alerts`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, clean_lines, first_line, print};
use anvil_api::{AcknowledgeRequest, List, Sent};
use anvil_types::{Alert, AlertId, AlertState, DeliveryId, UpstreamKind};
use clap::{Args, Subcommand};
use reqwest::Method;
use std::fmt::Write as _;

/// What people are told of: shares of limits, the brake, and what went wrong.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AlertsArgs {
    #[command(subcommand)]
    command: Option<AlertsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// List alerts, the newest first.
    List(ListArgs),
    /// Show an alert, and to whom it was sent.
    Show {
        /// The alert's id.
        id: String,
    },
    /// Say that you know of an alert: it stops firing.
    Ack {
        /// The alert's id.
        id: String,
        /// What you know or do about it.
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
}

/// Which alerts.
#[derive(Debug, Args)]
struct ListArgs {
    /// Only alerts in this state (firing, acknowledged, resolved); can be given several times.
    #[arg(long, value_name = "STATE")]
    state: Vec<AlertState>,
    /// The most alerts.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Only alerts older than this one: the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl AlertsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match &self.command {
            None => self.list.run(client, globals).await,
            Some(AlertsCommand::List(args)) => args.run(client, globals).await,
            Some(AlertsCommand::Show { id }) => {
                let alert: Answer<Alert> = client.get(&["alerts", id], &[]).await?;
                if globals.json {
                    alert.print()?;
                    return Ok(Exit::Done);
                }
                let sent: Answer<List<Sent, DeliveryId>> =
                    client.get(&["deliveries"], &[("alert", id.clone())]).await?;
                let moment = client.moment();
                let log = super::webhooks::log(&sent.read()?.items, &moment);
                print(&format!("{}\n{log}", show(&alert.read()?, &moment)))?;
                Ok(Exit::Done)
            }
            Some(AlertsCommand::Ack { id, note }) => {
                let body = AcknowledgeRequest { note: note.clone() };
                let alert: Answer<Alert> =
                    client.send(Method::POST, &["alerts", id, "acknowledge"], &body).await?;
                alert.show(globals.json, |alert| {
                    format!("{} is {}: {}", alert.id, alert.state.name(), clean(&alert.title))
                })?;
                Ok(Exit::Done)
            }
        }
    }
}

impl ListArgs {
    async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.state.iter().map(|state| ("state", state.name().to_owned())));
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        let alerts: Answer<List<Alert, AlertId>> = client.get(&["alerts"], &query).await?;
        if globals.json {
            alerts.print()?;
            return Ok(Exit::Done);
        }
        let alerts = alerts.read()?;
        if alerts.items.is_empty() {
            print("There are no such alerts.")?;
            return Ok(Exit::Done);
        }
        print(&table(&alerts.items, &client.moment()))?;
        if let Some(next) = alerts.next {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

fn table(alerts: &[Alert], moment: &Moment) -> String {
    let mut table = Table::new(&["ALERT", "STATE", "FIRED", "TITLE"]);
    for alert in alerts {
        let (id, fired) = (alert.id.to_string(), moment.relative(alert.raised_at));
        table.row([id.as_str(), alert.state.name(), &fired, &marked(alert)]);
    }
    table.to_string()
}

/// The title; play money says so.
fn marked(alert: &Alert) -> String {
    let mark = if alert.upstream == UpstreamKind::Simulated { "SIMULATED: " } else { "" };
    format!("{mark}{}", first_line(&alert.title, 100))
}

fn show(alert: &Alert, moment: &Moment) -> String {
    let mut out = format!("{} {}\n  {}\n", alert.id, alert.state.name(), marked(alert));
    let _ = writeln!(out, "  {}", clean_lines(&alert.detail).replace('\n', "\n  "));
    let limit = alert.crossing.as_ref().map(|crossing| {
        let (percent, scope) = (crossing.percent, clean(&crossing.scope.to_string()));
        format!("{percent} % of the {}, {scope}", crossing.window.name())
    });
    let known = alert.acknowledged.as_ref().map(|known| {
        let by = clean(&known.by);
        if known.note.is_empty() { by } else { format!("{by}: {}", clean(&known.note)) }
    });
    for (name, value) in [
        ("limit", limit.unwrap_or_default()),
        ("fired", moment.full(alert.raised_at)),
        ("known to", known.unwrap_or_default()),
        ("over", moment.full(alert.resolved_at)),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<10}{value}");
        }
    }
    out
}
