//! The limits: values, where each comes from, and changing them with the effect in view.

use crate::ask::{Form, Who};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::When;
use crate::panel::limits::rows::{Change, LimitRow, changes, field, parse, rows, values};
use crate::panel::limits::scopes::{ScopeForm, ScopeRow, rows as scope_rows};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{LimitsView, ScopeLimitsView, Status};
use anvil_control::SubmitError;
use anvil_store::AuditEntry;
use anvil_types::{LimitsPatch, Timestamp};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// Changes that are shown.
const PAST: u32 = 20;

/// The page.
#[derive(Template)]
#[template(path = "limits/page.html")]
pub(crate) struct LimitsPage {
    pub(crate) shell: Shell,
    rows: Vec<LimitRow>,
    error: Option<String>,
    scopes: Vec<ScopeRow>,
    scope_form: ScopeForm,
    past: Vec<Past>,
}

/// A change that somebody made.
struct Past {
    at: When,
    by: String,
    what: String,
}

/// What a person is about to change.
#[derive(Template)]
#[template(path = "limits/review.html")]
pub(crate) struct ReviewPage {
    pub(crate) shell: Shell,
    changes: Vec<Change>,
}

impl LimitsPage {
    pub(crate) fn new(
        shell: Shell,
        view: &LimitsView,
        scopes: &[ScopeLimitsView],
        scope_form: ScopeForm,
        audit: &[AuditEntry],
    ) -> Self {
        Self {
            rows: rows(view, shell.now),
            scopes: scope_rows(scopes, shell.now),
            past: past(audit, shell.now),
            scope_form,
            shell,
            error: None,
        }
    }

    async fn load(state: &WebState, shell: Shell, scope_form: ScopeForm) -> Result<Self, Problem> {
        let control = &state.control;
        let (past, scopes) = (control.limits.changes(PAST).await?, control.scopes.all().await?);
        Ok(Self::new(shell, &control.limits.in_force().await?, &scopes, scope_form, &past))
    }
}

fn past(audit: &[AuditEntry], now: Timestamp) -> Vec<Past> {
    let past = audit.iter().map(|entry| Past {
        at: When::relative(entry.at, now),
        by: entry.by.clone(),
        what: match entry.action.as_str() {
            "limits.reset" => format!("{} back to the settings", entry.detail),
            _ => entry.detail.clone(),
        },
    });
    past.collect()
}

/// A form of limits, read.
#[derive(Default)]
struct Wish {
    patch: Map<String, Value>,
    reset: Vec<String>,
}

impl Wish {
    /// Reads the form into the rows: what was typed stays in its field, errors stand beside it.
    fn read(form: &Form, rows: &mut [LimitRow], view: &LimitsView) -> Self {
        let current = values(&view.limits);
        let mut wish = Self::default();
        for row in rows {
            if form.find(&format!("reset.{}", row.name)).is_some() {
                row.reset = true;
                wish.reset.push(row.name.to_owned());
                continue;
            }
            let Some(text) = form.find(&format!("v.{}", row.name)) else { continue };
            match parse(row, text) {
                Ok(value) if current.get(row.name).and_then(Value::as_f64) == value.as_f64() => {}
                Ok(value) => {
                    wish.patch.insert(row.name.to_owned(), value);
                }
                Err(error) => {
                    text.clone_into(&mut row.value);
                    row.error = Some(error);
                }
            }
        }
        wish
    }
}

impl Wish {
    /// What was typed stays in its field.
    fn keep(&self, rows: &mut [LimitRow]) {
        for row in rows {
            if let Some(value) = self.patch.get(row.name) {
                row.value = field(row.name, Some(value));
            }
        }
    }
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Limits, "Limits").await?;
    html(&LimitsPage::load(&state, shell, ScopeForm::new(None, agents(&state), None)).await?)
}

/// The page again, with what is wrong with the limits of one agent or API key.
pub(super) async fn scope_refused(state: &WebState, form: &Form, error: String) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(state, Nav::Limits, "Limits").await?;
    let form = ScopeForm::new(Some(form), agents(state), Some(error));
    let page = html(&LimitsPage::load(state, shell, form).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn agents(state: &WebState) -> Vec<String> {
    let mut names: Vec<_> = state.control.agents.all().iter().map(|agent| agent.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// First shows what would change; with `confirm` it does it.
pub(super) async fn change(
    State(state): State<WebState>,
    Who(by): Who,
    form: Form,
) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Limits, "Limits").await?;
    let view = state.control.limits.in_force().await?;
    let mut rows = rows(&view, status.now);
    let wish = Wish::read(&form, &mut rows, &view);
    if rows.iter().any(|row| row.error.is_some()) {
        return refused(&state, shell, rows, None).await;
    }
    if wish.patch.is_empty() && wish.reset.is_empty() {
        return Ok(see_other("/limits"));
    }
    let patch: LimitsPatch = serde_json::from_value(Value::Object(wish.patch.clone()))
        .map_err(|error| Problem::invalid("invalid-value", "A value makes no sense", error.to_string()))?;
    if let Some(message) = state.control.limits.judge(&patch).await? {
        wish.keep(&mut rows);
        return refused(&state, shell, rows, Some(message)).await;
    }
    if form.find("confirm").is_none() {
        return review(shell, &rows, &wish, &status);
    }
    match state.control.limits.set(patch, &wish.reset, by).await {
        Ok(_) => Ok(see_other("/limits")),
        Err(SubmitError::Invalid(message)) => {
            wish.keep(&mut rows);
            refused(&state, shell, rows, Some(message)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn review(shell: Shell, rows: &[LimitRow], wish: &Wish, status: &Status) -> Result<Response, Problem> {
    html(&ReviewPage { shell, changes: changes(rows, &wish.patch, status) })
}

/// The form again, with what is wrong beside the fields that it is about.
async fn refused(
    state: &WebState,
    shell: Shell,
    mut rows: Vec<LimitRow>,
    message: Option<String>,
) -> Result<Response, Problem> {
    let error = message.filter(|message| !blame(&mut rows, message));
    let page = LimitsPage::load(state, shell, ScopeForm::new(None, agents(state), None)).await?;
    let page = html(&LimitsPage { rows, error, ..page })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Puts a message beside the first field that it names; answers whether it names one.
fn blame(rows: &mut [LimitRow], message: &str) -> bool {
    let named = |row: &&mut LimitRow| {
        let mut words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| word == row.name)
    };
    match rows.iter_mut().find(named) {
        Some(row) => {
            row.error = Some(message.to_owned());
            true
        }
        None => false,
    }
}

/// For samples: a review of raising the day's limit.
#[cfg(any(test, feature = "gallery"))]
pub(crate) fn sample_review(shell: Shell, view: &LimitsView, status: &Status) -> ReviewPage {
    let mut rows = rows(view, status.now);
    let form = Form(vec![("v.day_usd".into(), "20".into()), ("reset.hour_usd".into(), "on".into())]);
    let wish = Wish::read(&form, &mut rows, view);
    ReviewPage { shell, changes: changes(&rows, &wish.patch, status) }
}
