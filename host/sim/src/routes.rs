//! Which path does what.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::of_status;
use crate::models;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::rng::{FNV_START, fnv};
use crate::state::Shared;
use crate::validate::{Fields, Purpose, Sampling, Strictness};
use crate::{control, messages};

/// A body that may break off.
pub(crate) type Body = UnsyncBoxBody<Bytes, Broken>;
/// An answer, or a connection that ends without one.
pub(crate) type Reply = Result<Response<Body>, Broken>;

/// The connection is broken off on purpose.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the simulator breaks this connection on purpose")]
pub(crate) struct Broken;

/// The most that a request's body may have, as the API has it.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Answers one request.
pub(crate) async fn route(shared: Arc<Shared>, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if let Some(what) = path.strip_prefix("/_sim/") {
        return Ok(control::control(&shared, &method, what, request).await);
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

/// The request id of what is no call.
const NO_CALL: &str = "req_sim00000000000000000";

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

/// The key, where one is set, and the API's version.
fn check(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(key) = &shared.config.api_key {
        let bearer = text("authorization").and_then(|v| v.strip_prefix("Bearer "));
        if text("x-api-key").or(bearer) != Some(key) {
            return Err(of_status(401));
        }
    }
    match text("anthropic-version") {
        None => Err(Refusal::invalid("anthropic-version: header is required")),
        Some("2023-06-01" | "2026-10-21") => Ok(()),
        Some(other) => {
            Err(Refusal::invalid(format!("anthropic-version: \"{other}\" is not a valid version")))
        }
    }
}

fn strictness(purpose: Purpose, headers: &HeaderMap, query_text: Option<&str>) -> Strictness {
    let beta = headers.contains_key("anthropic-beta") || query(query_text, "beta").is_some();
    let new = headers.get("anthropic-version").is_some_and(|v| v.as_bytes() == b"2026-10-21");
    let betas = headers.get_all("anthropic-beta").iter().filter_map(|value| value.to_str().ok());
    let task_budgets =
        betas.flat_map(|value| value.split(',')).any(|beta| beta.trim() == "task-budgets-2026-03-13");
    Strictness {
        task_budgets,
        purpose,
        fields: if beta { Fields::Any } else { Fields::Known },
        sampling: if new { Sampling::Refused } else { Sampling::Allowed },
    }
}

/// The body, up to 32 MB.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(e) if e.downcast_ref::<LengthLimitError>().is_some() => Err(of_status(413)),
        Err(_) => Err(Refusal::invalid("The request body could not be read")),
    }
}

/// A parameter of a query; none of those used here needs decoding.
pub(crate) fn query<'a>(text: Option<&'a str>, name: &str) -> Option<&'a str> {
    text?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
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

/// A JSON answer.
pub(crate) fn json_reply(status: u16, value: &Value) -> Response<Body> {
    let mut response =
        Response::new(Full::new(Bytes::from(value.to_string())).map_err(|e| match e {}).boxed_unsync());
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    response
}

/// An error answer.
pub(crate) fn error(refusal: &Refusal, request_id: &str, headers: Vec<(String, String)>) -> Response<Body> {
    let mut response = json_reply(refusal.status, &refusal.body(request_id));
    let retry = refusal.retry_after.map(|s| ("retry-after".to_owned(), s.to_string()));
    let all = headers.into_iter().chain(retry).chain([("request-id".to_owned(), request_id.to_owned())]);
    for (name, value) in all {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
