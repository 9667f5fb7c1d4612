//! Faults on demand: what can go wrong, as text, so that a flag, a script and a control request say it alike.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::{BATCH_NAMES, SimBatchFault};
use crate::error::SimError;
use crate::refusal::Refusal;

/// One fault. Its text form (`FromStr`, `Display`, and JSON) is given with each variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fault {
    /// `429` (retry-after 1 s), `429:7` (7 s), `429-bare` (no retry-after).
    RateLimited {
        /// Seconds for the `retry-after` header.
        retry_after: Option<u64>,
    },
    /// `acceleration` (retry-after 1 s), `acceleration:7`: a 429 because use rose too steeply.
    Acceleration {
        /// Seconds for the `retry-after` header.
        retry_after: u64,
    },
    /// `spend-cap`: 429 without retry-after, `error.details.error_code = enforced_spend_limit_reached`.
    SpendCap,
    /// `org-limit`: 400 "You have reached your specified API usage limits …".
    OrganisationLimit,
    /// `400`, `401`, `402`, `403`, `404`, `413`, `500`, `502`, `503`, `504`, `529`; with `+billed` the work is billed
    /// as though it had been done.
    Status {
        /// The HTTP status.
        status: u16,
        /// Whether the call is billed all the same.
        billed: bool,
    },
    /// `close`: the connection ends after the request was read and before a byte of the answer; `close+billed`.
    Close {
        /// Whether the call is billed all the same.
        billed: bool,
    },
    /// `cut:start`, `cut:3`, `cut:delta`, `cut:stop`: the connection breaks within the stream.
    Cut(CutPoint),
    /// `error:3`: an `error` event (overloaded_error) after the third event of the stream, and its end.
    ErrorEvent {
        /// How many events come before.
        after: usize,
    },
    /// `no-usage`: no usage anywhere in the answer; `no-usage:final`: none in `message_delta`.
    NoUsage {
        /// Whether `message_start` still has it.
        only_final: bool,
    },
    /// `dup-delta`: `message_delta` comes twice.
    DuplicateDelta,
    /// `hang:2.5`: that many seconds of silence before the first byte; then the usual answer.
    Hang {
        /// Milliseconds of silence.
        ms: u64,
    },
    /// `drip:0.5`: that many seconds before each event: an answer that comes drop by drop.
    Drip {
        /// Milliseconds before each event.
        ms: u64,
    },
    /// `batch-create:500`, `batch-results:cut:3`, …: only with batches.
    Batch(SimBatchFault),
}

/// Where a stream breaks. Pings count as events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutPoint {
    /// After the response's head, before `message_start`. Nothing is billed.
    BeforeStart,
    /// After that many events, `message_start` being the first.
    After(usize),
    /// Before `message_delta`: all text was streamed, its final usage was not.
    BeforeDelta,
    /// Before `message_stop`: the final usage was sent.
    BeforeStop,
}

/// A fault that happens by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What happens.
    pub fault: Fault,
    /// How likely, 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// Only for requests whose system prompt or messages contain this; with a batch, one of its custom_ids or its own id.
    #[serde(default)]
    pub contains: Option<String>,
    /// Only for this model id.
    #[serde(default)]
    pub model: Option<String>,
    /// How often in all; without it, for ever.
    #[serde(default)]
    pub times: Option<u64>,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// Whether it comes in place of an answer that never was, so that a script's next item stays for the retry.
    pub(crate) fn leaves_script(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Acceleration { .. }
            | Self::SpendCap
            | Self::OrganisationLimit => true,
            Self::Status { billed, .. } | Self::Close { billed } => !billed,
            _ => false,
        }
    }

    /// The error answer in place of a message, where the fault is one.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::RateLimited { retry_after } => Some(Refusal {
                retry_after: *retry_after,
                ..Refusal::new(
                    429,
                    "rate_limit_error",
                    "This request would exceed your organization's rate limit.",
                )
            }),
            Self::Acceleration { retry_after } => Some(Refusal {
                retry_after: Some(*retry_after),
                ..Refusal::new(
                    429,
                    "rate_limit_error",
                    "This request would exceed your organization's acceleration limit: scale up more gradually.",
                )
            }),
            Self::SpendCap => Some(Refusal {
                details: Some(serde_json::json!({"error_code": "enforced_spend_limit_reached"})),
                ..Refusal::new(
                    429,
                    "rate_limit_error",
                    "Your organization has reached its monthly spend limit.",
                )
            }),
            Self::OrganisationLimit => Some(Refusal::invalid(
                "You have reached your specified API usage limits. You will regain access on the first of next month at \
                 00:00 UTC.",
            )),
            Self::Status { status, .. } => Some(of_status(*status)),
            _ => None,
        }
    }
}

/// The error that the API sends with a status.
pub(crate) fn of_status(status: u16) -> Refusal {
    let (kind, message) = match status {
        400 => ("invalid_request_error", "The request was not valid (simulated)."),
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the API."),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource."),
        404 => ("not_found_error", "Not found"),
        413 => ("request_too_large", "Request exceeds the maximum allowed number of bytes."),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit."),
        504 => ("timeout_error", "The request timed out while processing."),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    Refusal::new(status, kind, message)
}

const STATUSES: [u16; 11] = [400, 401, 402, 403, 404, 413, 500, 502, 503, 504, 529];

impl FromStr for Fault {
    type Err = SimError;

    fn from_str(text: &str) -> Result<Self, SimError> {
        let bad = |reason: &str| SimError::Fault { text: text.to_owned(), reason: reason.to_owned() };
        if let Some(rest) = text.strip_prefix("batch-") {
            return SimBatchFault::read(rest).map(Self::Batch).ok_or_else(|| bad(BATCH_NAMES));
        }
        let (body, billed) = text.strip_suffix("+billed").map_or((text, false), |body| (body, true));
        let (name, value) = body.split_once(':').map_or((body, None), |(name, value)| (name, Some(value)));
        let number = |v: &str| v.parse::<u64>().map_err(|_| bad("a whole number stands after the colon"));
        let count =
            |v: &str| v.parse::<usize>().map_err(|_| bad("a number of events stands after the colon"));
        let fault = match (name, value) {
            ("429", None) => Self::RateLimited { retry_after: Some(1) },
            ("429", Some(v)) => Self::RateLimited { retry_after: Some(number(v)?) },
            ("429-bare", None) => Self::RateLimited { retry_after: None },
            ("acceleration", None) => Self::Acceleration { retry_after: 1 },
            ("acceleration", Some(v)) => Self::Acceleration { retry_after: number(v)? },
            ("spend-cap", None) => Self::SpendCap,
            ("org-limit", None) => Self::OrganisationLimit,
            ("close", None) => Self::Close { billed },
            ("cut", Some("start")) => Self::Cut(CutPoint::BeforeStart),
            ("cut", Some("delta")) => Self::Cut(CutPoint::BeforeDelta),
            ("cut", Some("stop")) => Self::Cut(CutPoint::BeforeStop),
            ("cut", Some(v)) => Self::Cut(CutPoint::After(count(v)?)),
            ("error", Some(v)) => Self::ErrorEvent { after: count(v)? },
            ("no-usage", None) => Self::NoUsage { only_final: false },
            ("no-usage", Some("final")) => Self::NoUsage { only_final: true },
            ("dup-delta", None) => Self::DuplicateDelta,
            ("hang", Some(v)) => {
                Self::Hang { ms: millis(v).ok_or_else(|| bad("seconds stand after the colon"))? }
            }
            ("drip", Some(v)) => {
                Self::Drip { ms: millis(v).ok_or_else(|| bad("seconds stand after the colon"))? }
            }
            (name, None) => match name.parse() {
                Ok(status) if STATUSES.contains(&status) => Self::Status { status, billed },
                _ => return Err(bad(NAMES)),
            },
            _ => return Err(bad(NAMES)),
        };
        if billed && !matches!(fault, Self::Status { .. } | Self::Close { .. }) {
            return Err(bad("+billed goes with a status or with close"));
        }
        Ok(fault)
    }
}

const NAMES: &str = "one of 429, 429:SECONDS, 429-bare, acceleration, acceleration:SECONDS, spend-cap, org-limit, 400, 401, 402, 403, 404, 413, 500, 502, \
                     503, 504, 529, close, cut:start, cut:EVENTS, cut:delta, cut:stop, error:EVENTS, no-usage, \
                     no-usage:final, dup-delta, hang:SECONDS, drip:SECONDS, batch-DOOR:FAULT";

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie within a day")]
fn millis(seconds: &str) -> Option<u64> {
    let seconds: f64 = seconds.parse().ok()?;
    (0.0..=86_400.0).contains(&seconds).then_some((seconds * 1_000.0) as u64)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = |billed: &bool| if *billed { "+billed" } else { "" };
        match self {
            Self::RateLimited { retry_after: Some(1) } => f.write_str("429"),
            Self::RateLimited { retry_after: Some(s) } => write!(f, "429:{s}"),
            Self::RateLimited { retry_after: None } => f.write_str("429-bare"),
            Self::Acceleration { retry_after: 1 } => f.write_str("acceleration"),
            Self::Acceleration { retry_after } => write!(f, "acceleration:{retry_after}"),
            Self::SpendCap => f.write_str("spend-cap"),
            Self::OrganisationLimit => f.write_str("org-limit"),
            Self::Status { status, billed } => write!(f, "{status}{}", plus(billed)),
            Self::Close { billed } => write!(f, "close{}", plus(billed)),
            Self::Cut(CutPoint::BeforeStart) => f.write_str("cut:start"),
            Self::Cut(CutPoint::After(n)) => write!(f, "cut:{n}"),
            Self::Cut(CutPoint::BeforeDelta) => f.write_str("cut:delta"),
            Self::Cut(CutPoint::BeforeStop) => f.write_str("cut:stop"),
            Self::ErrorEvent { after } => write!(f, "error:{after}"),
            Self::NoUsage { only_final: false } => f.write_str("no-usage"),
            Self::NoUsage { only_final: true } => f.write_str("no-usage:final"),
            Self::DuplicateDelta => f.write_str("dup-delta"),
            Self::Hang { ms } => write!(f, "hang:{}.{:03}", ms / 1_000, ms % 1_000),
            Self::Drip { ms } => write!(f, "drip:{}.{:03}", ms / 1_000, ms % 1_000),
            Self::Batch(fault) => write!(f, "{fault}"),
        }
    }
}

impl TryFrom<String> for Fault {
    type Error = SimError;

    fn try_from(text: String) -> Result<Self, SimError> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_back_what_it_writes() {
        for text in [
            "429:7",
            "429-bare",
            "spend-cap",
            "org-limit",
            "400",
            "502+billed",
            "529",
            "close",
            "close+billed",
            "cut:start",
            "cut:3",
            "cut:delta",
            "cut:stop",
            "error:2",
            "no-usage",
            "no-usage:final",
            "dup-delta",
            "hang:2.500",
            "drip:0.250",
            "acceleration",
            "acceleration:7",
        ] {
            assert_eq!(text.parse::<Fault>().expect(text).to_string(), text);
        }
        for text in ["", "418", "cut", "cut:x", "hang", "429+billed", "no-usage:x"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
