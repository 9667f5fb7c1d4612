//! The limits: values, where each comes from, and changing them with the effect in view.

use super::limit_rows::{Change, LimitRow, changes, parse, rows, values};
use super::shell::{Nav, Shell};
use super::{Form, html, see_other};
use crate::guard::name_of;
use crate::problem::Problem;
use crate::scope::Caller;
use crate::state::WebState;
use anvil_runner::{LimitsView, Status, SubmitError};
use anvil_types::LimitsPatch;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// The page.
#[derive(Template)]
#[template(path = "limits.html")]
pub(crate) struct LimitsPage {
    pub(crate) shell: Shell,
    rows: Vec<LimitRow>,
    error: Option<String>,
}

/// What a person is about to change.
#[derive(Template)]
#[template(path = "limits_review.html")]
pub(crate) struct ReviewPage {
    pub(crate) shell: Shell,
    changes: Vec<Change>,
}

impl LimitsPage {
    pub(crate) fn new(shell: Shell, view: &LimitsView) -> Self {
        Self { rows: rows(view, shell.now), shell, error: None }
    }
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

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Limits, "Limits").await?;
    html(&LimitsPage::new(shell, &state.runner.limits().await?))
}

/// First shows what would change; with `confirm` it does it.
pub(super) async fn change(
    State(state): State<WebState>,
    caller: Option<Extension<Caller>>,
    form: Form,
) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(&state, Nav::Limits, "Limits").await?;
    let view = state.runner.limits().await?;
    let mut rows = rows(&view, status.now);
    let wish = Wish::read(&form, &mut rows, &view);
    if rows.iter().any(|row| row.error.is_some()) {
        return refused(shell, rows, None);
    }
    if wish.patch.is_empty() && wish.reset.is_empty() {
        return Ok(see_other("/limits"));
    }
    if form.find("confirm").is_none() {
        return review(shell, &rows, &wish, &status);
    }
    let patch: LimitsPatch = serde_json::from_value(Value::Object(wish.patch))
        .map_err(|error| Problem::invalid("invalid-value", "A value makes no sense", error.to_string()))?;
    match state.runner.set_limits(patch, &wish.reset, name_of(caller.map(|c| c.0))).await {
        Ok(_) => Ok(see_other("/limits")),
        Err(SubmitError::Invalid(message)) => refused(shell, rows, Some(message)),
        Err(error) => Err(error.into()),
    }
}

fn review(shell: Shell, rows: &[LimitRow], wish: &Wish, status: &Status) -> Result<Response, Problem> {
    html(&ReviewPage { shell, changes: changes(rows, &wish.patch, status) })
}

fn refused(shell: Shell, rows: Vec<LimitRow>, error: Option<String>) -> Result<Response, Problem> {
    let page = html(&LimitsPage { shell, rows, error })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// For samples: a review of raising the day's limit.
#[cfg(any(test, feature = "gallery"))]
pub(crate) fn sample_review(shell: Shell, view: &LimitsView, status: &Status) -> ReviewPage {
    let mut rows = rows(view, status.now);
    let form = Form(vec![("v.day_usd".into(), "20".into()), ("reset.hour_usd".into(), "on".into())]);
    let wish = Wish::read(&form, &mut rows, view);
    ReviewPage { shell, changes: changes(&rows, &wish.patch, status) }
}
