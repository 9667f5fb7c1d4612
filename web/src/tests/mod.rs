//! The faces from outside, over a real host, by noun: who may ask, what they are told, and what it does.

mod access;
mod agent_state;
mod agents;
mod alerts;
mod ask;
pub(crate) mod described;
mod host;
mod jobs;
mod money;
mod plugins;
mod questions;
mod schedules;
mod served;
mod versions;

use axum::body::Body;
use axum::http::Request;

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

fn empty(request: axum::http::request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("a request")
}
