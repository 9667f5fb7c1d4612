//! Questions to people: lists, one, and its answer.

use crate::ask::{Filter, Id, Known, Object, PAGE, QUESTION_FILTERS, Who};
use crate::permission::Permission::{Read, Submit};
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::WebState;
use anvil_api::{AnswerRequest, List};
use anvil_control::GivenAnswer;
use anvil_store::{Answerer, QuestionFilter};
use anvil_types::{Json as AnyJson, PersonQuestion, QuestionId};
use axum::Json;
use axum::extract::State;
use axum::http::Method;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route(Read, Method::GET, "/api/v1/questions", "Questions to people, the newest first", list)
        .query(&QUESTION_FILTERS)
        .query(&PAGE)
        .gives::<List<PersonQuestion, QuestionId>>()
        .route(Read, Method::GET, "/api/v1/questions/{id}", "One question", show)
        .gives::<PersonQuestion>()
        .route(Submit, Method::POST, "/api/v1/questions/{id}/answer", "Answer a question, once", answer)
        .takes::<AnswerRequest>()
        .gives::<PersonQuestion>()
}

async fn list(
    State(state): State<WebState>,
    Filter(filter): Filter<QuestionFilter>,
) -> Result<Json<List<PersonQuestion, QuestionId>>, Problem> {
    let page = state.control.questions.page(filter).await?;
    Ok(Json(List { items: page.items, next: page.next }))
}

async fn show(Known(question): Known<PersonQuestion>) -> Json<PersonQuestion> {
    Json(question)
}

async fn answer(
    State(state): State<WebState>,
    Who(by): Who,
    Id(id): Id<QuestionId>,
    mut body: Object,
) -> Result<Json<PersonQuestion>, Problem> {
    // An answer of null is an answer; one that is absent is none.
    let answer = if body.is_null("answer") { Some(AnyJson::null()) } else { body.json("answer") };
    body.finish()?;
    let answer = answer.ok_or_else(|| {
        Problem::invalid("invalid-body", "There is no answer", "`answer` has to be there: any JSON that fits")
    })?;
    let by = Answerer::Person(by.to_owned());
    Ok(Json(state.control.questions.answer(id, GivenAnswer::Value(answer), by).await?))
}
