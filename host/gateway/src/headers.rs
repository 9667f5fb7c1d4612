//! What an answer's headers tell of the upstream's own limits.
//!
//! Source: `anthropic-ratelimit-{requests,input-tokens,output-tokens}-{limit,remaining,reset}` on every
//! answer, and `retry-after` on a 429. Remaining tokens are rounded to thousands.

use anvil_types::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;
use std::time::Duration;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// Requests a minute.
    Requests,
    /// Input tokens a minute, cache reads not counted.
    InputTokens,
    /// Output tokens a minute.
    OutputTokens,
}

impl Bucket {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Requests, Self::InputTokens, Self::OutputTokens];

    fn header(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "input-tokens",
            Self::OutputTokens => "output-tokens",
        }
    }
}

/// One bucket as the upstream tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToldBucket {
    pub limit: u64,
    pub remaining: u64,
    /// When it would be full, if nobody took from it.
    pub reset: Option<Timestamp>,
}

/// What one answer told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// In the order of [`Bucket::ALL`].
    pub buckets: [Option<ToldBucket>; 3],
    pub retry_after: Option<Duration>,
}

impl Told {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let seconds = |name: &str| text(name)?.parse::<f64>().ok();
        let after = seconds("retry-after-ms").map(|ms| ms / 1_000.0).or_else(|| seconds("retry-after"));
        let after = after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // As a date it is measured by the answer's own, so that a clock that is off here does no harm.
        let date = |name: &str| DateTimeParser::new().parse_timestamp(text(name)?).ok();
        let from_now = |until: jiff::Timestamp| {
            let now = date("date").unwrap_or_else(jiff::Timestamp::now);
            Duration::try_from(until.duration_since(now)).ok().filter(|wait| !wait.is_zero())
        };
        let bucket = |bucket: Bucket| {
            let field = |what: &str| text(&format!("anthropic-ratelimit-{}-{what}", bucket.header()));
            Some(ToldBucket {
                limit: field("limit")?.parse().ok().filter(|limit| *limit > 0)?,
                remaining: field("remaining")?.parse().ok()?,
                reset: field("reset").and_then(|text| text.parse().ok()).map(time),
            })
        };
        Self {
            buckets: Bucket::ALL.map(bucket),
            retry_after: after.or_else(|| from_now(date("retry-after")?)),
        }
    }
}

fn time(time: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn told(headers: &[(&str, &str)]) -> Told {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"))
        });
        Told::of(&pairs.collect())
    }

    #[test]
    fn limits_and_retry_after_are_read_and_nonsense_is_not() {
        let read = told(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "1970-01-01T00:00:01.2Z"),
            ("anthropic-ratelimit-input-tokens-limit", "0"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-limit", "many"),
            ("retry-after", "7"),
        ]);
        let reset = Some(Timestamp::from_micros(1_200_000));
        assert_eq!(read.buckets, [Some(ToldBucket { limit: 50, remaining: 49, reset }), None, None]);
        assert_eq!(read.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(told(&[("retry-after", "-1")]), Told::default());
        assert_eq!(
            told(&[("retry-after-ms", "1500"), ("retry-after", "9")]).retry_after,
            Some(Duration::from_millis(1_500))
        );
    }
    #[test]
    fn retry_after_may_be_a_date() {
        let wait = |after: &str| {
            told(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", after)]).retry_after
        };
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), None);
        assert_eq!(wait("soon"), None);
        // Without the answer's own date, by the clock here.
        assert_eq!(told(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]).retry_after, None);
        let later = told(&[("retry-after", "Thu, 31 Dec 2099 23:59:59 GMT")]).retry_after;
        assert!(later.is_some_and(|wait| wait > Duration::from_hours(1)));
    }
}
