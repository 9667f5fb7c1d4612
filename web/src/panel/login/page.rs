//! Logging in and out.

use crate::ask::{Form, Query};
use crate::auth::Transport;
use crate::panel::kit::address::local;
use crate::panel::kit::answer::{html, see_other};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::UpstreamKind;
use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// The page.
#[derive(Template)]
#[template(path = "login/page.html")]
pub(crate) struct LoginPage {
    pub(crate) simulated: bool,
    pub(crate) next: String,
    pub(crate) wrong: bool,
}

/// A page that goes on by itself. A browser that comes from another site does not send the new cookie
/// along with a redirect (`SameSite=Strict`), but does from a page of this one.
#[derive(Template)]
#[template(path = "login/onward.html")]
pub(crate) struct OnwardPage {
    pub(crate) next: String,
}

/// The form; with the token in the address, as `anvil serve` prints it, straight in.
pub(super) async fn page(
    State(state): State<WebState>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let next = local(query.text("next").unwrap_or("/")).to_owned();
    match query.text("token") {
        Some(token) if state.keys.is_token(token) => {
            let foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
            let onward = if foreign { html(&OnwardPage { next })? } else { see_other(&next) };
            let transport = Transport::of(&headers, state.config.public_url.as_deref());
            Ok(([(SET_COOKIE, state.keys.open_session(transport))], onward).into_response())
        }
        token => form(&state, next, token.is_some()),
    }
}

pub(super) async fn login(
    State(state): State<WebState>,
    headers: HeaderMap,
    given: Form,
) -> Result<Response, Problem> {
    let next = local(given.text("next")).to_owned();
    if state.keys.is_token(given.text("token")) {
        let transport = Transport::of(&headers, state.config.public_url.as_deref());
        Ok(([(SET_COOKIE, state.keys.open_session(transport))], see_other(&next)).into_response())
    } else {
        form(&state, next, true)
    }
}

pub(super) async fn logout(State(state): State<WebState>, headers: HeaderMap) -> Response {
    let transport = Transport::of(&headers, state.config.public_url.as_deref());
    ([(SET_COOKIE, state.keys.end_session(transport))], see_other("/login")).into_response()
}

fn form(state: &WebState, next: String, wrong: bool) -> Result<Response, Problem> {
    let simulated = state.config.upstream == UpstreamKind::Simulated;
    let page = html(&LoginPage { simulated, next, wrong })?;
    let status = if wrong { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    Ok((status, page).into_response())
}
