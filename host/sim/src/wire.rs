//! Requests and answers as they stand on the wire.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Response};
use serde_json::Value;

use crate::fault::of_status;
use crate::refusal::Refusal;
use crate::state::Shared;
use crate::validate::{Fields, Purpose, Sampling, Strictness};

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

/// The request id of what is no call.
pub(crate) const NO_CALL: &str = "req_sim00000000000000000";

/// Checks the key, where one is set, and the API's version.
pub(crate) fn check(shared: &Shared, headers: &HeaderMap) -> Result<(), Refusal> {
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

/// How a body is judged that came with these headers.
pub(crate) fn strictness(purpose: Purpose, headers: &HeaderMap, query_text: Option<&str>) -> Strictness {
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
