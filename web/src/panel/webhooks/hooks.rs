//! Where alerts are sent: the list of webhooks, and the form for a new one.

use crate::ask::{Form as Sent, Known, Query, Who, missing_webhook};
use crate::panel::alerts::page::whole;
use crate::panel::kit::answer::{fragment, html, see_other};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::WebhookView;
use anvil_control::{WebhookChange, WebhookError};
use anvil_store::StoreError;
use anvil_types::WebhookFormat;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Where on the page of alerts the webhooks are.
const PLACE: &str = "/alerts#webhooks";

/// The list.
#[derive(Template)]
#[template(path = "webhooks/hooks.html")]
pub(crate) struct Hooks {
    rows: Vec<Row>,
}

impl HtmlSafe for Hooks {}

struct Row {
    name: String,
    path: String,
    address: String,
    format: &'static str,
    signed: bool,
    private: bool,
    disabled: Option<String>,
}

impl Hooks {
    /// From all webhooks.
    pub(crate) fn new(webhooks: &[WebhookView]) -> Self {
        let row = |webhook: &WebhookView| Row {
            name: webhook.name.clone(),
            path: crate::panel::kit::address::encode(&webhook.name),
            address: webhook.address.clone(),
            format: match webhook.format {
                WebhookFormat::Standard => "signed JSON",
                WebhookFormat::Slack => "Slack",
            },
            signed: webhook.format == WebhookFormat::Standard,
            private: webhook.allow_private,
            disabled: webhook.disabled.clone(),
        };
        Self { rows: webhooks.iter().map(row).collect() }
    }
}

/// The form for a new webhook, as it was filled in, and what came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) slack: bool,
    pub(crate) private: bool,
    pub(crate) error: Option<String>,
    /// The name and the secret of the webhook that was made.
    pub(crate) made: Option<(String, Option<String>)>,
}

impl Form {
    /// What is shown once a webhook has a new secret.
    fn made(webhook: WebhookView) -> Self {
        Self { made: Some((webhook.name, webhook.secret)), ..Self::default() }
    }

    /// Whether the form is open.
    pub(crate) fn open(&self) -> bool {
        self.error.is_some()
    }
}

pub(super) async fn changing(State(state): State<WebState>) -> Result<Response, Problem> {
    fragment(&Hooks::new(&state.control.webhooks.all().await?), state.control.clock.now())
}

/// Makes one. The answer is the page itself, since the secret is shown on it and nowhere else.
pub(super) async fn add(
    State(state): State<WebState>,
    Who(by): Who,
    sent: Sent,
) -> Result<Response, Problem> {
    let form = Form {
        name: sent.text("name").trim().to_owned(),
        url: sent.text("url").trim().to_owned(),
        slack: sent.text("format") == WebhookFormat::Slack.name(),
        private: sent.find("allow_private").is_some(),
        ..Form::default()
    };
    let format = sent
        .text("format")
        .parse()
        .map_err(|error: String| Problem::bad_request("bad-form", "The form makes no sense", error))?;
    let taken = state.control.webhooks.all().await?.iter().any(|webhook| webhook.name == form.name);
    let change = WebhookChange {
        url: Some(form.url.clone()),
        format: Some(format),
        allow_private: Some(form.private),
        ..WebhookChange::default()
    };
    let (status, form) = if taken {
        let error =
            format!("there is a webhook `{}` already; delete it first, or take another name", form.name);
        (StatusCode::CONFLICT, Form { error: Some(error), ..form })
    } else {
        match state.control.webhooks.put(&form.name, change, by).await {
            Ok(webhook) => (StatusCode::OK, Form::made(webhook)),
            Err(WebhookError::Store(error @ StoreError::TooManyWebhooks(_))) => {
                (StatusCode::CONFLICT, Form { error: Some(error.to_string()), ..form })
            }
            Err(WebhookError::Store(error)) => return Err(error.into()),
            Err(WebhookError::Invalid { message, .. }) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Form { error: Some(message), ..form })
            }
        }
    };
    Ok((status, html(&whole(&state, &Query::default(), form).await?)?).into_response())
}

/// Makes a new secret for one.
pub(super) async fn rotate(
    State(state): State<WebState>,
    Who(by): Who,
    Known(webhook): Known<WebhookView>,
) -> Result<Response, Problem> {
    let change = WebhookChange { rotate_secret: true, ..WebhookChange::default() };
    let webhook = state.control.webhooks.put(&webhook.name, change, by).await?;
    html(&whole(&state, &Query::default(), Form::made(webhook)).await?)
}

pub(super) async fn on(
    State(state): State<WebState>,
    Who(by): Who,
    Known(webhook): Known<WebhookView>,
) -> Result<Response, Problem> {
    switch(&state, &webhook.name, true, by).await
}

pub(super) async fn off(
    State(state): State<WebState>,
    Who(by): Who,
    Known(webhook): Known<WebhookView>,
) -> Result<Response, Problem> {
    switch(&state, &webhook.name, false, by).await
}

async fn switch(state: &WebState, name: &str, enabled: bool, by: &str) -> Result<Response, Problem> {
    let change = WebhookChange { enabled: Some(enabled), ..WebhookChange::default() };
    state.control.webhooks.put(name, change, by).await?;
    Ok(see_other(PLACE))
}

pub(super) async fn test(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    state.control.webhooks.test(&name, by).await?;
    Ok(see_other("/alerts#deliveries"))
}

pub(super) async fn delete(
    State(state): State<WebState>,
    Who(by): Who,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    if state.control.webhooks.delete(&name, by).await? {
        Ok(see_other(PLACE))
    } else {
        Err(missing_webhook(&state, &name).await)
    }
}
