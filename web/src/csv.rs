//! CSV (RFC 4180): lines end in CRLF, and no cell of untrusted text is a formula for the spreadsheet that
//! opens it.

use anvil_store::StoreError;
use anvil_types::Nanodollars;
use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures_util::{Stream, StreamExt};

/// A line of cells.
pub(crate) fn line<I: IntoIterator<Item = String>>(cells: I) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    cells.join(",") + "\r\n"
}

/// A cell of untrusted text: quoted where it must be, and led by an apostrophe where a spreadsheet would
/// take it for a formula.
pub(crate) fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// An amount in dollars, exact.
pub(crate) fn dollars(amount: Nanodollars) -> String {
    amount.to_string().replace('$', "")
}

/// Whether CSV is asked for: by `format=csv`, or by what the request accepts.
pub(crate) fn wanted(format: Option<&str>, headers: &HeaderMap) -> Result<bool, String> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(other) => Err(format!("`format={other}`: the formats are json and csv")),
        None => {
            let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
            let first = accept.split(',').next().and_then(|first| first.split(';').next());
            Ok(first.is_some_and(|media| media.trim().eq_ignore_ascii_case("text/csv")))
        }
    }
}

/// An answer that streams lines as they are made, as a file of this name.
pub(crate) fn download<S>(name: &'static str, lines: S) -> Response
where
    S: Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
{
    // What compresses a body asks again behind its end.
    respond(name, Body::from_stream(lines.fuse()))
}

/// An answer that is a whole file of this name.
pub(crate) fn file(name: &'static str, text: String) -> Response {
    respond(name, text.into())
}

fn respond(name: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_two_cells_nor_a_formula() {
        for (text, shown) in [
            ("plain", "plain"),
            ("", ""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2+3\",=1", "\"'-2+3\"\",=1\""),
            ("\tcmd", "\"'\tcmd\""),
        ] {
            assert_eq!(cell(text), shown, "{text:?}");
        }
    }

    #[test]
    fn csv_is_asked_for_by_name_or_by_media_type() {
        let accepting = |text: &'static str| HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(text))]);
        let none = HeaderMap::new();
        for (format, headers, csv) in [
            (None, &none, false),
            (Some("csv"), &none, true),
            (None, &accepting("text/csv"), true),
            (None, &accepting("application/json, text/csv"), false),
            (Some("json"), &accepting("text/csv; q=1"), false),
        ] {
            assert_eq!(wanted(format, headers), Ok(csv), "{format:?} {headers:?}");
        }
        assert!(wanted(Some("xls"), &none).is_err());
    }
}
