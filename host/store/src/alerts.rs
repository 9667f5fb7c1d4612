//! Alerts, webhooks and deliveries: what the store is asked and answers.

use anvil_types::words::AlertCause;
use anvil_types::{
    Alert, AlertId, AlertKind, AlertState, Crossing, Delivery, DeliveryId, DeliveryState, Timestamp,
    UpstreamKind, Webhook,
};

/// Something that people are to be told of. Only a cause makes one, so that keys and texts stand with the words that
/// all share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlert {
    upstream: UpstreamKind,
    kind: AlertKind,
    key: String,
    crossing: Option<Crossing>,
    title: String,
    detail: String,
}

impl NewAlert {
    /// Tells of a cause, to those whose money is this upstream's.
    pub fn of(upstream: UpstreamKind, cause: &AlertCause<'_>) -> Self {
        Self {
            upstream,
            kind: cause.kind(),
            key: cause.key(upstream).to_string(),
            crossing: cause.crossing().cloned(),
            title: cause.title(),
            detail: cause.detail(),
        }
    }

    /// Whose money it is about.
    pub fn upstream(&self) -> UpstreamKind {
        self.upstream
    }

    /// What it is about.
    pub fn kind(&self) -> AlertKind {
        self.kind
    }

    /// By what it is known: while an alert with this key is not resolved, no other fires.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Which limit, where it is about one.
    pub fn crossing(&self) -> Option<&Crossing> {
        self.crossing.as_ref()
    }

    /// One line for people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What to know and do.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// Which alerts to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Only these states; all where empty.
    pub states: Vec<AlertState>,
    /// Older than this alert: the `next` of the page before.
    pub after: Option<AlertId>,
    /// The most alerts; 1 to 500.
    pub limit: u32,
}

/// A page of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertPage {
    /// The alerts.
    pub items: Vec<Alert>,
    /// Where the next page begins; none on the last.
    pub next: Option<AlertId>,
}

/// Which deliveries to list, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only of this alert.
    pub alert: Option<AlertId>,
    /// Only to this webhook.
    pub webhook: Option<String>,
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Older than this delivery.
    pub after: Option<DeliveryId>,
    /// The most deliveries; 1 to 500.
    pub limit: u32,
}

/// A delivery that is due, with all that it takes to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The alert as it stands now.
    pub alert: Alert,
    /// Where to.
    pub webhook: Webhook,
}

/// How a try of a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryTried {
    /// The delivery.
    pub id: DeliveryId,
    /// The receiver's status, where it answered.
    pub status: Option<u16>,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// What comes next.
    pub next: DeliveryNext,
}

/// What follows a try of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryNext {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    RetryAt(Timestamp),
    /// It was tried often enough.
    GiveUp,
    /// The receiver is gone for good (410): nothing is sent to it any more. Unless the webhook has
    /// another address by now.
    DisableWebhook {
        /// The address that answered.
        url: String,
    },
}
