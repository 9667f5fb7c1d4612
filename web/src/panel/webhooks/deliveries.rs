//! The log of what was sent to webhooks.

use crate::ask::{Form, Id, Query, Who};
use crate::panel::kit::address::local;
use crate::panel::kit::answer::{fragment, see_other};
use crate::panel::kit::pill::Pill;
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::DeliveryFilter;
use anvil_types::{AlertId, AlertNews, Delivery, DeliveryId, DeliveryState, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;
use std::collections::BTreeMap;

/// Deliveries on a page.
const PAGE: u32 = 25;

/// The log; of one alert where that is given.
#[derive(Template)]
#[template(path = "webhooks/deliveries.html")]
pub(crate) struct Deliveries {
    rows: Vec<Row>,
    of_alert: bool,
    refresh: String,
}

impl HtmlSafe for Deliveries {}

struct Row {
    id: String,
    alert: String,
    title: String,
    message_id: String,
    news: &'static str,
    webhook: String,
    pill: Pill,
    tries: u32,
    answer: String,
    next: Option<When>,
    ended: Option<When>,
    created: When,
}

impl Deliveries {
    /// From deliveries and the titles of their alerts.
    pub(crate) fn new(
        deliveries: &[Delivery],
        titles: &BTreeMap<AlertId, String>,
        of_alert: Option<AlertId>,
        now: Timestamp,
    ) -> Self {
        let alert = of_alert.map(|alert| format!("?alert={alert}")).unwrap_or_default();
        Self {
            rows: deliveries.iter().map(|delivery| Row::new(delivery, titles, now)).collect(),
            of_alert: of_alert.is_some(),
            refresh: format!("/ui/deliveries{alert}"),
        }
    }

    /// The newest that a filter finds.
    pub(crate) async fn load(
        state: &WebState,
        filter: DeliveryFilter,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let of_alert = filter.alert;
        let deliveries = state.control.webhooks.deliveries(DeliveryFilter { limit: PAGE, ..filter }).await?;
        let mut titles = BTreeMap::new();
        for delivery in &deliveries {
            if !titles.contains_key(&delivery.alert)
                && let Some(alert) = state.control.alerts.get(delivery.alert).await?
            {
                titles.insert(delivery.alert, alert.title);
            }
        }
        Ok(Self::new(&deliveries, &titles, of_alert, now))
    }
}

impl Row {
    fn new(delivery: &Delivery, titles: &BTreeMap<AlertId, String>, now: Timestamp) -> Self {
        let answer = match (&delivery.last_error, delivery.last_status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => String::new(),
        };
        Self {
            id: delivery.id.to_string(),
            alert: delivery.alert.to_string(),
            title: titles.get(&delivery.alert).cloned().unwrap_or_default(),
            message_id: delivery.message_id(),
            news: match delivery.news {
                AlertNews::Fired => "fired",
                AlertNews::Resolved => "resolved",
            },
            webhook: delivery.webhook.clone(),
            pill: delivery.state.into(),
            tries: delivery.tries,
            answer,
            next: delivery
                .next_at
                .filter(|_| delivery.state == DeliveryState::Pending)
                .map(|at| When::relative(at, now)),
            ended: delivery.ended_at.map(|at| When::relative(at, now)),
            created: When::relative(delivery.created_at, now),
        }
    }
}

pub(super) async fn changing(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let filter = DeliveryFilter { alert: query.value("alert")?, ..DeliveryFilter::default() };
    let now = state.control.clock.now();
    fragment(&Deliveries::load(&state, filter, now).await?, now)
}

pub(super) async fn resend(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<DeliveryId>,
    form: Form,
) -> Result<Response, Problem> {
    state.control.webhooks.redeliver(id, by).await?;
    Ok(see_other(local(form.text("next"))))
}
