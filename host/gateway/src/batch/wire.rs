//! What the batches' endpoints answer.
//!
//! Source: `POST /v1/messages/batches` and what stands below it, `anthropic-version: 2023-06-01`. Of a batch no more is
//! read than its id, whether it has ended, and its times: its counts need not be right before it has.

use anvil_types::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// A batch as the upstream tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ToldBatch {
    pub id: String,
    #[serde(default)]
    processing_status: String,
    #[serde(default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    expires_at: Option<Timestamp>,
}

// A time that cannot be read is no reason not to know a batch by its id: what follows from it goes by our clock.
fn time<'de, D: Deserializer<'de>>(told: D) -> Result<Option<Timestamp>, D::Error> {
    let told = Option::<serde_json::Value>::deserialize(told)?;
    Ok(told.as_ref().and_then(serde_json::Value::as_str).and_then(|told| told.parse().ok()))
}

/// The latest that one is told to expire, from when it was made: twice what the API has.
const LATEST: Duration = Duration::from_hours(48);

impl ToldBatch {
    /// Whether its results can be read.
    pub(crate) fn has_ended(&self) -> bool {
        self.processing_status == "ended"
    }

    /// When what is left of it comes back undone, by its own word, of one that was made here then.
    pub(crate) fn expires(&self, made_at: Timestamp) -> Option<Timestamp> {
        self.expires_at.map(|at| at.clamp(made_at, made_at + LATEST))
    }

    /// Whether its id can be part of an address as it is.
    pub(crate) fn is_named(&self) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (1..=128).contains(&self.id.len()) && self.id.bytes().all(fits)
    }
}

/// A page of the list of batches, the newest first.
#[derive(Debug, Deserialize)]
pub(crate) struct ToldBatches {
    pub data: Vec<ToldBatch>,
    #[serde(default)]
    pub has_more: bool,
}

/// A line as it is read: what is no UTF-8 in it is replaced, as it is in any other answer, and a mark of the order of its
/// bytes is passed over.
pub(crate) fn line_text(line: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line))
}

/// A line of the results.
#[derive(Debug, Deserialize)]
pub(crate) struct ToldLine<'a> {
    pub custom_id: String,
    #[serde(borrow)]
    pub result: ToldResult<'a>,
}

/// What became of a call.
#[derive(Debug, Deserialize)]
pub(crate) struct ToldResult<'a> {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(borrow, default)]
    pub message: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub error: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_whatever_else_is_told_of_it() {
        let text = r#"{"id":"msgbatch_01","type":"message_batch","processing_status":"ended","request_counts":{"x":-1},
            "created_at":"2026-11-30T10:00:00Z","expires_at":"2026-12-01T10:00:00.5+00:00","results_url":null}"#;
        let batch: ToldBatch = serde_json::from_str(text).expect("a batch");
        assert!(batch.has_ended() && batch.is_named());
        let made = batch.created_at.expect("a time");
        assert_eq!(batch.expires(made), batch.expires_at);
        for (wild, told) in [
            (r#""3999-12-31T23:59:59Z""#, Some(made + LATEST)),
            (r#""1999-12-31T23:59:59Z""#, Some(made)),
            (r#""9999-12-31T23:59:59Z""#, None),
            ("7", None),
            ("null", None),
        ] {
            let wild = format!(r#"{{"id":"a","expires_at":{wild}}}"#);
            let wild: ToldBatch = serde_json::from_str(&wild).expect("a batch");
            assert_eq!(wild.expires(made), told);
        }
        let odd =
            |id: &str| serde_json::from_str::<ToldBatch>(&format!(r#"{{"id":{id:?}}}"#)).expect("a batch");
        assert!(!odd("a").has_ended());
        for id in ["", "a/b", "..", "a?b", "ä"] {
            assert!(!odd(id).is_named(), "{id}");
        }
    }

    #[test]
    fn a_line_of_the_results_is_read_by_its_parts() {
        let text = r#"{"custom_id":"a","result":{"type":"succeeded","message":{"id":"m", "content": []}}}"#;
        let line: ToldLine<'_> = serde_json::from_str(text).expect("a line");
        assert_eq!((line.custom_id.as_str(), line.result.kind.as_str()), ("a", "succeeded"));
        assert_eq!(line.result.message.map(RawValue::get), Some(r#"{"id":"m", "content": []}"#));
        assert!(serde_json::from_str::<ToldLine<'_>>(&text[..40]).is_err());
        let odd = b"\xef\xbb\xbf{\"custom_id\":\"a\xff\",\"result\":{\"type\":\"expired\"}}";
        let odd = line_text(odd);
        let line: ToldLine<'_> = serde_json::from_str(&odd).expect("a line");
        assert_eq!(line.custom_id, "a\u{fffd}");
    }
}
