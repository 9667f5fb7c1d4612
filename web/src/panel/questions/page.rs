//! The page of questions, the page of one, and what of them stands on a job's page.

use super::card::{QuestionCard, given};
use crate::ask::{Form, Id, Known, Query, Who};
use crate::panel::kit::answer::{html, see_other};
use crate::panel::kit::shell::{Asks, Nav, Shell};
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::AnswerError;
use anvil_store::{Answerer, QuestionFilter, QuestionPage as Page};
use anvil_types::{JobId, PersonQuestion, QuestionId, QuestionState, Timestamp, clip_at};
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Open questions on the page: each may have 64 KiB of details.
const MOST_OPEN: u32 = 20;
/// Questions on it that are over.
const OVER: u32 = 20;
/// Characters of a prompt in a list.
const PROMPT: usize = 120;

/// The page of all.
#[derive(Template)]
#[template(path = "questions/page.html")]
pub(crate) struct QuestionsPage {
    pub(crate) shell: Shell,
    pub(crate) body: QuestionList,
}

/// What of it changes while it is looked at.
#[derive(Template)]
#[template(path = "questions/body.html")]
pub(crate) struct QuestionList {
    open: Vec<QuestionCard>,
    /// How many more are open.
    more: u64,
    over: Vec<Over>,
    refresh: String,
    next: Option<String>,
    first: bool,
}

impl HtmlSafe for QuestionList {}

/// A line of those that are over.
struct Over {
    id: String,
    prompt: String,
    asker: String,
    told: String,
    closed: When,
}

/// The page of one.
#[derive(Template)]
#[template(path = "questions/one.html")]
pub(crate) struct QuestionPage {
    pub(crate) shell: Shell,
    pub(crate) card: QuestionCard,
    pub(crate) job: Option<String>,
}

/// The questions of a job, on its page.
#[derive(Template)]
#[template(path = "questions/of_job.html")]
pub(crate) struct OfJob {
    pub(crate) job: String,
    pub(crate) cards: Vec<QuestionCard>,
}

impl HtmlSafe for OfJob {}

impl QuestionList {
    /// From the open ones, how many there are, and a page of those that are over.
    pub(crate) fn new(
        open: &[PersonQuestion],
        all_open: u64,
        over: &Page,
        after: Option<QuestionId>,
        now: Timestamp,
    ) -> Self {
        let lines = over.items.iter().map(|question| Over {
            id: question.id.to_string(),
            prompt: clip_at(&question.text.prompt, PROMPT),
            asker: question.asker.clone(),
            told: match (&question.answered_by, question.state) {
                (Some(by), _) => format!("answered by {by}"),
                (None, QuestionState::Expired) => "nobody answered in time".to_owned(),
                (None, state) => state.to_string(),
            },
            closed: When::relative(question.closed_at.unwrap_or(question.opened_at), now),
        });
        let refresh = after.map(|after| format!("?after={after}")).unwrap_or_default();
        Self {
            open: open.iter().map(|question| QuestionCard::new(question, now)).collect(),
            more: all_open.saturating_sub(open.len() as u64),
            over: lines.collect(),
            refresh: format!("/ui/questions{refresh}"),
            next: over.next.map(|next| format!("/questions?after={next}")),
            first: after.is_none(),
        }
    }

    async fn load(state: &WebState, query: &Query) -> Result<Self, Problem> {
        let after = query.value("after")?;
        let questions = &state.control.questions;
        let open = vec![QuestionState::Open];
        let open = QuestionFilter { states: open, limit: MOST_OPEN, ..QuestionFilter::default() };
        let over = vec![QuestionState::Answered, QuestionState::Expired, QuestionState::Withdrawn];
        let over = QuestionFilter { states: over, subject: None, after, limit: OVER };
        let (open, over) = (questions.page(open).await?, questions.page(over).await?);
        let now = state.control.clock.now();
        Ok(Self::new(&open.items, questions.open().await?, &over, after, now))
    }
}

impl OfJob {
    pub(crate) async fn load(state: &WebState, job: JobId) -> Result<Self, Problem> {
        let now = state.control.clock.now();
        let questions = state.control.questions.of_job(job).await?;
        let cards = questions.iter().map(|question| QuestionCard::new(question, now)).collect();
        Ok(Self { job: job.to_string(), cards })
    }
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Questions, "Questions").await?;
    html(&QuestionsPage { shell, body: QuestionList::load(&state, &query).await? })
}

pub(super) async fn page_body(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    html(&QuestionList::load(&state, &query).await?)
}

pub(super) async fn asks(State(state): State<WebState>) -> Result<Response, Problem> {
    html(&Asks::new(state.control.questions.open().await?))
}

pub(super) async fn of_job(State(state): State<WebState>, Id(job): Id<JobId>) -> Result<Response, Problem> {
    html(&OfJob::load(&state, job).await?)
}

pub(super) async fn one(
    State(state): State<WebState>,
    Known(question): Known<PersonQuestion>,
) -> Result<Response, Problem> {
    show(&state, &question, None).await
}

async fn show(
    state: &WebState,
    question: &PersonQuestion,
    wrong: Option<(String, String)>,
) -> Result<Response, Problem> {
    let (shell, status) = Shell::load(state, Nav::Questions, "Question").await?;
    let card = QuestionCard::new(question, status.now).refused(wrong);
    html(&QuestionPage { shell, card, job: question.subject.job().map(|job| job.to_string()) })
}

pub(super) async fn answer(
    State(state): State<WebState>,
    Who(by): Who,
    Known(question): Known<PersonQuestion>,
    form: Form,
) -> Result<Response, Problem> {
    let by = Answerer::Person(by.to_owned());
    let answered = match given(&form) {
        Ok(answer) => state.control.questions.answer(question.id, answer, by).await,
        Err(two) => Err(two),
    };
    match answered {
        Ok(answered) => Ok(see_other(&match answered.subject.job() {
            Some(job) => format!("/jobs/{job}"),
            None => "/questions".to_owned(),
        })),
        Err(AnswerError::Unfit(why)) => {
            let wrong = Some((wrong(AnswerError::Unfit(why)), form.text("answer").to_owned()));
            let page = show(&state, &question, wrong).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(AnswerError::Store(error)) => Err(error.into()),
    }
}

/// What is wrong with an answer, in lines.
pub(super) fn wrong(error: AnswerError) -> String {
    let problem = Problem::from(error);
    let errors = problem.errors().iter().map(|error| {
        let place = error.pointer.strip_prefix("/answer").unwrap_or(&error.pointer);
        if place.is_empty() { error.message.clone() } else { format!("{place}: {}", error.message) }
    });
    let lines: Vec<String> = errors.collect();
    if lines.is_empty() { problem.detail().to_owned() } else { lines.join("\n") }
}
