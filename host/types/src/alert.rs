//! Alerts, and how they are delivered.

use crate::{AlertId, DeliveryId, Scope, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A share of a limit is spent.
    Threshold,
    /// The brake engaged.
    Brake,
    /// A call cost more than its hold.
    BoundBroken,
    /// An answer is of a model, a speed or a tier that has no price.
    Unpriced,
    /// The wall clock jumped.
    ClockJump,
    /// The upstream fails: the circuit is open.
    Circuit,
    /// The host could not go on with a job, again and again.
    JobTrouble,
    /// A webhook was switched off.
    Webhook,
    /// A plugin, or the folder of them, could not be read or compiled, by no fault of the plugin's.
    Plugin,
    /// A limit or a price is not in force as it was set.
    Limits,
    /// A part of the host itself fell, and began anew or could not.
    Host,
    /// Agents ask people.
    Question,
    /// A person pressed the test button.
    Test,
}

impl AlertKind {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Brake => "brake",
            Self::BoundBroken => "bound_broken",
            Self::Unpriced => "unpriced",
            Self::ClockJump => "clock_jump",
            Self::Circuit => "circuit",
            Self::JobTrouble => "job_trouble",
            Self::Webhook => "webhook",
            Self::Plugin => "plugin",
            Self::Limits => "limits",
            Self::Host => "host",
            Self::Question => "question",
            Self::Test => "test",
        }
    }
}

/// Where an alert stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has seen it yet.
    Firing,
    /// Somebody knows.
    Acknowledged,
    /// Its cause is gone.
    Resolved,
}

impl AlertState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Firing, Self::Acknowledged, Self::Resolved];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl FromStr for AlertState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|word| word.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no state of an alert; there are {names}")
        })
    }
}

/// The window whose limit an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertWindow {
    /// Any 60 minutes.
    Hour,
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
    /// Hours of use, Monday to Monday.
    Week,
}

impl AlertWindow {
    /// The name in JSON, the store and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Week => "week",
        }
    }
}

/// Which share of which limit an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Crossing {
    /// Whose limit.
    pub scope: Scope,
    /// Of which window.
    pub window: AlertWindow,
    /// The window's instance: its first instant; for the rolling hour the minute of the crossing.
    pub start: Timestamp,
    /// The share that was reached, in percent.
    pub percent: u8,
}

/// Something that people are told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Whose money it is about.
    pub upstream: UpstreamKind,
    /// What it is about.
    pub kind: AlertKind,
    /// Where it stands.
    pub state: AlertState,
    /// Which limit, where it is about one.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schema(value_type = crate::schema::MaybeCrossing))]
    pub crossing: Option<Crossing>,
    /// One line for people.
    pub title: String,
    /// What to know and do.
    pub detail: String,
    /// When it fired.
    pub raised_at: Timestamp,
    /// Who knows, since when, and what they noted.
    pub acknowledged: Option<Acknowledgement>,
    /// When its cause was gone.
    pub resolved_at: Option<Timestamp>,
}

/// Who knows of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they noted.
    pub note: String,
}

/// What a webhook is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// The alert as JSON, signed by the Standard Webhooks specification
    /// (<https://github.com/standard-webhooks/standard-webhooks>).
    Standard,
    /// `{"text": …}`, as Slack and what is compatible with it take it.
    Slack,
}

impl WebhookFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Slack];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Slack => "slack",
        }
    }
}

impl FromStr for WebhookFormat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|word| word.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no format; there are {names}")
        })
    }
}

/// An address to which alerts are delivered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Where to.
    pub url: String,
    /// What it is sent.
    pub format: WebhookFormat,
    /// `whsec_` and base64: signs what is sent. Shown once, when it is made.
    pub secret: String,
    /// Whether loopback and private addresses may be called.
    pub allow_private: bool,
    /// Why nothing is sent to it, where that is so: a person, or the receiver's own 410.
    pub disabled: Option<String>,
    /// Since when there is it.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("name", &self.name)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// What of an alert's life a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertNews {
    /// It fired.
    Fired,
    /// Its cause is gone.
    Resolved,
}

impl AlertNews {
    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Resolved => "resolved",
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, or to be sent again.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The name in JSON and the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|word| word.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no state of a delivery; there are {names}")
        })
    }
}

/// One message to one webhook: a row of the outbox, and of the log of deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The alert that it tells of.
    pub alert: AlertId,
    /// What of the alert's life.
    pub news: AlertNews,
    /// The webhook's name.
    pub webhook: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// The receiver's last status.
    pub last_status: Option<u16>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// When the receiver had it, or it was given up.
    pub ended_at: Option<Timestamp>,
}

impl Delivery {
    /// The `webhook-id`: one for an alert's firing and one for its end, the same for every try and
    /// every receiver, so that a receiver can tell a repetition.
    pub fn message_id(&self) -> String {
        format!("msg_{}_{}", self.alert, self.news.name())
    }
}
