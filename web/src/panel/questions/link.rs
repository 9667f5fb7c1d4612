//! The page behind a link that answers one question. Whoever has the link needs no session: the token is what they may.
//!
//! Scanners of mail and chat fetch links, so that looking changes nothing. All that is wrong with a link is told alike.

use super::card::{QuestionCard, given};
use super::page::wrong;
use crate::ask::{Form, Peer};
use crate::panel::kit::answer::html;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_control::AnswerError;
use anvil_store::{Answerer, StoreError, link_hash};
use anvil_types::{PersonQuestion, QuestionId, QuestionState, UpstreamKind};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

/// The page.
#[derive(Template)]
#[template(path = "questions/link.html")]
pub(crate) struct LinkPage {
    pub(crate) simulated: bool,
    pub(crate) told: Told,
}

/// What is shown to whoever has a link.
pub(crate) enum Told {
    /// The question, to be answered.
    Question(QuestionCard),
    /// It is answered.
    Answered(QuestionCard),
    /// It takes no answer any more.
    Over(QuestionCard),
    /// The link is none.
    Refused,
    /// It was asked too often.
    TooOften,
}

/// A link as it stands in its address.
type Parts = Path<(String, String)>;

pub(super) async fn page(
    State(state): State<WebState>,
    caller: Peer,
    Path((id, token)): Parts,
) -> Result<Response, Problem> {
    match Link::read(&state, &caller, &id, &token).await? {
        Ok((link, question)) => tell(&state, link.told(&state, &question, None)),
        Err(told) => tell(&state, told),
    }
}

pub(super) async fn answer(
    State(state): State<WebState>,
    caller: Peer,
    Path((id, token)): Parts,
    form: Result<Form, Problem>,
) -> Result<Response, Problem> {
    let (link, question) = match Link::read(&state, &caller, &id, &token).await? {
        Ok(read) => read,
        Err(told) => return tell(&state, told),
    };
    // Only now: what is wrong with a link is told first, whatever was sent.
    let form = form?;
    let by = Answerer::Link(link.hash);
    let answered = match given(&form) {
        Ok(answer) => state.control.questions.answer(link.id, answer, by).await,
        Err(two) => Err(two),
    };
    match answered {
        Ok(answered) => with_status(StatusCode::OK, tell(&state, link.told(&state, &answered, None))),
        Err(AnswerError::Unfit(why)) => {
            let wrong = (wrong(AnswerError::Unfit(why)), form.text("answer").to_owned());
            let page = tell(&state, link.told(&state, &question, Some(wrong)));
            with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
        Err(AnswerError::Store(StoreError::QuestionAnswered { .. } | StoreError::QuestionOver { .. })) => {
            match link.question(&state).await? {
                Some(over) => with_status(StatusCode::CONFLICT, tell(&state, link.told(&state, &over, None))),
                None => tell(&state, Told::Refused),
            }
        }
        Err(AnswerError::Store(StoreError::LinkRefused)) => tell(&state, Told::Refused),
        Err(AnswerError::Store(error)) => Err(error.into()),
    }
}

/// What an address says.
struct Link {
    id: QuestionId,
    token: String,
    hash: [u8; 32],
}

impl Link {
    /// Reads it, with its question, unless it is asked too often; an id that is none is refused as any other link.
    async fn read(
        state: &WebState,
        peer: &Peer,
        id: &str,
        token: &str,
    ) -> Result<Result<(Self, PersonQuestion), Told>, Problem> {
        if !state.links.admits(peer.0) {
            return Ok(Err(Told::TooOften));
        }
        if let Ok(id) = id.parse() {
            let link = Self { id, token: token.to_owned(), hash: link_hash(token) };
            if let Some(question) = link.question(state).await? {
                let told = if state.links.was_true(id) { Ok((link, question)) } else { Err(Told::TooOften) };
                return Ok(told);
            }
        }
        state.links.was_wrong(peer.0);
        Ok(Err(Told::Refused))
    }

    async fn question(&self, state: &WebState) -> Result<Option<PersonQuestion>, Problem> {
        match state.control.questions.linked(self.id, self.hash).await {
            Ok(question) => Ok(Some(question)),
            Err(StoreError::LinkRefused) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn told(&self, state: &WebState, question: &PersonQuestion, wrong: Option<(String, String)>) -> Told {
        let action = format!("/answer/{}/{}", self.id, self.token);
        let card = QuestionCard::at(question, action, state.control.clock.now()).refused(wrong);
        match question.state {
            QuestionState::Open => Told::Question(card),
            QuestionState::Answered => Told::Answered(card),
            QuestionState::Expired | QuestionState::Withdrawn => Told::Over(card),
        }
    }
}

fn with_status(status: StatusCode, page: Result<Response, Problem>) -> Result<Response, Problem> {
    let mut page = page?;
    *page.status_mut() = status;
    Ok(page)
}

/// The page, which is kept by nobody and tells nobody where it was.
fn tell(state: &WebState, told: Told) -> Result<Response, Problem> {
    let status = match told {
        Told::Question(_) | Told::Answered(_) | Told::Over(_) => StatusCode::OK,
        Told::Refused => StatusCode::NOT_FOUND,
        Told::TooOften => StatusCode::TOO_MANY_REQUESTS,
    };
    let simulated = state.config.upstream == UpstreamKind::Simulated;
    let mut page = html(&LinkPage { simulated, told })?;
    *page.status_mut() = status;
    let headers = page.headers_mut();
    if status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(page)
}
