//! What an answer, or the lack of one, means for money and for trying again: the design's table.

use crate::upstream::class::{Account, Class, telling};
use crate::upstream::fault::Fault;
use crate::upstream::heard::Heard;
use crate::upstream::quoted::Asked;
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

/// How a try without a whole answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub money: Money,
    pub error: CallError,
    /// How long upstream asks to wait.
    pub after: Option<Duration>,
    /// What was heard of the upstream.
    pub heard: Heard,
}

impl Failed {
    /// No connection was made.
    pub(crate) fn not_connected(message: &str) -> Self {
        Self {
            money: Money::Released,
            error: error(CallErrorKind::Upstream, format!("Claude cannot be reached: {message}"), false),
            after: None,
            heard: Heard::default(),
        }
    }

    /// The request went out and no answer began, or one began and broke off.
    pub(crate) fn cut(message: &str, heard: Heard) -> Self {
        Self {
            money: Money::Unknown,
            error: error(CallErrorKind::UnknownOutcome, message.to_owned(), true),
            after: None,
            heard,
        }
    }

    /// Whose trouble it is.
    pub(crate) fn class(&self) -> Class {
        Class::of(&self.heard)
    }

    /// Reads its error in the light of the request that it answers.
    pub(crate) fn in_the_light_of(mut self, body: &[u8]) -> Self {
        let Some(fault) = &self.heard.fault else { return self };
        self.heard.asked = Asked::of(body, &telling(fault));
        let by_class = [
            CallErrorKind::InvalidRequest,
            CallErrorKind::OverBudget,
            CallErrorKind::RateLimited,
            CallErrorKind::Upstream,
        ];
        if by_class.contains(&self.error.kind) {
            self.error.kind = kind_of(self.class());
        }
        self
    }

    /// An `error` event. Before `message_start` nothing has begun that could be billed.
    #[expect(clippy::needless_pass_by_value, reason = "a failure owns what was heard")]
    pub(crate) fn error_event(fault: Fault, began: bool) -> Self {
        let said = format!("{}: {}", fault.kind, fault.message);
        let heard = Heard { fault: Some(fault.clone()), ..Heard::answer(began) };
        if began {
            let message = format!("Claude broke the answer off with {said}; the call may have been billed");
            return Self::cut(&message, heard);
        }
        let kind = match Class::of(&heard) {
            _ if fault.kind == "overloaded_error" => CallErrorKind::Overloaded,
            class => kind_of(class),
        };
        let message = format!("Claude answered with an error in place of an answer: {said}");
        Self { money: Money::Released, error: error(kind, message, true), after: None, heard }
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
        let heard = Heard { status: Some(status), fault: Some(fault), redirect, ..Heard::default() };
        let kind = match status {
            503 | 529 => CallErrorKind::Overloaded,
            _ => kind_of(Class::of(&heard)),
        };
        // A redirect passed nothing on. A proxy's 502 and 504 say nothing of what stood behind it; what nobody
        // documents (a 202, a 408 after the request was passed on) is taken for as bad.
        let money = match status {
            301 | 302 | 303 | 307 | 308 => Money::Released,
            400..=404 | 407 | 413 | 422 | 429 | 500 | 503 | 529 => Money::Released,
            _ => Money::Unknown,
        };
        let mut error = error(kind, message, true);
        error.retry_after_ms = retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        Self { money, error, after: retry_after, heard }
    }
}

fn kind_of(class: Class) -> CallErrorKind {
    match class {
        Class::Request => CallErrorKind::InvalidRequest,
        Class::Account(Account::SpendCap) => CallErrorKind::OverBudget,
        Class::Pace => CallErrorKind::RateLimited,
        Class::Account(Account::Refused) | Class::Model | Class::Upstream => CallErrorKind::Upstream,
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
        for code in [301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 407, 413, 422, 429, 500, 503, 529] {
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
}
