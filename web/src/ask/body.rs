//! What comes as a request's body, before anybody makes sense of it.

use crate::problem::Problem;
use axum::body::{Body, BodyDataStream};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use bytes::BytesMut;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_stream::StreamExt;

/// How much of a body that is too long is read and thrown away, in multiples of the limit: a client
/// that is cut off while it sends never sees the answer.
const DRAIN: usize = 8;

/// How long a body may take, and the bytes a second that make it longer: who has little to say says it at once.
const PATIENCE: Duration = Duration::from_secs(30);
const SLOWEST: u64 = 1_024;

fn too_slow() -> Problem {
    let detail = format!(
        "a body is there within {} seconds, and one more for each {SLOWEST} bytes; send it again",
        PATIENCE.as_secs()
    );
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body came too slowly", detail)
}

pub(crate) fn malformed(detail: impl Into<String>) -> Problem {
    Problem::bad_request("malformed-json", "The body is not the JSON that it should be", detail)
}

/// The media type that a request gives, without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("not readable"));
    given.and_then(|text| text.split(';').next()).map(|text| text.trim().to_ascii_lowercase())
}

/// Whether the body comes as it is.
pub(super) fn is_plain(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("not readable"));
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-encoding",
            "The body is encoded",
            format!("the request has the Content-Encoding `{encoding}`; send the body as it is"),
        ));
    }
    Ok(())
}

pub(super) fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    is_plain(headers)?;
    let given = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("not readable"));
    let media = media_type(headers);
    let charset = given.into_iter().flat_map(|text| text.split(';').skip(1)).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    // JSON is UTF-8 (RFC 8259, 8.1); ASCII is a part of it.
    let is_text = charset.is_none_or(|charset| {
        ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
    });
    let is_json = |media: &str| media == "application/json" || media.ends_with("+json");
    if is_text && media.as_deref().is_some_and(is_json) {
        return Ok(());
    }
    let given = given.map_or("no Content-Type".to_owned(), |given| format!("the Content-Type `{given}`"));
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong-content-type",
        "The body has the wrong type",
        format!("the request has {given}; send JSON with `Content-Type: application/json`"),
    ))
}

/// The whole body, which has at most `limit` bytes by the setting of this name.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    setting: &str,
) -> Result<BytesMut, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let size = announced.map_or(format!("over {limit}"), |length| length.to_string());
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            format!("the body has {size} bytes, the limit is {limit} ({setting} in the settings)"),
        )
    };
    // Who asks first whether it may send, has sent nothing yet; nobody is waited for who says more than is read of it.
    let asks = headers.contains_key(EXPECT);
    if announced.is_some_and(|length| length > limit.saturating_mul(if asks { 1 } else { DRAIN })) {
        return Err(too_large());
    }
    let mut chunks: BodyDataStream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut seen = 0_usize;
    let began = Instant::now();
    loop {
        let patience = PATIENCE + Duration::from_secs(seen as u64 / SLOWEST);
        let Ok(chunk) = timeout_at(began + patience, chunks.next()).await else { return Err(too_slow()) };
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| malformed(format!("the body broke off: {error}")))?;
        seen = seen.saturating_add(chunk.len());
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else if seen > limit.saturating_mul(DRAIN) {
            break;
        }
    }
    if seen <= limit { Ok(bytes) } else { Err(too_large()) }
}
