//! Webhooks, and what was sent to them.

use anvil_types::{Delivery, Timestamp, WebhookFormat};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A webhook as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Its name.
    pub name: String,
    /// Scheme and host; the rest of the address may be a secret.
    pub address: String,
    /// What it is sent.
    pub format: WebhookFormat,
    /// Whether loopback and private addresses may be called.
    pub allow_private: bool,
    /// Whether anything is sent to it.
    pub enabled: bool,
    /// Why not, where nothing is.
    pub disabled: Option<String>,
    /// Since when there is it.
    pub created_at: Timestamp,
    /// What its messages are signed with; shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A delivery with the id that its receiver sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sent {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// `webhook-id`: the same for every try.
    pub message_id: String,
}

impl From<Delivery> for Sent {
    fn from(delivery: Delivery) -> Self {
        Self { message_id: delivery.message_id(), delivery }
    }
}

/// `PUT /webhooks/{name}`: what is to change of a webhook. What is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookRequest {
    /// Where to; a new webhook must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it is sent; a new one is sent the standard format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<WebhookFormat>,
    /// Its secret, `whsec_` and base64; a new one is made where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether a new secret is made in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_secret: Option<bool>,
    /// Whether loopback and private addresses may be called; not by a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_private: Option<bool>,
    /// Whether anything is sent to it; to a new one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
