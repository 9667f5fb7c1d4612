//! The router with all its layers, and the server that runs it.

use crate::guard::Gate;
use crate::problem::Problem;
use crate::routes::{Entry, Face, Routes};
use crate::state::WebState;
use crate::{Permission, api, assets, connections, guard, openapi, panel};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// Every route of both faces.
pub(crate) fn routes(state: &WebState) -> Routes {
    let routes = Routes::new(state.clone());
    assets::routes(panel::routes(api::routes(routes)))
}

/// Both faces, ready to be served.
pub fn router(state: WebState) -> Router {
    let (router, table) = routes(&state).finish();
    let limit = state.config.max_body_bytes;
    let description = openapi::describe(&table);
    let gate = Gate { state: state.clone(), scope: Permission::Read, query: [].into() };
    let described =
        get(async move || Json(description.clone())).route_layer(from_fn_with_state(gate, guard::admit));
    router
        .route("/api/openapi.json", described)
        .fallback(unknown_route)
        .method_not_allowed_fallback(async move |request: Request| wrong_method(&request, &table))
        .layer(DefaultBodyLimit::max(limit))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(state.clone(), guard::known_host))
        .layer(from_fn_with_state(state.clone(), guard::dress))
        // Event streams are left as they are: a compressor would hold them back.
        .layer(CompressionLayer::new())
        .with_state(state)
}

/// Serves until `state`'s shutdown turns true and the open requests are answered; `connections` at once, at most.
pub async fn serve(listener: TcpListener, state: WebState, connections: usize) {
    let shutdown = state.shutdown.clone();
    connections::answer(listener, router(state), connections, shutdown).await;
}

async fn unknown_route(request: Request) -> Response {
    let path = request.uri().path();
    let detail = match Face::of(path) {
        Face::Api => format!("there is nothing at {path}; the API is described at /api/openapi.json"),
        Face::Panel => format!("there is no page at {path}"),
    };
    Problem::not_found("no-such-route", "There is nothing here", detail).into_response()
}

fn wrong_method(request: &Request, table: &[Entry]) -> Response {
    let path = request.uri().path();
    let mut methods: Vec<&str> =
        table.iter().filter(|entry| matches(entry.path, path)).map(|entry| entry.method.as_str()).collect();
    if methods.contains(&Method::GET.as_str()) {
        methods.push("HEAD");
    }
    let allow = methods.join(", ");
    let detail = format!("{path} does not take {}; it takes {allow}", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "The method does not fit", detail)
        .with_allow(allow)
        .into_response()
}

/// Whether a path of the table, with its `{name}` and `{*rest}` parts, fits a path that was asked for.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        if wanted.starts_with("{*") {
            return parts.next().is_some();
        }
        let Some(part) = parts.next() else { return false };
        if !wanted.starts_with('{') && wanted != part {
            return false;
        }
    }
    parts.next().is_none()
}
