//! What went wrong, as a page. It asks nothing of the host, which may be what failed.

use crate::panel::kit::address::encode;
use crate::panel::kit::answer::rendered;
use crate::panel::login::page::OnwardPage;
use crate::problem::Problem;
use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};

/// The page.
#[derive(Template)]
#[template(path = "kit/error.html")]
pub(crate) struct ErrorPage {
    pub(crate) status: u16,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) errors: Vec<String>,
}

/// What of a request its error page needs.
pub(crate) struct Asked {
    path: String,
    get: bool,
    fragment: bool,
    foreign: bool,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let has = |headers: &HeaderMap, name: &str, wanted: &str| {
            headers.get(name).is_some_and(|value| value == wanted)
        };
        Self {
            path: request.uri().path_and_query().map_or("/".to_owned(), ToString::to_string),
            get: request.method() == Method::GET,
            fragment: request.headers().contains_key("hx-request"),
            foreign: has(request.headers(), "sec-fetch-site", "cross-site"),
        }
    }
}

/// The problem as a page; who has no session goes to the login form.
pub(crate) fn problem(problem: &Problem, asked: &Asked) -> Response {
    let status = problem.status();
    if status == StatusCode::UNAUTHORIZED {
        let login = format!("/login?next={}", encode(&asked.path));
        if asked.fragment {
            return (status, [("hx-redirect", "/login")]).into_response();
        }
        // The session may be there: a browser keeps it back on the first step from another site.
        if asked.get && asked.foreign {
            return page(&OnwardPage { next: asked.path.clone() }).into_response();
        }
        if asked.get {
            return Redirect::to(&login).into_response();
        }
    }
    let errors = problem.errors().iter().map(|error| format!("{}: {}", error.pointer, error.message));
    let shown = ErrorPage {
        status: status.as_u16(),
        title: problem.title().to_owned(),
        detail: problem.detail().to_owned(),
        errors: errors.collect(),
    };
    (status, page(&shown)).into_response()
}

fn page<T: Template>(page: &T) -> Html<String> {
    Html(rendered(page).unwrap_or_else(|_| "The page could not be made.".to_owned()))
}
