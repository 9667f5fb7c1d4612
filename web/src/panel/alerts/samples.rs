//! Made-up alerts.

use super::page::{AlertBody, AlertList, AlertPage, AlertsPage};
use crate::panel::kit::samples::{NOW, Sample, ago, html, shell, status};
use crate::panel::kit::shell::Nav;
use crate::panel::webhooks::deliveries::Deliveries;
use crate::panel::webhooks::hooks::{Form as NewWebhook, Hooks};
use crate::panel::webhooks::samples::{deliveries, webhooks};
use anvil_api::Status;
use anvil_store::AlertPage as AlertItems;
use anvil_types::{
    Acknowledgement, Alert, AlertId, AlertKind, AlertState, AlertWindow, Crossing, Scope, UpstreamKind,
};

/// Alerts in every state, the newest first.
fn alerts() -> Vec<Alert> {
    let make = |seconds: u64, state, percent, title: &str, detail: &str| Alert {
        id: AlertId::new(ago(seconds), u128::from(seconds) << 40),
        upstream: UpstreamKind::Simulated,
        kind: if percent == 0 { AlertKind::Webhook } else { AlertKind::Threshold },
        state,
        crossing: (percent > 0).then(|| Crossing {
            scope: Scope::All,
            window: AlertWindow::Day,
            start: ago(61_512),
            percent,
        }),
        title: title.to_owned(),
        detail: detail.to_owned(),
        raised_at: ago(seconds),
        acknowledged: None,
        resolved_at: (state == AlertState::Resolved).then(|| ago(seconds / 2)),
    };
    let mut alerts = vec![
        make(
            240,
            AlertState::Firing,
            80,
            "80 % of the day's $160.00 are spent",
            "$128.0412 are spent, $0.412 are held; the day ends in 6 h. From here on calls go out at an even pace.",
        ),
        make(
            900,
            AlertState::Firing,
            0,
            "The webhook `pager` was switched off",
            "its receiver answered 410 Gone. Give it another address, or delete it",
        ),
        make(
            7_300,
            AlertState::Acknowledged,
            50,
            "50 % of agent <b>writer</b>'s $20.00 a day are spent",
            "$10.01 are spent.",
        ),
        make(90_000, AlertState::Resolved, 95, "95 % of the day's $160.00 are spent", "$152.00 are spent."),
        make(96_000, AlertState::Resolved, 80, "80 % of the day's $160.00 are spent", "$128.00 are spent."),
    ];
    if let Some(crossing) = &mut alerts[2].crossing {
        crossing.scope = Scope::Agent("<b>writer</b>".to_owned());
    }
    alerts[2].acknowledged = Some(Acknowledgement {
        by: "a person at the panel".to_owned(),
        at: ago(7_000),
        note: "The release needs it; looked at the jobs, all is well.".to_owned(),
    });
    alerts
}

fn alerts_page(status: &Status, full: bool, form: NewWebhook) -> AlertsPage {
    let (open, over): (Vec<_>, Vec<_>) =
        alerts().into_iter().filter(|_| full).partition(|alert| alert.state != AlertState::Resolved);
    let next = over.last().map(|alert| alert.id);
    let (webhooks, sent) = if full { (webhooks(), deliveries(&alerts())) } else { (Vec::new(), Vec::new()) };
    let titles = alerts().into_iter().map(|alert| (alert.id, alert.title)).collect();
    AlertsPage {
        shell: shell(status, Nav::Alerts, "Alerts"),
        body: AlertList::new(&open, &AlertItems { items: over, next }, None, NOW),
        webhooks: Hooks::new(&webhooks),
        form,
        deliveries: Deliveries::new(&sent, &titles, None, NOW),
    }
}

/// Their pages.
pub(crate) fn pages() -> Vec<Sample> {
    let status = status();
    let mut quiet = status.clone();
    quiet.alerts.firing = 0;
    vec![
        ("/alerts", html(&alerts_page(&status, true, NewWebhook::default()))),
        ("/alerts-empty", html(&alerts_page(&quiet, false, NewWebhook::default()))),
        (
            "/alerts-refused",
            html(&alerts_page(
                &status,
                true,
                NewWebhook {
                    name: "local".to_owned(),
                    url: "http://127.0.0.1/".to_owned(),
                    error: Some(
                        "127.0.0.1, which is no public address; such are called only where the \
                         webhook allows private addresses"
                            .to_owned(),
                    ),
                    ..NewWebhook::default()
                },
            )),
        ),
        (
            "/alerts-made",
            html(&alerts_page(
                &status,
                true,
                NewWebhook {
                    made: Some((
                        "ops".to_owned(),
                        Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=".to_owned()),
                    )),
                    ..NewWebhook::default()
                },
            )),
        ),
        (
            "/alert",
            html(&AlertPage {
                shell: shell(&status, Nav::Alerts, "80 % of the day's $160.00 are spent"),
                body: AlertBody::new(&alerts()[0], NOW),
                open: true,
                known: false,
                deliveries: Deliveries::new(
                    &deliveries(&alerts())[..2],
                    &std::collections::BTreeMap::new(),
                    Some(alerts()[0].id),
                    NOW,
                ),
            }),
        ),
    ]
}
