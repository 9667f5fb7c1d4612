//! What an answer's headers tell of the upstream's own limits.
//!
//! Source: `anthropic-ratelimit-{requests,input-tokens,output-tokens}-{limit,remaining,reset}` on every
//! answer, and `retry-after` on a 429. Remaining tokens are rounded to thousands.

pub(crate) use anvil_pace::Told;
use anvil_pace::ToldBucket;
use anvil_types::{Bucket, Timestamp};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;
use std::time::Duration;

/// How the upstream's headers call what is limited.
fn header(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Requests => "requests",
        Bucket::InputTokens => "input-tokens",
        Bucket::OutputTokens => "output-tokens",
    }
}

/// No wait that is told is believed for longer: then it is looked at again.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// The highest limit a minute that is believed.
const MOST_A_MINUTE: u64 = 1_000_000_000_000;

/// What the headers of one answer tell.
pub(crate) fn told(headers: &HeaderMap) -> Told {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |name: &str| text(name)?.parse::<f64>().ok().filter(|seconds| !seconds.is_nan());
    let after = seconds("retry-after-ms").map(|ms| ms / 1_000.0).or_else(|| seconds("retry-after"));
    let longest = LONGEST_WAIT.as_secs_f64();
    let after = after.and_then(|seconds| Duration::try_from_secs_f64(seconds.min(longest)).ok());
    // As a date it is measured by the answer's own, so that a clock that is off here does no harm.
    let date = |name: &str| date(headers, name);
    let from_now = |until: jiff::Timestamp| {
        let now = date("date").unwrap_or_else(jiff::Timestamp::now);
        Duration::try_from(until.duration_since(now)).ok().filter(|wait| !wait.is_zero())
    };
    let bucket = |bucket: Bucket| {
        let field = |what: &str| text(&format!("anthropic-ratelimit-{}-{what}", header(bucket)));
        Some(ToldBucket {
            limit: count(field("limit")?).filter(|limit| *limit > 0)?,
            remaining: count(field("remaining")?)?,
            reset: field("reset").and_then(|text| text.parse().ok()).map(time),
        })
    };
    Told {
        buckets: Bucket::ALL.map(bucket),
        retry_after: after.or_else(|| from_now(date("retry-after")?)).map(|wait| wait.min(LONGEST_WAIT)),
    }
}

/// What time it was there when this was said, by its own word; none where it says none, or none that can be read: then there is
/// no clock but ours to go by.
pub(crate) fn said_at(headers: &HeaderMap) -> Option<Timestamp> {
    date(headers, "date").map(time)
}

fn date(headers: &HeaderMap, name: &str) -> Option<jiff::Timestamp> {
    DateTimeParser::new().parse_timestamp(headers.get(name)?.to_str().ok()?.trim()).ok()
}

fn count(said: &str) -> Option<u64> {
    Some(said.parse::<u64>().ok()?.min(MOST_A_MINUTE))
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
        super::told(&pairs.collect())
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
        assert_eq!(later, Some(LONGEST_WAIT));
    }

    #[test]
    fn no_number_of_a_header_is_believed_without_a_bound() {
        for long in ["86400", "1795000000", "1e300", "99999999999999999999999", "inf"] {
            assert_eq!(told(&[("retry-after", long)]).retry_after, Some(LONGEST_WAIT), "{long}");
        }
        for none in ["nan", "-1e300", "-inf", ""] {
            assert_eq!(told(&[("retry-after", none)]).retry_after, None, "{none}");
        }
        let limit = |limit: &str| {
            told(&[
                ("anthropic-ratelimit-requests-limit", limit),
                ("anthropic-ratelimit-requests-remaining", limit),
            ])
            .buckets[0]
                .map(|bucket| (bucket.limit, bucket.remaining))
        };
        assert_eq!(limit("18446744073709551615"), Some((MOST_A_MINUTE, MOST_A_MINUTE)));
        assert_eq!(limit("18446744073709551616"), None);
    }
}
