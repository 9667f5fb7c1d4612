//! Which path does what.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::json;

use crate::call::Call;
use crate::fault::of_status;
use crate::models;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::rng::{FNV_START, fnv};
use crate::state::Shared;
use crate::validate::Purpose;
use crate::wire::{Body, NO_CALL, Reply, check, error, json_reply, query, read, strictness};
use crate::{batch, control, messages};

/// Answers one request.
pub(crate) async fn route(shared: Arc<Shared>, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if let Some(what) = path.strip_prefix("/_sim/") {
        return Ok(control::control(&shared, &method, what, request).await);
    }
    if let Some(rest) = path.strip_prefix("/v1/messages/batches") {
        return batch::batches(&shared, rest, request).await;
    }
    match (method, path.as_str()) {
        (Method::POST, "/v1/messages") => post_messages(&shared, request).await,
        (Method::POST, "/v1/messages/count_tokens") => Ok(count_tokens(&shared, request).await),
        (Method::GET | Method::HEAD, "/v1/models") => Ok(list_models(&shared, &request)),
        (Method::GET | Method::HEAD, p) if p.starts_with("/v1/models/") => Ok(one_model(&shared, &request)),
        (Method::GET | Method::HEAD, "/" | "/api/hello") => Ok(json_reply(200, &json!({"message": "hello"}))),
        (_, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models") => {
            Ok(error(&Refusal::new(405, "invalid_request_error", "Method Not Allowed"), NO_CALL, Vec::new()))
        }
        _ => Ok(error(&of_status(404), NO_CALL, Vec::new())),
    }
}

async fn post_messages(shared: &Arc<Shared>, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let checked = check(shared, &parts.headers);
    let body = read(body).await;
    let hash = body.as_ref().map_or(FNV_START, |bytes| fnv(FNV_START, bytes));
    let call = Call::open(shared, headers_of_interest(&parts.headers), hash);
    let strict = strictness(Purpose::Message, &parts.headers, parts.uri.query());
    let question = checked.and(body).and_then(|bytes| Question::parse(&bytes, strict));
    messages::answer(call, question).await
}

async fn count_tokens(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let checked = check(shared, &parts.headers);
    let strict = strictness(Purpose::Count, &parts.headers, parts.uri.query());
    let body = read(body).await;
    match checked.and(body).and_then(|bytes| Question::parse(&bytes, strict)) {
        Ok(question) => json_reply(200, &json!({"input_tokens": question.input_tokens()})),
        Err(refusal) => error(&refusal, NO_CALL, Vec::new()),
    }
}

fn list_models(shared: &Arc<Shared>, request: &Request<Incoming>) -> Response<Body> {
    if let Err(refusal) = check(shared, request.headers()) {
        return error(&refusal, NO_CALL, Vec::new());
    }
    let limit = query(request.uri().query(), "limit").and_then(|v| v.parse().ok()).unwrap_or(20_usize);
    let after = query(request.uri().query(), "after_id");
    let begin = after.and_then(|id| models::MODELS.iter().position(|m| m.id == id)).map_or(0, |at| at + 1);
    let rest = &models::MODELS[begin..];
    let page = &rest[..limit.clamp(1, 1_000).min(rest.len())];
    json_reply(
        200,
        &json!({
            "data": page.iter().map(models::Model::to_api).collect::<Vec<_>>(),
            "has_more": page.len() < rest.len(),
            "first_id": page.first().map(|m| m.id),
            "last_id": page.last().map(|m| m.id),
        }),
    )
}

fn one_model(shared: &Arc<Shared>, request: &Request<Incoming>) -> Response<Body> {
    let id = request.uri().path().trim_start_matches("/v1/models/");
    match check(shared, request.headers()) {
        Err(refusal) => error(&refusal, NO_CALL, Vec::new()),
        Ok(()) => match models::find(id) {
            Some(model) => json_reply(200, &model.to_api()),
            None => error(&Refusal::new(404, "not_found_error", format!("model: {id}")), NO_CALL, Vec::new()),
        },
    }
}

fn headers_of_interest(headers: &HeaderMap) -> BTreeMap<String, String> {
    let wanted = |name: &str| {
        name == "user-agent"
            || ["x-anvil-", "anthropic-", "x-claude-code-"].iter().any(|p| name.starts_with(p))
    };
    headers
        .iter()
        .filter(|(name, _)| wanted(name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}
