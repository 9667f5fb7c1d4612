//! The one error format: `application/problem+json` (RFC 9457) that says what to do.
//!
//! Handlers of both faces answer with a [`Problem`]; the panel's outermost layer turns it into a page.

use anvil_api::FieldError;
use anvil_control::{AnswerError, SubmitError, WebhookError};
use anvil_store::StoreError;
use anvil_types::clip_at;
use anvil_types::words::NoAnswer;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Seconds after which a full queue is worth another try.
const QUEUE_RETRY_S: u64 = 5;
/// How long a client waits for space on the disk: people make it.
const DISK_RETRY_S: u64 = 30;

/// Seconds after which a plugin that is being compiled is worth another look.
const AGENT_RETRY_S: u64 = 2;

/// Characters of a problem's sentence. It may repeat what the client sent, which may be as long as an address or a body.
const LONGEST_DETAIL: usize = 4_000;

/// What went wrong and what to do about it.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Body>);

#[derive(Clone, Debug)]
struct Body {
    told: anvil_api::Problem,
    allow: Option<String>,
}

impl Problem {
    /// A problem: its status, a slug that never changes, a title that is the same for all of its kind,
    /// and a sentence for this one.
    pub(crate) fn new(
        status: StatusCode,
        slug: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let told = anvil_api::Problem {
            kind: format!("{}{slug}", anvil_api::Problem::KIND),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: clip_at(&detail.into(), LONGEST_DETAIL),
            ..anvil_api::Problem::default()
        };
        Self(Box::new(Body { told, allow: None }))
    }

    /// The request makes no sense.
    pub(crate) fn bad_request(slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, title, detail)
    }

    /// The request is understood, but its values will not do.
    pub(crate) fn invalid(slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, slug, title, detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, slug, title, detail)
    }

    /// The host itself failed; the log has the details.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The host failed", detail)
    }

    #[must_use]
    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.told.errors = errors;
        self
    }

    #[must_use]
    pub(crate) fn with_known(mut self, known: Vec<String>, nearest: Option<String>) -> Self {
        self.0.told.known = known;
        self.0.told.nearest = nearest;
        self
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.told.retry_after = Some(seconds);
        self
    }

    #[must_use]
    pub(crate) fn with_allow(mut self, methods: impl Into<String>) -> Self {
        self.0.allow = Some(methods.into());
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn title(&self) -> &str {
        &self.0.told.title
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.told.detail
    }

    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.0.told.errors
    }

    /// The headers that belong to the problem, whichever face shows it.
    pub(crate) fn dress(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.told.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.0.allow.as_deref().and_then(|methods| HeaderValue::from_str(methods).ok()) {
            headers.insert(ALLOW, allow);
        }
        if self.0.told.status == 401 {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"anvil\""));
        }
    }

    /// What is told of it, for a place where a problem is a part of something else.
    pub(crate) fn told(&self) -> &anvil_api::Problem {
        &self.0.told
    }

    /// The JSON text.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(&self.0.told).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (
            self.status(),
            [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))],
            self.json(),
        )
            .into_response();
        self.dress(&mut response);
        // The panel's outermost layer finds it here and shows a page instead.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    #[expect(clippy::too_many_lines, reason = "a table: each error and what a caller is told")]
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::QueueFull { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "queue-full", "The queue is full", detail)
                    .with_retry_after(QUEUE_RETRY_S)
            }
            StoreError::ShareFull { .. } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "share-full",
                "The share of the queue is full",
                detail,
            )
            .with_retry_after(QUEUE_RETRY_S),
            StoreError::IdempotencyConflict { .. } => Self::new(
                StatusCode::CONFLICT,
                "idempotency-conflict",
                "The idempotency key is taken",
                detail,
            ),
            StoreError::OtherJob(_) => {
                Self::new(StatusCode::CONFLICT, "other-job", "There is another job of this id", detail)
            }
            StoreError::InputGone { .. } => {
                Self::new(StatusCode::CONFLICT, "file-gone", "A file is not kept any more", detail)
            }
            StoreError::NoSuchJob(_) => Self::not_found("no-such-job", "There is no such job", detail),
            StoreError::BadParent { .. } => {
                Self::invalid("bad-parent", "The job cannot come after that one", detail)
            }
            StoreError::TooMuchFromParents { .. } => {
                Self::invalid("too-much-from-parents", "The parents' results are too large", detail)
            }
            StoreError::NotEditable { .. } | StoreError::Led { .. } => {
                Self::new(StatusCode::CONFLICT, "wrong-state", "The job's state does not allow it", detail)
            }
            StoreError::NoSuchCall(_) => Self::not_found("no-such-call", "There is no such call", detail),
            StoreError::NoSuchAlert(_) => Self::not_found("no-such-alert", "There is no such alert", detail),
            StoreError::NoSuchDelivery(_) => {
                Self::not_found("no-such-delivery", "There is no such delivery", detail)
            }
            StoreError::NoSuchAction(_) => {
                Self::not_found("no-such-action", "There is no such action", detail)
            }
            StoreError::ActionOver(_) => {
                Self::new(StatusCode::CONFLICT, "action-over", "The action is over", detail)
            }
            StoreError::NoSuchQuestion(_) => {
                Self::not_found("no-such-question", "There is no such question", detail)
            }
            StoreError::QuestionAnswered { .. } => Self::new(
                StatusCode::CONFLICT,
                "question-answered",
                "The question is answered already",
                detail,
            ),
            StoreError::QuestionOver { .. } => Self::new(
                StatusCode::CONFLICT,
                "question-over",
                "The question takes no answer any more",
                detail,
            ),
            StoreError::LinkRefused => Self::not_found("link-refused", "The link answers nothing", detail),
            StoreError::NoSuchWebhook(_) => {
                Self::not_found("no-such-webhook", "There is no such webhook", detail)
            }
            StoreError::WebhookOff { .. } => {
                Self::new(StatusCode::CONFLICT, "webhook-off", "The webhook is off", detail)
            }
            StoreError::TooManyWebhooks(_) => {
                Self::new(StatusCode::CONFLICT, "too-many-webhooks", "There are too many webhooks", detail)
            }
            StoreError::Refused(refused) => {
                let does = match refused.event {
                    anvil_types::JobEvent::Cancel => "a finished job cannot be cancelled",
                    anvil_types::JobEvent::RetryByPerson => "only a failed or cancelled job can be run again",
                    _ => "its state does not allow it",
                };
                let detail = format!("the job is {}: {does}", refused.from);
                Self::new(StatusCode::CONFLICT, "wrong-state", "The job's state does not allow it", detail)
            }
            StoreError::WrongUpstream { .. } => Self::new(
                StatusCode::CONFLICT,
                "wrong-upstream",
                "The job belongs to another upstream",
                detail,
            ),
            StoreError::CallStillHeld(_) => {
                Self::new(StatusCode::CONFLICT, "call-under-way", "The call is still under way", detail)
            }
            StoreError::BadChange(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-change", "The change makes no sense", detail)
            }
            StoreError::NoSuchLimit { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no-such-limit", "There is no such limit", detail)
            }
            StoreError::LeaseLost => {
                Self::new(StatusCode::CONFLICT, "lease-lost", "The lease is lost", detail)
            }
            StoreError::Closed => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "closing", "The host is shutting down", detail)
                    .with_retry_after(QUEUE_RETRY_S)
            }
            StoreError::DiskFull | StoreError::DiskFails(_) => {
                tracing::error!(error = %detail, "the disk failed a request");
                let title = "The disk is full or failing";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", title, detail)
                    .with_retry_after(DISK_RETRY_S)
            }
            StoreError::Locked { .. }
            | StoreError::OtherHost { .. }
            | StoreError::Folder { .. }
            | StoreError::Version(_)
            | StoreError::Backend(_) => {
                tracing::error!(error = %detail, "the store failed a request");
                Self::internal(
                    "the store could not be read or written; see the host's log. Nothing was changed",
                )
            }
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = error.to_string();
        match error {
            WebhookError::Invalid { field, message } => {
                let at = FieldError { pointer: format!("/{field}"), message };
                Self::invalid("invalid-webhook", "The webhook cannot be made so", detail)
                    .with_errors(vec![at])
            }
            WebhookError::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let detail = error.to_string();
        match error {
            AnswerError::Store(error) => error.into(),
            AnswerError::Unfit(NoAnswer::Unchecked(_)) => {
                tracing::error!(error = %detail, "an answer could not be checked");
                Self::internal("the answer could not be checked against the question's schema")
            }
            AnswerError::Unfit(why) => {
                let at = |pointer: &str, message: String| FieldError {
                    pointer: format!("/answer{pointer}"),
                    message,
                };
                let errors = match why {
                    NoAnswer::Misses(misses) => {
                        misses.into_iter().map(|miss| at(&miss.pointer, miss.message)).collect()
                    }
                    why => vec![at("", why.to_string())],
                };
                Self::invalid("invalid-answer", "The answer does not fit the question", detail)
                    .with_errors(errors)
            }
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        let detail = error.to_string();
        let at = |pointer: &str, message: String| vec![FieldError { pointer: pointer.to_owned(), message }];
        match error {
            SubmitError::UnknownAgent { nearest, known, name } => {
                Self::invalid("unknown-agent", "There is no such agent", detail)
                    .with_errors(at("/agent", format!("there is no agent `{name}`")))
                    .with_known(known, nearest)
            }
            SubmitError::NotYet { name, .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "agent-not-ready",
                "The agent is not ready yet",
                detail,
            )
            .with_errors(at("/agent", format!("there is no agent `{name}` yet")))
            .with_retry_after(AGENT_RETRY_S),
            SubmitError::UnknownAction { nearest, known, action, .. } => {
                Self::invalid("unknown-action", "The agent has no such action", detail)
                    .with_errors(at("/action", format!("there is no action `{action}`")))
                    .with_known(known, nearest)
            }
            SubmitError::InvalidPayload(misfit) => {
                let errors = misfit.errors.into_iter().map(|error| FieldError {
                    pointer: format!("/payload{}", error.pointer),
                    message: error.message,
                });
                Self::invalid("invalid-payload", "The payload does not match the schema", detail)
                    .with_errors(errors.collect())
            }
            SubmitError::Invalid(_) => Self::invalid("invalid-value", "A value makes no sense", detail),
            SubmitError::File(refusal) if refusal.is_too_much() => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The files are too large or too many",
                detail,
            ),
            SubmitError::File(_) => Self::invalid("bad-file", "A file cannot be taken in", detail),
            SubmitError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_what_it_is_and_not_as_a_fault_of_the_host() {
        for error in [StoreError::DiskFull, StoreError::DiskFails("error 10".to_owned())] {
            let response = Problem::from(error).into_response();
            assert_eq!(response.status(), StatusCode::INSUFFICIENT_STORAGE);
            assert!(response.headers().contains_key("retry-after"), "{response:?}");
            let problem = response.extensions().get::<Problem>().expect("the panel shows it");
            let told = problem.json();
            assert!(told.contains("disk with the data folder is full"), "{told}");
        }
        let other = Problem::from(StoreError::Backend("a broken row".into())).into_response();
        assert_eq!(other.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
