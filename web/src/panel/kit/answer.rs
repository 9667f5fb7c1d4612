//! How a page, a part of one, and a form are answered.

use crate::problem::Problem;
use anvil_api::NOW;
use anvil_types::{Timestamp, upright};
use askama::Template;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};

/// The text of a page. What it shows of strangers reads as it is: nothing turns the direction of a text.
pub(crate) fn rendered<T: Template>(page: &T) -> askama::Result<String> {
    Ok(upright(&page.render()?).into_owned())
}

/// A page.
pub(crate) fn html<T: Template>(page: &T) -> Result<Response, Problem> {
    match rendered(page) {
        Ok(text) => Ok(Html(text).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            Err(Problem::internal("the page could not be made; see the host's log"))
        }
    }
}

/// A part of a page that is fetched anew, with the host's time: a driven clock jumps.
pub(crate) fn fragment<T: Template>(part: &T, now: Timestamp) -> Result<Response, Problem> {
    Ok(([(NOW, now.to_string())], html(part)?).into_response())
}

/// Where a form's answer sends the browser.
pub(crate) fn see_other(place: &str) -> Response {
    // `Redirect::to` is 303: the next request is a GET.
    let mut response = Redirect::to(place).into_response();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}
