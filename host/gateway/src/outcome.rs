//! What an answer, or the lack of one, means for money and for trying again: the design's table.

use anvil_types::{CallError, CallErrorKind, Usage};
use serde_json::Value;
use std::time::Duration;

/// What is certain about the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    /// Nothing can have been billed.
    Released,
    /// It may have been billed. What was reported of the input counts, where it was; the rest counts
    /// at the most it can be.
    Unknown(Option<Usage>),
}

/// Whether asking again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    No,
    BackOff,
    After(Duration),
}

/// How a try without a whole answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub money: Money,
    pub error: CallError,
    pub again: Again,
    /// Upstream's own spend cap is reached: nothing will be answered until a person or a month mends it.
    pub spend_cap: bool,
    /// Whether it says that the upstream is down: the circuit counts these.
    pub down: bool,
}

impl Failed {
    /// No connection was made.
    pub(crate) fn not_connected(message: &str) -> Self {
        Self {
            money: Money::Released,
            error: error(CallErrorKind::Upstream, format!("Claude cannot be reached: {message}"), false),
            again: Again::BackOff,
            spend_cap: false,
            down: true,
        }
    }

    /// The request went out and no answer began, or one began and broke off.
    pub(crate) fn cut(message: &str, reported: Option<Usage>) -> Self {
        Self {
            money: Money::Unknown(reported),
            error: error(CallErrorKind::UnknownOutcome, message.to_owned(), true),
            again: Again::No,
            spend_cap: false,
            down: false,
        }
    }

    /// The same, where not even an answer began.
    pub(crate) fn down(self) -> Self {
        Self { down: true, ..self }
    }

    /// A status other than 200.
    pub(crate) fn status(status: u16, retry_after: Option<Duration>, body: &str) -> Self {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let detail = body.get("error").cloned().unwrap_or_default();
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let code = detail.pointer("/details/error_code").and_then(Value::as_str).unwrap_or("");
        let message = format!("Claude answered {status} {}: {}", text("type"), text("message"));
        let spend_cap = code == "enforced_spend_limit_reached"
            || (status == 400
                && text("message").starts_with("You have reached your specified API usage limits"));
        let (kind, again) = match status {
            _ if spend_cap => (CallErrorKind::OverBudget, Again::No),
            400 | 404 | 413 | 422 => (CallErrorKind::InvalidRequest, Again::No),
            429 => (CallErrorKind::RateLimited, retry_after.map_or(Again::BackOff, Again::After)),
            529 | 503 => (CallErrorKind::Overloaded, retry_after.map_or(Again::BackOff, Again::After)),
            500.. => (CallErrorKind::Upstream, Again::BackOff),
            _ => (CallErrorKind::Upstream, Again::No),
        };
        // A proxy's 502 and 504 say nothing of what stood behind it; what nobody documents (a 202, a
        // redirect, a 408 after the request was passed on) is taken for as bad.
        let money = match status {
            400..=404 | 413 | 422 | 429 | 500 | 503 | 529 => Money::Released,
            _ => Money::Unknown(None),
        };
        let mut error = error(kind, message, true);
        error.retry_after_ms = retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        Self { money, error, again, spend_cap, down: status >= 500 }
    }
}

fn error(kind: CallErrorKind, message: String, request_sent: bool) -> CallError {
    CallError { kind, message, retry_after_ms: None, request_sent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_table_holds() {
        for status in [400, 401, 402, 403, 404, 413, 429, 500, 503, 529] {
            assert_eq!(Failed::status(status, None, "{}").money, Money::Released, "{status}");
        }
        for status in [202, 206, 302, 408, 409, 499, 501, 502, 504, 520, 599] {
            assert_eq!(Failed::status(status, None, "").money, Money::Unknown(None), "{status}");
        }
        assert_eq!(Failed::not_connected("refused").money, Money::Released);
        assert_eq!(Failed::cut("cut", None).money, Money::Unknown(None));
    }

    #[test]
    fn a_spend_cap_is_not_tried_again() {
        let cap = r#"{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        let organisation = r#"{"error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. …"}}"#;
        for (status, body) in [(429, cap), (400, organisation)] {
            let failed = Failed::status(status, None, body);
            assert!(failed.spend_cap && failed.again == Again::No && failed.money == Money::Released);
        }
        assert!(!Failed::status(429, Some(Duration::from_secs(1)), "{}").spend_cap);
    }
}
