//! The webhooks that tell people of alerts.

use crate::parts::ControlParts;
use anvil_alerts::{Address, Reach, SigningSecret};
use anvil_api::WebhookView;
use anvil_store::{DeliveryFilter, Store, StoreError};
use anvil_types::words::{SwitchedOff, WebhookFault};
use anvil_types::{Clock, Delivery, DeliveryId, Timestamp, Webhook, WebhookFormat};
use rand::RngExt as _;
use std::sync::Arc;

/// The longest name of a webhook.
const LONGEST_NAME: usize = 64;

/// What is to change of a webhook. What is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// Where to; a new webhook must have it.
    pub url: Option<String>,
    /// What it is sent; a new one is sent the standard format.
    pub format: Option<WebhookFormat>,
    /// Its secret; a new one is made where there is none.
    pub secret: Option<String>,
    /// Whether a new secret is made in any case.
    pub rotate_secret: bool,
    /// Whether loopback and private addresses may be called; not by a new one.
    pub allow_private: Option<bool>,
    /// Whether anything is sent to it; to a new one it is.
    pub enabled: Option<bool>,
}

/// Why a webhook could not be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// A value will not do.
    #[error("{field}: {message}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// Why, and what would do.
        message: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Webhooks, and what was delivered to them.
pub struct WebhookControl {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl WebhookControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), clock: parts.clock.clone() }
    }

    /// All webhooks, by name.
    pub async fn all(&self) -> Result<Vec<WebhookView>, StoreError> {
        Ok(self.store.webhooks().await?.iter().map(|webhook| view(webhook, None)).collect())
    }

    /// Makes a webhook, or changes the one of this name. The secret is in the answer where it is new.
    pub async fn put(
        &self,
        name: &str,
        change: WebhookChange,
        by: &str,
    ) -> Result<WebhookView, WebhookError> {
        check_name(name)?;
        let known = self.store.webhooks().await?.into_iter().find(|webhook| webhook.name == name);
        let secret = match (&change.secret, change.rotate_secret) {
            (Some(_), true) => return Err(WebhookFault::TwoSecrets.into()),
            (Some(secret), false) => {
                Some(SigningSecret::parse(secret).map_err(|error| invalid("secret", error.to_string()))?)
            }
            (None, rotate) => (rotate || known.is_none()).then(|| SigningSecret::new(rand::rng().random())),
        };
        let webhook = changed(name, known, &change, secret.as_ref(), self.clock.now(), by)?;
        let shown =
            secret.filter(|_| webhook.format == WebhookFormat::Standard).map(|secret| secret.expose());
        let view = view(&webhook, shown);
        self.store.put_webhook(webhook, by).await?;
        Ok(view)
    }

    /// Takes a webhook away; answers whether there was one.
    pub async fn delete(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        self.store.delete_webhook(name, by).await
    }

    /// Sends a test to a webhook, over the same way as every alert.
    pub async fn test(&self, name: &str, by: &str) -> Result<Delivery, StoreError> {
        self.store.test_webhook(name, by).await
    }

    /// A page of deliveries, the newest first.
    pub async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.store.deliveries(filter).await
    }

    /// Sends a delivery once more, with the same `webhook-id`.
    pub async fn redeliver(&self, id: DeliveryId, by: &str) -> Result<Delivery, StoreError> {
        self.store.redeliver(id, by).await
    }
}

fn changed(
    name: &str,
    known: Option<Webhook>,
    change: &WebhookChange,
    secret: Option<&SigningSecret>,
    now: Timestamp,
    by: &str,
) -> Result<Webhook, WebhookError> {
    let Some(url) = change.url.clone().or(known.as_ref().map(|known| known.url.clone())) else {
        return Err(WebhookFault::NoAddress.into());
    };
    let known = known.unwrap_or_else(|| Webhook {
        name: name.to_owned(),
        url: String::new(),
        format: WebhookFormat::Standard,
        secret: String::new(),
        allow_private: false,
        disabled: None,
        created_at: now,
    });
    let allow_private = change.allow_private.unwrap_or(known.allow_private);
    let address =
        Address::parse(&url, Reach::of(allow_private)).map_err(|error| invalid("url", error.to_string()))?;
    let disabled = match change.enabled {
        None => known.disabled,
        Some(true) => None,
        Some(false) => known.disabled.or_else(|| Some(SwitchedOff { by }.to_string())),
    };
    Ok(Webhook {
        url: address.expose().to_string(),
        format: change.format.unwrap_or(known.format),
        secret: secret.map_or(known.secret, SigningSecret::expose),
        allow_private,
        disabled,
        ..known
    })
}

fn check_name(name: &str) -> Result<(), WebhookError> {
    let good = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.chars().all(good) {
        return Err(WebhookFault::Name { most: LONGEST_NAME }.into());
    }
    Ok(())
}

fn invalid(field: &'static str, message: String) -> WebhookError {
    WebhookError::Invalid { field, message }
}

impl From<WebhookFault> for WebhookError {
    fn from(fault: WebhookFault) -> Self {
        invalid(fault.field(), fault.to_string())
    }
}

fn view(webhook: &Webhook, secret: Option<String>) -> WebhookView {
    // What was stored was checked; an address that no longer passes is shown as nothing.
    let address = Address::parse(&webhook.url, Reach::Private);
    WebhookView {
        name: webhook.name.clone(),
        address: address.map_or_else(|_| "…".to_owned(), |address| address.to_string()),
        format: webhook.format,
        allow_private: webhook.allow_private,
        enabled: webhook.disabled.is_none(),
        disabled: webhook.disabled.clone(),
        created_at: webhook.created_at,
        secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(url: &str) -> WebhookChange {
        WebhookChange { url: Some(url.to_owned()), ..WebhookChange::default() }
    }

    fn put(known: Option<Webhook>, change: &WebhookChange) -> Result<Webhook, WebhookError> {
        changed("ops", known, change, None, Timestamp::from_secs(1), "ann")
    }

    #[test]
    fn what_is_not_given_stays() {
        let made = put(None, &change("https://ops.example/a")).expect("made");
        assert_eq!(
            (made.format, made.allow_private, &made.disabled),
            (WebhookFormat::Standard, false, &None)
        );
        let off = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
        let off = put(Some(made.clone()), &off).expect("changed");
        assert_eq!(off, Webhook { disabled: Some("switched off by ann".to_owned()), ..made.clone() });
        let slack = WebhookChange { format: Some(WebhookFormat::Slack), ..WebhookChange::default() };
        let still_off = put(Some(off.clone()), &slack).expect("changed");
        assert_eq!(still_off.disabled, off.disabled, "another format switches nothing on");
        let on = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
        assert_eq!(put(Some(off), &on).expect("changed"), made);
    }

    #[test]
    fn a_bad_address_is_refused_and_so_is_taking_back_what_it_needs() {
        let error = put(None, &WebhookChange::default()).expect_err("no address").to_string();
        assert!(error.starts_with("url: "), "{error}");
        assert!(put(None, &change("http://127.0.0.1/")).is_err());
        let private = WebhookChange { allow_private: Some(true), ..change("http://127.0.0.1/") };
        let made = put(None, &private).expect("made");
        let narrow = WebhookChange { allow_private: Some(false), ..WebhookChange::default() };
        assert!(put(Some(made), &narrow).is_err());
    }

    #[test]
    fn names_are_plain() {
        for good in ["ops", "ops-2", "On.Call_1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "<b>", "é", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
