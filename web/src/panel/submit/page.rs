//! The form for a job, made from the action's schema.

use crate::ask::{Form, Query, WithFiles, dollars, find_job, missing_agent, words};
use crate::panel::kit::address::encode;
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::submit::files::FilesField;
use crate::panel::submit::form::{Mode, PayloadForm};
use crate::panel::submit::schema::Widget;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::{Submission, SubmitError};
use anvil_types::{ActionInfo, AgentInfo, AgentState, JobId, Nanodollars, Priority};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// The page.
#[derive(Template)]
#[template(path = "submit/page.html")]
pub(crate) struct SubmitPage {
    pub(crate) shell: Shell,
    pub(crate) choices: Vec<Choice>,
    pub(crate) chosen: Option<Chosen>,
}

/// An action of an agent that takes jobs.
pub(crate) struct Choice {
    agent: String,
    action: String,
    summary: String,
    href: String,
    here: bool,
}

/// The action whose form is shown.
pub(crate) struct Chosen {
    agent: String,
    action: String,
    summary: String,
    pub(crate) payload: PayloadForm,
    schema: String,
    priority: Priority,
    max_cost: String,
    max_cost_error: Option<String>,
    tags: String,
    economy: bool,
    after: String,
    after_error: Option<String>,
    pub(crate) files: FilesField,
    pub(crate) errors: Vec<String>,
}

impl Chosen {
    /// An empty form.
    pub(crate) fn new(agent: &AgentInfo, action: &ActionInfo, files: FilesField) -> Self {
        Self {
            agent: agent.name.clone(),
            action: action.name.clone(),
            summary: action.summary.clone(),
            payload: PayloadForm::new(action.input_schema.as_str()),
            schema: action.input_schema.pretty(),
            priority: Priority::Normal,
            max_cost: String::new(),
            max_cost_error: None,
            tags: String::new(),
            economy: false,
            after: String::new(),
            after_error: None,
            files,
            errors: Vec::new(),
        }
    }

    fn raw(&self) -> bool {
        self.payload.mode == Mode::Raw
    }

    /// Takes what was sent; none where something does not fit.
    fn read(&mut self, form: &Form) -> Option<Submission> {
        form.text("max_cost").trim().clone_into(&mut self.max_cost);
        form.text("tags").trim().clone_into(&mut self.tags);
        form.text("after").trim().clone_into(&mut self.after);
        self.economy = form.find("economy").is_some();
        self.priority = form.text("priority").parse().unwrap_or_default();
        let payload = self.payload.read(form);
        let max_cost = dollars(&self.max_cost).filter(|most| *most > Nanodollars::ZERO);
        if max_cost.is_none() && !self.max_cost.is_empty() {
            self.max_cost_error = Some("an amount of dollars above 0, as in 0.50".to_owned());
            return None;
        }
        let after: Result<Vec<JobId>, _> = words(&self.after).map(str::parse).collect();
        let Ok(after) = after.map_err(|error| self.after_error = Some(error.to_string())) else {
            return None;
        };
        let tags = words(&self.tags);
        Some(Submission {
            agent: self.agent.clone(),
            action: self.action.clone(),
            payload: payload?,
            priority: self.priority,
            run_at: None,
            idempotency_key: None,
            max_cost,
            tags: tags.map(str::to_owned).collect(),
            economy: self.economy.then_some(true),
            after,
            inputs: Vec::new(),
            files_of: None,
        })
    }

    /// Says why the job was refused, beside its fields where it can.
    fn refuse(&mut self, error: SubmitError) {
        self.errors = match error {
            SubmitError::InvalidPayload(misfit) => self.payload.blame(misfit.errors),
            SubmitError::File(refusal) => {
                self.files.error = Some(refusal.to_string());
                self.files.again = true;
                vec![refusal.to_string()]
            }
            other => vec![other.to_string()],
        };
    }
}

impl SubmitPage {
    pub(crate) fn new(shell: Shell, agents: &[AgentInfo], chosen: Option<Chosen>) -> Self {
        let here = |agent: &str, action: &str| {
            chosen.as_ref().is_some_and(|chosen| chosen.agent == agent && chosen.action == action)
        };
        let choices = actions(agents).map(|(agent, action)| Choice {
            agent: agent.name.clone(),
            action: action.name.clone(),
            summary: action.summary.clone(),
            href: href(&agent.name, &action.name),
            here: here(&agent.name, &action.name),
        });
        Self { choices: choices.collect(), shell, chosen }
    }
}

/// The address of an action's form.
pub(crate) fn href(agent: &str, action: &str) -> String {
    format!("/submit?agent={}&action={}", encode(agent), encode(action))
}

/// What can be asked for now.
pub(crate) fn actions(agents: &[AgentInfo]) -> impl Iterator<Item = (&AgentInfo, &ActionInfo)> {
    let takes = [AgentState::Ready, AgentState::Disabled, AgentState::Compiling, AgentState::Delayed];
    let ready = agents.iter().filter(move |agent| takes.contains(&agent.state));
    ready.flat_map(|agent| agent.actions.iter().map(move |action| (agent, action)))
}

/// The action that an address or a form names; an agent's first where it names none, the only one
/// that there is where it names nothing.
fn choose(state: &WebState, agents: &[AgentInfo], agent: &str, action: &str) -> Option<Chosen> {
    let mut fits = actions(agents)
        .filter(|(a, b)| (agent.is_empty() || a.name == agent) && (action.is_empty() || b.name == action));
    let (found, first) = fits.next()?;
    let sure = !agent.is_empty() || fits.next().is_none();
    let files = FilesField::new(state.control.intake.input_limits(&found.name));
    sure.then(|| Chosen::new(found, first, files))
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let agents = state.control.agents.all();
    let like: Option<JobId> = query.value("like")?;
    let mut agent = query.text("agent").unwrap_or_default().to_owned();
    let mut action = query.text("action").unwrap_or_default().to_owned();
    let like = match like {
        Some(id) => Some(find_job(&state, id).await?),
        None => None,
    };
    if let Some(job) = &like {
        job.agent.clone_into(&mut agent);
        job.action.clone_into(&mut action);
    }
    let mut chosen = choose(&state, &agents, &agent, &action);
    if let (Some(job), Some(chosen)) = (&like, &mut chosen) {
        chosen.payload.fill(&job.payload);
        chosen.files.offer(job);
        chosen.priority = job.priority;
        chosen.economy = job.economy == Some(true);
        job.max_cost.to_string().trim_start_matches('$').clone_into(&mut chosen.max_cost);
        chosen.after = job.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        chosen.tags = job.tags.join(", ");
    }
    let after = query.value::<JobId>("after")?.map(|id| id.to_string());
    if let (Some(after), Some(chosen)) = (&after, &mut chosen) {
        chosen.after.clone_from(after);
    }
    let (shell, _) = Shell::load(&state, Nav::Submit, "Submit a job").await?;
    let mut page = SubmitPage::new(shell, &agents, chosen);
    if let Some(after) = after {
        page.choices.iter_mut().for_each(|choice| choice.href = format!("{}&after={after}", choice.href));
    }
    html(&page)
}

pub(super) async fn submit(
    State(state): State<WebState>,
    WithFiles { body: form, files }: WithFiles<Form>,
) -> Result<Response, Problem> {
    let agents = state.control.agents.all();
    let (agent, action) = (form.text("agent"), form.text("action"));
    let Some(mut chosen) = choose(&state, &agents, agent, action).filter(|_| !agent.is_empty()) else {
        return Err(missing_agent(agent, &agents));
    };
    let files_of = chosen.files.read(&state, &form).await?;
    let submission = chosen.read(&form);
    chosen.files.again = files.as_ref().is_ok_and(|files| !files.is_empty());
    match (submission, files) {
        (Some(submission), Ok(inputs)) => {
            let submission = Submission { inputs, files_of, ..submission };
            match state.control.intake.submit(submission).await {
                Ok(submitted) => return Ok(see_other(&format!("/jobs/{}", submitted.job.id))),
                Err(error) => chosen.refuse(error),
            }
        }
        (_, Err(error)) => chosen.refuse(error),
        (None, Ok(_)) => {}
    }
    let (shell, _) = Shell::load(&state, Nav::Submit, "Submit a job").await?;
    let page = html(&SubmitPage::new(shell, &agents, Some(chosen)))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
