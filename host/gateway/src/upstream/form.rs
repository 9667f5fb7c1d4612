//! In what form a body comes.

use crate::upstream::words::{MOST_WORD_BYTES, clean};
use reqwest::header::HeaderMap;

/// The most of a body that is nothing but blank, and of an error's body, that is read.
pub(crate) const MOST_ERROR_BYTES: usize = 64 * 1024;

/// What a body under 200 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Events,
    Json,
    Other,
}

/// The media type without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("content-type")?.to_str().ok()?;
    let media = said.split(';').next().unwrap_or_default().to_ascii_lowercase();
    Some(clean(&media, MOST_WORD_BYTES)).filter(|media| !media.is_empty())
}

/// The encoding that makes a body unreadable, where it has one.
pub(crate) fn encoding(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("content-encoding")?.to_str().ok()?;
    Some(clean(&said.to_ascii_lowercase(), MOST_WORD_BYTES))
        .filter(|said| !said.is_empty() && said != "identity")
}

/// What a body is, by its media type and its first bytes; none while too little of it is there.
pub(crate) fn form(media: Option<&str>, start: &[u8], ended: bool) -> Option<Form> {
    const FIELDS: [&[u8]; 5] = [b"event:", b"data:", b"retry:", b"id:", b":"];
    let says_events = media.is_none_or(|media| media == "text/event-stream");
    let by_media = if says_events { Form::Events } else { Form::Other };
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first() {
        None if ended || start.len() > MOST_ERROR_BYTES => Some(by_media),
        None => None,
        Some(b'{' | b'[') => Some(Form::Json),
        Some(b'<') => Some(Form::Other),
        Some(_) if says_events => Some(Form::Events),
        Some(_) if FIELDS.iter().any(|field| text.starts_with(field)) => Some(Form::Events),
        Some(_) if text.len() < 6 && !ended => None,
        Some(_) => Some(Form::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_known_by_its_media_type_and_its_first_bytes() {
        let events = Some("text/event-stream");
        for (media, start, is) in [
            (events, "event: message_start", Some(Form::Events)),
            (events, "\u{feff}\n\n: hello", Some(Form::Events)),
            (events, "x", Some(Form::Events)),
            (events, " {\"type\"", Some(Form::Json)),
            (events, "<!DOCTYPE html>", Some(Form::Other)),
            (events, "\n \n", None),
            (None, "data: {}", Some(Form::Events)),
            (Some("text/plain"), "data", None),
            (Some("text/plain"), "data: {}", Some(Form::Events)),
            (Some("text/plain"), "denied", Some(Form::Other)),
            (Some("application/json"), "[]", Some(Form::Json)),
            (Some("text/html"), "", None),
        ] {
            assert_eq!(form(media, start.as_bytes(), false), is, "{media:?} {start:?}");
        }
        assert_eq!(form(events, b"", true), Some(Form::Events));
        assert_eq!(form(Some("text/html"), b"", true), Some(Form::Other));
        assert_eq!(form(Some("text/plain"), b"da", true), Some(Form::Other));
        assert_eq!(form(events, &vec![b'\n'; MOST_ERROR_BYTES + 1], false), Some(Form::Events));
    }
}
