//! `anvil webhooks`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, first_line, items, print, print_json, text};
use anvil_types::{DeliveryState, WebhookFormat};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

/// `anvil webhooks …`.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List webhooks.
    List,
    /// Add a webhook, or change one. The secret that its messages are signed with is printed this once.
    Add(AddArgs),
    /// Send to a webhook again.
    Enable {
        /// The webhook.
        name: String,
    },
    /// Send nothing more to a webhook.
    Disable {
        /// The webhook.
        name: String,
    },
    /// Delete a webhook; what was still to be sent to it is given up.
    Remove {
        /// The webhook.
        name: String,
    },
    /// Send a test to a webhook.
    Test {
        /// The webhook.
        name: String,
    },
    /// Show what was sent, the newest first.
    Log(LogArgs),
    /// Send something once more, with the same `webhook-id`.
    Resend {
        /// The delivery's id, as the log shows it.
        id: String,
    },
}

/// A webhook.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Its name.
    name: String,
    #[expect(rustdoc::bare_urls, reason = "help prints the text as it stands")]
    /// Where to, as in https://ops.example/hook; may be left out for one that there is.
    #[arg(value_name = "URL")]
    address: Option<String>,
    /// What it is sent: `standard` (signed JSON) or `slack` (a text, for Slack and what is compatible).
    #[arg(long, value_name = "FORMAT")]
    format: Option<WebhookFormat>,
    /// Whether it may be a private or loopback address.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_private: Option<bool>,
    /// Make a new secret.
    #[arg(long)]
    rotate_secret: bool,
}

/// Which deliveries.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Only to this webhook.
    #[arg(long, value_name = "NAME")]
    webhook: Option<String>,
    /// Only of this alert.
    #[arg(long, value_name = "ID")]
    alert: Option<String>,
    /// Only in this state: pending, delivered or failed.
    #[arg(long, value_name = "STATE")]
    state: Option<DeliveryState>,
    /// The most deliveries.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
    /// Only deliveries older than this one: the next page.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl WebhooksCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let switch = |enabled: bool| json!({ "enabled": enabled });
        let (answer, shown) = match self {
            Self::List => {
                let webhooks = client.get(&["webhooks"], &[]).await?;
                let shown = list(&webhooks);
                (webhooks, shown)
            }
            Self::Add(args) => {
                let webhook = client.send(Method::PUT, &["webhooks", &args.name], &args.body()).await?;
                let shown = added(&webhook);
                (webhook, shown)
            }
            Self::Enable { name } | Self::Disable { name } => {
                let enabled = matches!(self, Self::Enable { .. });
                let webhook = client.send(Method::PUT, &["webhooks", name], &switch(enabled)).await?;
                let shown = format!("{} is {}", text(&webhook, "/name"), state(&webhook));
                (webhook, shown)
            }
            Self::Remove { name } => {
                client.delete(&["webhooks", name]).await?;
                (json!({ "name": name, "deleted": true }), format!("{name} is deleted"))
            }
            Self::Test { name } => {
                let sent = client.post(&["webhooks", name, "test"]).await?;
                let shown = format!("A test is on its way: anvil webhooks log --webhook {name}");
                (sent, shown)
            }
            Self::Log(args) => return args.run(client, globals).await,
            Self::Resend { id } => {
                let sent = client.post(&["deliveries", id, "resend"]).await?;
                let shown =
                    format!("{} goes to {} once more", text(&sent, "/message_id"), text(&sent, "/webhook"));
                (sent, shown)
            }
        };
        if globals.json {
            print_json(&answer)?;
        } else {
            print(&shown)?;
        }
        Ok(Exit::Done)
    }
}

impl AddArgs {
    fn body(&self) -> Value {
        let mut body = json!({ "rotate_secret": self.rotate_secret });
        if let Some(url) = &self.address {
            body["url"] = json!(url);
        }
        if let Some(format) = self.format {
            body["format"] = json!(format);
        }
        if let Some(allow) = self.allow_private {
            body["allow_private"] = json!(allow);
        }
        body
    }
}

impl LogArgs {
    async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.webhook.iter().map(|webhook| ("webhook", webhook.clone())));
        query.extend(self.alert.iter().map(|alert| ("alert", alert.clone())));
        query.extend(self.state.iter().map(|state| ("state", state.name().to_owned())));
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        let sent = client.get(&["deliveries"], &query).await?;
        if globals.json {
            print_json(&sent)?;
            return Ok(Exit::Done);
        }
        print(&log(&sent, &Moment::now()))?;
        if let Some(next) = sent.get("next").and_then(Value::as_str) {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

fn state(webhook: &Value) -> String {
    match text(webhook, "/disabled") {
        why if why.is_empty() => "on".to_owned(),
        why => format!("off: {why}"),
    }
}

fn list(webhooks: &Value) -> String {
    if items(webhooks).is_empty() {
        return "There are no webhooks: anvil webhooks add NAME URL makes one.".to_owned();
    }
    let mut table = Table::new(&["WEBHOOK", "ADDRESS", "FORMAT", "PRIVATE", "STATE"]);
    for webhook in items(webhooks) {
        let private = webhook.get("allow_private").and_then(Value::as_bool) == Some(true);
        table.row([
            text(webhook, "/name"),
            text(webhook, "/address"),
            text(webhook, "/format"),
            (if private { "allowed" } else { "refused" }).to_owned(),
            state(webhook),
        ]);
    }
    table.to_string()
}

fn added(webhook: &Value) -> String {
    let name = text(webhook, "/name");
    let secret = match text(webhook, "/secret") {
        secret if secret.is_empty() => String::new(),
        secret => format!("\n  secret    {secret}\n  It signs the messages, and is shown this once."),
    };
    format!("{name} at {}{secret}\nTry it: anvil webhooks test {name}", text(webhook, "/address"))
}

/// The log of deliveries.
pub(super) fn log(sent: &Value, moment: &Moment) -> String {
    if items(sent).is_empty() {
        return "Nothing was sent.".to_owned();
    }
    let headings =
        ["DELIVERY", "STATE", "WEBHOOK", "ALERT", "NEWS", "TRIES", "WHEN", "NEXT TRY", "LAST ANSWER"];
    let mut table = Table::new(&headings).right(&[5]);
    for delivery in items(sent) {
        let status = text(delivery, "/last_status");
        let answer = match text(delivery, "/last_error") {
            error if !error.is_empty() => error,
            _ if !status.is_empty() => format!("HTTP {status}"),
            _ => String::new(),
        };
        table.row([
            text(delivery, "/id"),
            text(delivery, "/state"),
            text(delivery, "/webhook"),
            text(delivery, "/alert"),
            text(delivery, "/news"),
            text(delivery, "/tries"),
            moment.relative(delivery, "/created_at"),
            moment.relative(delivery, "/next_at"),
            first_line(&answer, 80),
        ]);
    }
    table.to_string()
}
