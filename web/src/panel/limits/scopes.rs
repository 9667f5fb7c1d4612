//! Limits of one agent or one API key, on the page of limits.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::see_other;
use crate::panel::kit::money::Money;
use crate::panel::kit::shell::Bar;
use crate::panel::kit::when::When;
use crate::panel::limits::page;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::ScopeLimitsView;
use anvil_budget::{WindowKind, WindowLimits};
use anvil_control::SubmitError;
use anvil_types::{Nanodollars, Scope, Timestamp};
use axum::extract::State;
use axum::response::Response;

/// Name, window and label of each field of the form.
const FIELDS: [(&str, WindowKind, &str); 3] = [
    ("hour_usd", WindowKind::Hour, "In 60 minutes"),
    ("day_usd", WindowKind::Day, "A day"),
    ("month_usd", WindowKind::Month, "A month"),
];

/// One limit of an agent or an API key.
pub(crate) struct ScopeRow {
    pub(crate) scope: String,
    /// The first of its scope.
    pub(crate) first: bool,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) window: &'static str,
    pub(crate) label: &'static str,
    pub(crate) spent: Money,
    pub(crate) held: Option<Money>,
    pub(crate) limit: Money,
    pub(crate) left: Money,
    pub(crate) bar: Bar,
    pub(crate) by: String,
    pub(crate) at: When,
}

/// The form that sets such limits.
#[derive(Default)]
pub(crate) struct ScopeForm {
    pub(crate) name: String,
    pub(crate) fields: Vec<ScopeField>,
    /// The agents that there are.
    pub(crate) agents: Vec<String>,
    pub(crate) error: Option<String>,
}

/// An amount in it.
pub(crate) struct ScopeField {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

impl ScopeForm {
    /// As it was sent, or empty, with the names that it offers.
    pub(crate) fn new(sent: Option<&Form>, agents: Vec<String>, error: Option<String>) -> Self {
        let text = |name: &str| sent.map(|form| form.text(name).to_owned()).unwrap_or_default();
        let fields = FIELDS.map(|(name, _, label)| ScopeField { name, label, value: text(name) });
        Self { name: text("name"), fields: fields.into(), agents, error }
    }
}

/// The rows of all scopes.
pub(crate) fn rows(scopes: &[ScopeLimitsView], now: Timestamp) -> Vec<ScopeRow> {
    scopes.iter().flat_map(|view| scope_rows(view, now)).collect()
}

fn scope_rows(view: &ScopeLimitsView, now: Timestamp) -> Vec<ScopeRow> {
    let (kind, name) = match &view.scope {
        Scope::Agent(name) => ("agent", name.clone()),
        Scope::ApiKey(name) => ("API key", name.clone()),
        Scope::All => ("", "everything".to_owned()),
    };
    let windows = view.windows.iter().enumerate();
    let row = |(place, window): (usize, &anvil_api::ScopeWindowStatus)| ScopeRow {
        scope: view.scope.to_string(),
        first: place == 0,
        kind,
        name: name.clone(),
        window: window.window.name(),
        label: match window.window {
            WindowKind::Hour => "60 minutes",
            WindowKind::Day => "day",
            WindowKind::Month => "month",
        },
        spent: window.spent_usd.into(),
        held: (window.held_usd > Nanodollars::ZERO).then(|| window.held_usd.into()),
        limit: window.limit_usd.into(),
        left: window.left_usd.into(),
        bar: Bar::of_scope(window, &name),
        by: window.by.clone(),
        at: When::relative(window.at, now),
    };
    windows.map(row).collect()
}

/// Sets limits of one scope, or takes one away.
pub(super) async fn change(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let done = match read(&form) {
        Ok((scope, set, unset)) => state.control.scopes.set(scope, set, &unset, by).await.map(drop),
        Err(message) => Err(SubmitError::Invalid(message)),
    };
    match done {
        Ok(()) => Ok(see_other("/limits#scopes-h")),
        Err(error @ (SubmitError::Invalid(_) | SubmitError::UnknownAgent { .. })) => {
            page::scope_refused(&state, &form, error.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

fn read(form: &Form) -> Result<(Scope, WindowLimits, Vec<WindowKind>), String> {
    let mut set = WindowLimits::default();
    if form.find("reset").is_some() {
        let scope = form.text("scope").parse::<Scope>().map_err(|error| error.to_string())?;
        let kind = WindowKind::ALL.into_iter().find(|kind| kind.name() == form.text("reset"));
        return Ok((scope, set, kind.into_iter().collect()));
    }
    let name = form.text("name").trim().to_owned();
    if name.is_empty() {
        return Err("say whose limits they are: a name is missing".to_owned());
    }
    let scope = Scope::Agent(name);
    for (field, kind, _) in FIELDS {
        let text = form.text(field).trim();
        if text.is_empty() {
            continue;
        }
        let amount = text.trim_start_matches('$').replace(',', "").parse::<f64>().ok();
        let amount = amount.filter(|usd| *usd >= 0.0).and_then(Nanodollars::from_usd);
        set.set(kind, Some(amount.ok_or_else(|| format!("`{text}` is no amount of dollars"))?));
    }
    if set.iter().next().is_none() {
        return Err("give at least one limit".to_owned());
    }
    Ok((scope, set, Vec::new()))
}
