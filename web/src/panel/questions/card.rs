//! One question, as pages show it.

use super::markdown;
use crate::panel::kit::when::When;
use anvil_control::{AnswerError, GivenAnswer};
use anvil_types::words::NoAnswer;
use anvil_types::{Json, PersonQuestion, QuestionChoice, QuestionState, Timestamp};
use askama::Template;
use askama::filters::HtmlSafe;

/// One question, with the form that answers it where it is open. All of its text is a stranger's.
#[derive(Template)]
#[template(path = "questions/card.html")]
pub(crate) struct QuestionCard {
    id: String,
    asker: String,
    job: Option<String>,
    /// Whether it is shown on the panel, to somebody who may see the job.
    on_panel: bool,
    /// Where the form goes.
    action: String,
    prompt: String,
    details: Option<String>,
    choices: Vec<QuestionChoice>,
    schema: Option<String>,
    free_text: bool,
    open: bool,
    ended: &'static str,
    opened: When,
    expires: Option<When>,
    default: Option<String>,
    closed: Option<When>,
    answer: Option<String>,
    by: Option<String>,
    /// Why what was answered was not taken, and what that was.
    wrong: Option<(String, String)>,
}

impl HtmlSafe for QuestionCard {}

impl QuestionCard {
    /// A question on the panel.
    pub(crate) fn new(question: &PersonQuestion, now: Timestamp) -> Self {
        Self { on_panel: true, ..Self::at(question, format!("/questions/{}", question.id), now) }
    }

    /// A question whose form goes to this place.
    pub(crate) fn at(question: &PersonQuestion, action: String, now: Timestamp) -> Self {
        let text = &question.text;
        Self {
            id: question.id.to_string(),
            asker: question.asker.clone(),
            job: question.subject.job().map(|job| job.to_string()),
            on_panel: false,
            action,
            prompt: text.prompt.clone(),
            details: text.details.as_deref().map(markdown::shown),
            choices: text.choices.clone(),
            schema: text.schema.as_ref().map(Json::pretty),
            free_text: text.is_free_text(),
            open: question.state == QuestionState::Open,
            ended: match question.state {
                QuestionState::Open => "open",
                QuestionState::Answered => "answered",
                QuestionState::Expired => "not answered in time",
                QuestionState::Withdrawn => "withdrawn",
            },
            opened: When::relative(question.opened_at, now),
            expires: question.expires_at.map(|at| When::relative(at, now)),
            default: text.default.as_ref().map(Json::pretty),
            closed: question.closed_at.map(|at| When::relative(at, now)),
            answer: question.answer.as_ref().map(Json::pretty),
            by: question.answered_by.clone(),
            wrong: None,
        }
    }

    /// With what is wrong with an answer, and what that was.
    pub(crate) fn refused(self, wrong: Option<(String, String)>) -> Self {
        Self { wrong, ..self }
    }
}

/// What a form answers: a choice, or what was written; one of them, once.
pub(super) fn given(form: &crate::ask::Form) -> Result<GivenAnswer, AnswerError> {
    let mut fields = form.0.iter().filter(|(name, _)| name == "choice" || name == "answer");
    let field = fields.next();
    if fields.next().is_some() {
        return Err(NoAnswer::Two.into());
    }
    Ok(match field {
        Some((name, value)) if name == "choice" => GivenAnswer::Value(Json::of(value)),
        Some((_, written)) => GivenAnswer::Written(written.replace("\r\n", "\n")),
        None => GivenAnswer::Written(String::new()),
    })
}
