//! What an answer, or the lack of one, means for money and for trying again: the design's table.

use crate::fault::Fault;
use crate::heard::Heard;
use anvil_types::{CallError, CallErrorKind};
use std::time::Duration;

/// What is certain about the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    /// Nothing can have been billed.
    Released,
    /// It may have been billed. What was told counts; the rest counts at the most it can be.
    Unknown,
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
    /// What was heard of the upstream.
    pub heard: Heard,
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
            heard: Heard::default(),
        }
    }

    /// The request went out and no answer began, or one began and broke off.
    pub(crate) fn cut(message: &str, heard: Heard) -> Self {
        Self {
            money: Money::Unknown,
            error: error(CallErrorKind::UnknownOutcome, message.to_owned(), true),
            again: Again::No,
            spend_cap: false,
            down: false,
            heard,
        }
    }

    /// The same, where not even an answer began.
    pub(crate) fn down(self) -> Self {
        Self { down: true, ..self }
    }

    /// An `error` event. Before `message_start` nothing has begun that could be billed.
    pub(crate) fn error_event(fault: Fault, began: bool) -> Self {
        let said = format!("{}: {}", fault.kind, fault.message);
        let heard = Heard { fault: Some(fault.clone()), ..Heard::answer(began) };
        if began {
            let message = format!("Claude broke the answer off with {said}; the call may have been billed");
            return Self::cut(&message, heard);
        }
        let (kind, again) = match fault.kind.as_str() {
            "overloaded_error" => (CallErrorKind::Overloaded, Again::BackOff),
            "rate_limit_error" => (CallErrorKind::RateLimited, Again::BackOff),
            "invalid_request_error" | "not_found_error" | "request_too_large" => {
                (CallErrorKind::InvalidRequest, Again::No)
            }
            _ => (CallErrorKind::Upstream, Again::BackOff),
        };
        let message = format!("Claude answered with an error in place of an answer: {said}");
        let down = kind == CallErrorKind::Overloaded || kind == CallErrorKind::Upstream;
        let (money, error) = (Money::Released, error(kind, message, true));
        Self { money, error, again, spend_cap: false, down, heard }
    }

    /// A 200 that is neither an event stream nor a message.
    pub(crate) fn no_stream(media: &str, said: &str) -> Self {
        let said = if said.is_empty() { "and said nothing".to_owned() } else { format!("and said: {said}") };
        let message = format!(
            "Claude's address answered 200 with {media} in place of an event stream, {said}. Look at \
             ANTHROPIC_BASE_URL; the call may have been billed"
        );
        Self::cut(&message, Heard { no_stream: Some(media.to_owned()), ..Heard::answer(false) })
    }

    /// A status other than 200.
    pub(crate) fn status(
        status: u16,
        retry_after: Option<Duration>,
        fault: Fault,
        redirect: Option<String>,
    ) -> Self {
        let mut message = format!("Claude answered {status} {}: {}", fault.kind, fault.message);
        if let Some(target) = &redirect {
            message = format!(
                "Claude's address answered {status} and points to {target}; redirects are not followed, so that \
                 the key goes nowhere else. Set ANTHROPIC_BASE_URL to the address that is meant"
            );
        }
        let spend_cap = fault.code == "enforced_spend_limit_reached"
            || (status == 400
                && fault.message.starts_with("You have reached your specified API usage limits"));
        let (kind, again) = match status {
            _ if spend_cap => (CallErrorKind::OverBudget, Again::No),
            400 | 404 | 413 | 422 => (CallErrorKind::InvalidRequest, Again::No),
            429 => (CallErrorKind::RateLimited, retry_after.map_or(Again::BackOff, Again::After)),
            529 | 503 => (CallErrorKind::Overloaded, retry_after.map_or(Again::BackOff, Again::After)),
            500.. => (CallErrorKind::Upstream, Again::BackOff),
            _ => (CallErrorKind::Upstream, Again::No),
        };
        // A redirect passed nothing on. A proxy's 502 and 504 say nothing of what stood behind it; what nobody
        // documents (a 202, a 408 after the request was passed on) is taken for as bad.
        let money = match status {
            301 | 302 | 303 | 307 | 308 => Money::Released,
            400..=404 | 413 | 422 | 429 | 500 | 503 | 529 => Money::Released,
            _ => Money::Unknown,
        };
        let mut error = error(kind, message, true);
        error.retry_after_ms = retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        let heard = Heard { status: Some(status), fault: Some(fault), redirect, ..Heard::default() };
        Self { money, error, again, spend_cap, down: status >= 500, heard }
    }
}

fn error(kind: CallErrorKind, message: String, request_sent: bool) -> CallError {
    CallError { kind, message, retry_after_ms: None, request_sent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, body: &str) -> Failed {
        Failed::status(status, None, Fault::of_body(body), None)
    }

    #[test]
    fn the_outcome_table_holds() {
        for code in [301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 413, 422, 429, 500, 503, 529] {
            assert_eq!(status(code, "{}").money, Money::Released, "{code}");
        }
        for code in [202, 206, 304, 408, 409, 499, 501, 502, 504, 520, 599] {
            assert_eq!(status(code, "").money, Money::Unknown, "{code}");
        }
        assert_eq!(Failed::not_connected("refused").money, Money::Released);
        assert_eq!(Failed::cut("cut", Heard::default()).money, Money::Unknown);
        assert_eq!(Failed::error_event(Fault::default(), false).money, Money::Released);
        assert_eq!(Failed::error_event(Fault::default(), true).money, Money::Unknown);
        assert_eq!(Failed::no_stream("text/html", "").money, Money::Unknown);
    }

    #[test]
    fn a_spend_cap_is_not_tried_again() {
        let cap = r#"{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        let organisation = r#"{"error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. …"}}"#;
        for (code, body) in [(429, cap), (400, organisation)] {
            let failed = status(code, body);
            assert!(failed.spend_cap && failed.again == Again::No && failed.money == Money::Released);
        }
        assert!(!status(429, "{}").spend_cap);
    }
}
