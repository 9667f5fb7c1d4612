//! Made-up webhooks and deliveries.

use crate::panel::kit::samples::{NOW, ago};
use anvil_api::WebhookView;
use anvil_types::{Alert, AlertNews, Delivery, DeliveryId, DeliveryState, WebhookFormat};
use std::time::Duration;

/// What was sent of these alerts.
pub(crate) fn deliveries(alerts: &[Alert]) -> Vec<Delivery> {
    let make = |place: usize, webhook: &str, state, tries, status, error: Option<&str>| Delivery {
        id: DeliveryId::new(ago(200 + place as u64), place as u128 + 1),
        alert: alerts[place.min(4)].id,
        news: if place == 3 { AlertNews::Resolved } else { AlertNews::Fired },
        webhook: webhook.to_owned(),
        state,
        tries,
        next_at: (state == DeliveryState::Pending).then(|| NOW + Duration::from_secs(1_734)),
        last_status: status,
        last_error: error.map(str::to_owned),
        created_at: ago(240),
        ended_at: (state != DeliveryState::Pending).then(|| ago(238)),
    };
    vec![
        make(0, "ops", DeliveryState::Delivered, 1, Some(204), None),
        make(
            0,
            "chat",
            DeliveryState::Pending,
            3,
            None,
            Some("no connection: Connection refused (os error 111)"),
        ),
        make(1, "pager", DeliveryState::Failed, 1, Some(410), Some("HTTP 410: this channel is archived")),
        make(3, "ops", DeliveryState::Failed, 10, Some(503), Some("HTTP 503: <h1>Service Unavailable</h1>")),
        make(4, "ops", DeliveryState::Delivered, 2, Some(200), None),
    ]
}

/// Webhooks, one of them switched off.
pub(crate) fn webhooks() -> Vec<WebhookView> {
    let make = |name: &str, address: &str, format, disabled: Option<&str>| WebhookView {
        name: name.to_owned(),
        address: address.to_owned(),
        format,
        allow_private: name == "chat",
        enabled: disabled.is_none(),
        disabled: disabled.map(str::to_owned),
        created_at: ago(500_000),
        secret: None,
    };
    vec![
        make("chat", "http://10.0.0.7:8065/…", WebhookFormat::Slack, None),
        make("ops", "https://ops.example/…", WebhookFormat::Standard, None),
        make(
            "pager",
            "https://pager.example/…",
            WebhookFormat::Standard,
            Some("its receiver answered 410 Gone"),
        ),
    ]
}
