//! `anvil webhooks`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, print, print_json};
use anvil_api::{List, Sent, WebhookRequest, WebhookView};
use anvil_types::{DeliveryId, DeliveryState, WebhookFormat};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

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
        match self {
            Self::List => {
                let webhooks: Answer<List<WebhookView>> = client.get(&["webhooks"], &[]).await?;
                webhooks.show(globals.json, |webhooks| list(&webhooks.items))?;
            }
            Self::Add(args) => put(client, &args.name, &args.body()).await?.show(globals.json, added)?,
            Self::Enable { name } | Self::Disable { name } => {
                let enabled = Some(matches!(self, Self::Enable { .. }));
                let webhook = put(client, name, &WebhookRequest { enabled, ..Default::default() }).await?;
                webhook.show(globals.json, |webhook| {
                    format!("{} is {}", clean(&webhook.name), state(webhook))
                })?;
            }
            Self::Remove { name } => {
                client.delete(&["webhooks", name]).await?;
                if globals.json {
                    print_json(&json!({ "name": name, "deleted": true }))?;
                } else {
                    print(&format!("{name} is deleted"))?;
                }
            }
            Self::Test { name } => {
                let sent: Answer<Sent> = client.post(&["webhooks", name, "test"]).await?;
                sent.show(globals.json, |_| {
                    format!("A test is on its way: anvil webhooks log --webhook {name}")
                })?;
            }
            Self::Log(args) => return args.run(client, globals).await,
            Self::Resend { id } => {
                let sent: Answer<Sent> = client.post(&["deliveries", id, "resend"]).await?;
                sent.show(globals.json, |sent| {
                    let (message, webhook) = (clean(&sent.message_id), clean(&sent.delivery.webhook));
                    format!("{message} goes to {webhook} once more")
                })?;
            }
        }
        Ok(Exit::Done)
    }
}

async fn put(client: &Client, name: &str, change: &WebhookRequest) -> Result<Answer<WebhookView>, Failure> {
    client.send(Method::PUT, &["webhooks", name], change).await
}

impl AddArgs {
    fn body(&self) -> WebhookRequest {
        WebhookRequest {
            url: self.address.clone(),
            format: self.format,
            rotate_secret: Some(self.rotate_secret),
            allow_private: self.allow_private,
            ..WebhookRequest::default()
        }
    }
}

impl LogArgs {
    async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let mut query: Vec<(&str, String)> = vec![("limit", self.limit.to_string())];
        query.extend(self.webhook.iter().map(|webhook| ("webhook", webhook.clone())));
        query.extend(self.alert.iter().map(|alert| ("alert", alert.clone())));
        query.extend(self.state.iter().map(|state| ("state", state.name().to_owned())));
        query.extend(self.after.iter().map(|after| ("after", after.clone())));
        let sent: Answer<List<Sent, DeliveryId>> = client.get(&["deliveries"], &query).await?;
        if globals.json {
            sent.print()?;
            return Ok(Exit::Done);
        }
        let sent = sent.read()?;
        print(&log(&sent.items, &client.moment()))?;
        if let Some(next) = sent.next {
            eprintln!("next: --after {next}");
        }
        Ok(Exit::Done)
    }
}

fn state(webhook: &WebhookView) -> String {
    match webhook.disabled.as_deref() {
        None | Some("") => "on".to_owned(),
        Some(why) => format!("off: {}", clean(why)),
    }
}

fn list(webhooks: &[WebhookView]) -> String {
    if webhooks.is_empty() {
        return "There are no webhooks: anvil webhooks add NAME URL makes one.".to_owned();
    }
    let mut table = Table::new(&["WEBHOOK", "ADDRESS", "FORMAT", "PRIVATE", "STATE"]);
    for webhook in webhooks {
        let private = if webhook.allow_private { "allowed" } else { "refused" };
        let format = webhook.format.name();
        table.row([webhook.name.as_str(), &webhook.address, format, private, &state(webhook)]);
    }
    table.to_string()
}

fn added(webhook: &WebhookView) -> String {
    let (name, address) = (clean(&webhook.name), clean(&webhook.address));
    let secret = webhook.secret.as_deref().map(|secret| {
        format!("\n  secret    {}\n  It signs the messages, and is shown this once.", clean(secret))
    });
    format!("{name} at {address}{}\nTry it: anvil webhooks test {name}", secret.unwrap_or_default())
}

/// The log of deliveries.
pub(super) fn log(sent: &[Sent], moment: &Moment) -> String {
    if sent.is_empty() {
        return "Nothing was sent.".to_owned();
    }
    let headings =
        ["DELIVERY", "STATE", "WEBHOOK", "ALERT", "NEWS", "TRIES", "WHEN", "NEXT TRY", "LAST ANSWER"];
    let mut table = Table::new(&headings).right(&[5]);
    for Sent { delivery, .. } in sent {
        let answer = match (delivery.last_error.as_deref(), delivery.last_status) {
            (Some(error), _) if !error.is_empty() => error.to_owned(),
            (_, Some(status)) => format!("HTTP {status}"),
            _ => String::new(),
        };
        table.row([
            delivery.id.to_string(),
            delivery.state.name().to_owned(),
            delivery.webhook.clone(),
            delivery.alert.to_string(),
            delivery.news.name().to_owned(),
            delivery.tries.to_string(),
            moment.relative(delivery.created_at),
            moment.relative(delivery.next_at),
            first_line(&answer, 80),
        ]);
    }
    table.to_string()
}
