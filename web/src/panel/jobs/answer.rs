//! How a page is answered, and what its addresses and texts are made with.

use crate::problem::Problem;
use anvil_types::Timestamp;
use askama::Template;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use std::fmt::Write as _;

/// A page, rendered.
pub(super) fn html<T: Template>(page: &T) -> Result<Response, Problem> {
    match page.render() {
        Ok(text) => Ok(Html(text).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            Err(Problem::internal("the page could not be made; see the host's log"))
        }
    }
}

/// A part of a page that is fetched anew, with the host's time: a driven clock jumps.
pub(super) fn fragment<T: Template>(part: &T, now: Timestamp) -> Result<Response, Problem> {
    Ok(([("anvil-now", now.to_string())], html(part)?).into_response())
}

/// Where a form's answer sends the browser.
pub(super) fn see_other(place: &str) -> Response {
    // `Redirect::to` is 303: the next request is a GET.
    let mut response = Redirect::to(place).into_response();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}

/// A place within the panel: what an address says is no reason to send a browser elsewhere.
pub(super) fn local(place: &str) -> &str {
    // Browsers drop tabs and line ends from an address before they read it.
    let odd = |char: char| char == '\\' || char.is_control();
    let inside = place.starts_with('/') && !place.starts_with("//") && !place.contains(odd);
    if inside { place } else { "/" }
}

/// A text as a part of an address (RFC 3986): only unreserved characters stay.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A relative path as a part of an address: its slashes stay.
pub(super) fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// A length in bytes for reading.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        _ => format!("{:.1} MB", size as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_within_the_panel() {
        for bad in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb"] {
            assert_eq!(local(bad), "/", "{bad:?}");
        }
        assert_eq!(local("/jobs?state=failed"), "/jobs?state=failed");
    }

    #[test]
    fn names_are_encoded_for_addresses() {
        assert_eq!(encode("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!(encode_path("src/a b.rs"), "src/a%20b.rs");
    }
}
