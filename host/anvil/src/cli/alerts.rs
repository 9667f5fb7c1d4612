//! `anvil alerts`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean_lines, first_line, items, print, print_json, text};
use anvil_types::AlertState;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
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
                let alert = client.get(&["alerts", id], &[]).await?;
                if globals.json {
                    print_json(&alert)?;
                    return Ok(Exit::Done);
                }
                let sent = client.get(&["deliveries"], &[("alert", id.clone())]).await?;
                let moment = Moment::now();
                print(&format!("{}\n{}", show(&alert, &moment), super::webhooks::log(&sent, &moment)))?;
                Ok(Exit::Done)
            }
            Some(AlertsCommand::Ack { id, note }) => {
                let body = json!({ "note": note });
                let alert = client.send(Method::POST, &["alerts", id, "acknowledge"], &body).await?;
                if globals.json {
                    print_json(&alert)?;
                } else {
                    print(&format!(
                        "{} is {}: {}",
                        text(&alert, "/id"),
                        text(&alert, "/state"),
                        text(&alert, "/title")
                    ))?;
                }
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
        let alerts = client.get(&["alerts"], &query).await?;
        if globals.json {
            print_json(&alerts)?;
            return Ok(Exit::Done);
        }
        if items(&alerts).is_empty() {
            print("There are no such alerts.")?;
            return Ok(Exit::Done);
        }
        print(&table(&alerts, &Moment::now()))?;
        if let Some(next) = alerts.get("next").and_then(Value::as_str) {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

fn table(alerts: &Value, moment: &Moment) -> String {
    let mut table = Table::new(&["ALERT", "STATE", "FIRED", "TITLE"]);
    for alert in items(alerts) {
        table.row([
            text(alert, "/id"),
            text(alert, "/state"),
            moment.relative(alert, "/raised_at"),
            marked(alert),
        ]);
    }
    table.to_string()
}

/// The title; play money says so.
fn marked(alert: &Value) -> String {
    let mark = if text(alert, "/upstream") == "simulated" { "SIMULATED: " } else { "" };
    format!("{mark}{}", first_line(&text(alert, "/title"), 100))
}

fn show(alert: &Value, moment: &Moment) -> String {
    let mut out = format!("{} {}\n  {}\n", text(alert, "/id"), text(alert, "/state"), marked(alert));
    let detail = alert.get("detail").and_then(Value::as_str).unwrap_or_default();
    let _ = writeln!(out, "  {}", clean_lines(detail).replace('\n', "\n  "));
    let percent = text(alert, "/percent");
    let limit = if percent.is_empty() {
        String::new()
    } else {
        format!("{percent} % of the {}, {}", text(alert, "/window"), text(alert, "/scope"))
    };
    let known = text(alert, "/acknowledged/by");
    let note = text(alert, "/acknowledged/note");
    let known = match (known.is_empty(), note.is_empty()) {
        (true, _) => String::new(),
        (false, true) => known,
        (false, false) => format!("{known}: {note}"),
    };
    for (name, value) in [
        ("limit", limit),
        ("fired", moment.full(alert, "/raised_at")),
        ("known to", known),
        ("over", moment.full(alert, "/resolved_at")),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "  {name:<10}{value}");
        }
    }
    out
}
