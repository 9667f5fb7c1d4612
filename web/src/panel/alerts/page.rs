//! Alerts: what fires, what is over, where they are sent, and what was sent.

use crate::ask::{Form, Id, Known, Query, Who, checked_note};
use crate::panel::alerts::card::Card;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::panel::kit::shell::{Bell, Nav, Shell};
use crate::panel::webhooks::deliveries::Deliveries;
use crate::panel::webhooks::hooks::{Form as NewWebhook, Hooks};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::{AlertFilter, AlertPage as Alerts, DeliveryFilter};
use anvil_types::{Alert, AlertId, AlertState, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::response::Response;

/// Resolved alerts on a page.
const PAGE: u32 = 20;
/// The most open alerts that are shown: one for each limit and threshold is far fewer.
const MOST_OPEN: u32 = 200;

/// The page of all.
#[derive(Template)]
#[template(path = "alerts/page.html")]
pub(crate) struct AlertsPage {
    pub(crate) shell: Shell,
    pub(crate) body: AlertList,
    pub(crate) webhooks: Hooks,
    pub(crate) form: NewWebhook,
    pub(crate) deliveries: Deliveries,
}

/// The alerts: what of the page changes while it is looked at.
#[derive(Template)]
#[template(path = "alerts/body.html")]
pub(crate) struct AlertList {
    /// Those that fire first, then those that somebody knows of.
    open: Vec<Card>,
    over: Vec<Card>,
    refresh: String,
    next: Option<String>,
    first: bool,
}

impl HtmlSafe for AlertList {}

/// The page of one.
#[derive(Template)]
#[template(path = "alerts/one.html")]
pub(crate) struct AlertPage {
    pub(crate) shell: Shell,
    pub(crate) body: AlertBody,
    /// Whether the form for a note is shown.
    pub(crate) open: bool,
    pub(crate) known: bool,
    pub(crate) deliveries: Deliveries,
}

/// One alert: what of its page changes.
#[derive(Template)]
#[template(path = "alerts/one_body.html")]
pub(crate) struct AlertBody {
    alert: Card,
}

impl HtmlSafe for AlertBody {}

impl AlertList {
    /// From the open alerts, a page of resolved ones, and where that page begins.
    pub(crate) fn new(open: &[Alert], over: &Alerts, after: Option<AlertId>, now: Timestamp) -> Self {
        let firing = |alert: &&Alert| alert.state == AlertState::Firing;
        let (first, then): (Vec<_>, Vec<_>) = open.iter().partition(firing);
        let cards = |alerts: &[Alert]| alerts.iter().map(|alert| Card::new(alert, now)).collect();
        let refresh = after.map(|after| format!("?after={after}")).unwrap_or_default();
        Self {
            open: first.into_iter().chain(then).map(|alert| Card::new(alert, now)).collect(),
            over: cards(&over.items),
            refresh: format!("/ui/alerts{refresh}"),
            next: over.next.map(|next| format!("/alerts?after={next}")),
            first: after.is_none(),
        }
    }

    async fn load(state: &WebState, query: &Query) -> Result<Self, Problem> {
        let after = query.value("after")?;
        let states = vec![AlertState::Firing, AlertState::Acknowledged];
        let open = AlertFilter { states, after: None, limit: MOST_OPEN };
        let over = AlertFilter { states: vec![AlertState::Resolved], after, limit: PAGE };
        let (open, over) = (state.control.alerts.page(open).await?, state.control.alerts.page(over).await?);
        Ok(Self::new(&open.items, &over, after, state.control.clock.now()))
    }
}

impl AlertBody {
    /// From the alert.
    pub(crate) fn new(alert: &Alert, now: Timestamp) -> Self {
        Self { alert: Card::new(alert, now) }
    }

    /// Where the form for a note goes.
    fn action(&self) -> String {
        format!("/alerts/{}/acknowledge", self.alert.id)
    }
}

/// The page of all, with the form for a webhook as it stands.
pub(crate) async fn whole(state: &WebState, query: &Query, form: NewWebhook) -> Result<AlertsPage, Problem> {
    let (shell, status) = Shell::load(state, Nav::Alerts, "Alerts").await?;
    Ok(AlertsPage {
        shell,
        body: AlertList::load(state, query).await?,
        webhooks: Hooks::new(&state.control.webhooks.all().await?),
        form,
        deliveries: Deliveries::load(state, DeliveryFilter::default(), status.now).await?,
    })
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    html(&whole(&state, &query, NewWebhook::default()).await?)
}

pub(super) async fn changing(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    fragment(&AlertList::load(&state, &query).await?, state.control.clock.now())
}

pub(super) async fn bell(State(state): State<WebState>) -> Result<Response, Problem> {
    let status = state.control.status.get().await?;
    fragment(&Bell::new(status.alerts.firing), status.now)
}

pub(super) async fn one(
    State(state): State<WebState>,
    Known(alert): Known<Alert>,
) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Alerts, alert.title.clone()).await?;
    let of_it = DeliveryFilter { alert: Some(alert.id), ..DeliveryFilter::default() };
    html(&AlertPage {
        shell,
        body: AlertBody::new(&alert, status.now),
        open: alert.state != AlertState::Resolved,
        known: alert.acknowledged.is_some(),
        deliveries: Deliveries::load(&state, of_it, status.now).await?,
    })
}

pub(super) async fn one_changing(
    State(state): State<WebState>,
    Known(alert): Known<Alert>,
) -> Result<Response, Problem> {
    let now = state.control.clock.now();
    fragment(&AlertBody::new(&alert, now), now)
}

pub(super) async fn acknowledge(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<AlertId>,
    form: Form,
) -> Result<Response, Problem> {
    let note = checked_note(form.text("note"))?;
    state.control.alerts.acknowledge(id, by, note).await?;
    Ok(see_other(&format!("/alerts/{id}")))
}
