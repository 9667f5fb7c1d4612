//! The form that changes a job that waits.

use crate::ask::{Form, Known, Who, dollars, words};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::SubmitError;
use anvil_store::{JobEdit, Start, StoreError};
use anvil_types::{Job, JobState, Json, Nanodollars, Priority, Timestamp};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The page.
#[derive(Template)]
#[template(path = "jobs/edit.html")]
struct EditPage {
    shell: Shell,
    id: String,
    job: Fields,
    /// What the form was made from.
    stands: String,
    errors: Vec<String>,
}

/// A job as the form shows it. A field that comes back as it went changes nothing.
#[derive(Clone, Debug, PartialEq)]
struct Fields {
    priority: Priority,
    /// None where it has begun and takes no time.
    run_at: Option<String>,
    tags: String,
    max_cost: String,
    /// None where it has asked already, since its paid work belongs to its payload, and where another job asked for it.
    payload: Option<String>,
}

impl Fields {
    fn of(job: &Job) -> Self {
        let run_at = job.run_at.map(|at| at.to_string()).unwrap_or_default();
        Self {
            priority: job.priority,
            run_at: (job.state != JobState::Parked).then_some(run_at),
            tags: job.tags.join(", "),
            max_cost: job.max_cost.to_string().trim_start_matches('$').to_owned(),
            payload: (job.calls == 0 && job.lead.is_none()).then(|| job.payload.pretty()),
        }
    }

    /// A word that is another as soon as one of them is.
    fn digest(&self) -> String {
        blake3::hash(format!("{self:?}").as_bytes()).to_hex()[..16].to_owned()
    }

    /// As they were sent; a field that was not stays as it is.
    fn sent(&self, form: &Form) -> Self {
        let text = |name: &str| form.find(name).map(|text| text.trim().replace("\r\n", "\n"));
        Self {
            priority: form.text("priority").parse().unwrap_or(self.priority),
            run_at: text("run_at").or_else(|| self.run_at.clone()),
            tags: text("tags").unwrap_or_else(|| self.tags.clone()),
            max_cost: text("max_cost").unwrap_or_else(|| self.max_cost.clone()),
            payload: text("payload").or_else(|| self.payload.clone()),
        }
    }

    /// What has to change for a job to be so, or what is wrong.
    fn changes(&self, from: &Self) -> Result<JobEdit, Vec<String>> {
        let (mut edit, mut wrong) = (JobEdit::default(), Vec::new());
        edit.priority = Some(self.priority).filter(|_| self.priority != from.priority);
        if let Some(text) = self.run_at.as_ref().filter(|_| self.run_at != from.run_at) {
            match text.parse::<Timestamp>() {
                _ if text.is_empty() => edit.start = Some(Start::Now),
                Ok(at) => edit.start = Some(Start::At(at)),
                Err(_) => wrong.push(format!(
                    "`{text}` is no time; one as in 2026-11-23T14:00:00Z is expected, or none at all"
                )),
            }
        }
        edit.tags = (self.tags != from.tags).then(|| words(&self.tags).map(str::to_owned).collect());
        if self.max_cost != from.max_cost {
            edit.max_cost = dollars(&self.max_cost).filter(|most| *most > Nanodollars::ZERO);
            if edit.max_cost.is_none() {
                wrong.push("it spends at most an amount of dollars above 0, as in 0.50".to_owned());
            }
        }
        if let Some(text) = self.payload.as_ref().filter(|_| self.payload != from.payload) {
            match text.parse::<Json>() {
                Ok(payload) => edit.payload = Some(payload),
                Err(error) => wrong.push(format!("the payload cannot be taken: {error}")),
            }
        }
        if wrong.is_empty() { Ok(edit) } else { Err(wrong) }
    }
}

pub(super) async fn page(State(state): State<WebState>, Known(job): Known<Job>) -> Result<Response, Problem> {
    if job.state.is_final() || job.state == JobState::Running {
        let why = format!(
            "is {}, and only a job that waits can be edited; its page has a button that duplicates it",
            job.state
        );
        return Err(StoreError::NotEditable { job: job.id, why }.into());
    }
    show(&state, &job, Fields::of(&job), Vec::new()).await
}

async fn show(state: &WebState, job: &Job, fields: Fields, errors: Vec<String>) -> Result<Response, Problem> {
    let title = format!("Edit {} / {}", job.agent, job.action);
    let (shell, _) = Shell::load(state, Nav::Jobs, title).await?;
    let stands = Fields::of(job).digest();
    html(&EditPage { shell, id: job.id.to_string(), job: fields, stands, errors })
}

pub(super) async fn edit(
    State(state): State<WebState>,
    Who(by): Who,
    Known(job): Known<Job>,
    form: Form,
) -> Result<Response, Problem> {
    let id = job.id;
    let stands = Fields::of(&job);
    let sent = stands.sent(&form);
    let made_from = form.find("stands").is_none_or(|digest| digest == stands.digest());
    let errors = match sent.changes(&stands) {
        _ if !made_from => vec![
            "somebody changed the job since this form was opened. Its page shows how it stands now, and the form \
             what you sent: saving it again puts this in the place of that"
                .to_owned(),
        ],
        Err(wrong) => wrong,
        Ok(edit) if edit.is_empty() => return Ok(see_other(&format!("/jobs/{id}"))),
        Ok(edit) => match state.control.jobs.edit(id, edit, by).await {
            Ok(_) => return Ok(see_other(&format!("/jobs/{id}"))),
            Err(SubmitError::InvalidPayload(misfit)) => misfit
                .errors
                .into_iter()
                .map(|error| format!("payload{}: {}", error.pointer, error.message))
                .collect(),
            Err(SubmitError::Store(
                error @ (StoreError::Backend(_) | StoreError::DiskFull | StoreError::DiskFails(_)),
            )) => {
                return Err(error.into());
            }
            Err(error) => vec![error.to_string()],
        },
    };
    let page = show(&state, &job, sent, errors).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
