//! Whose trouble an outcome is: the job's own, the account's, the upstream's, or the pace's.
//!
//! Only the first is answered to the job. Of the others it learns nothing: it waits until they are over.

use crate::upstream::fault::Fault;
use crate::upstream::heard::Heard;

/// Whose trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The job's own: what it asked is refused.
    Request,
    /// The account's: no call is answered until a person mends it.
    Account(Account),
    /// The account has no access to this one model.
    Model,
    /// The upstream's, or that of what stands between: it is asked again when it is back.
    Upstream,
    /// Too much at once.
    Pace,
}

/// What is wrong with the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Its key, or its payment.
    Refused,
    /// Its own spend cap, which lasts for the rest of the month.
    SpendCap,
}

impl Class {
    /// What a try without a whole answer was.
    pub(crate) fn of(heard: &Heard) -> Self {
        let unsaid = Fault::default();
        let fault = heard.fault.as_ref().unwrap_or(&unsaid);
        let kind = fault.kind.as_str();
        match heard.status {
            None => Self::Upstream,
            Some(200) if heard.fault.is_none() => Self::Upstream,
            // An `error` event says in words what its status would have said.
            Some(200) => of_words(heard, fault).unwrap_or(match kind {
                "rate_limit_error" => Self::Pace,
                // What began is no refusal of what was asked.
                "invalid_request_error" | "not_found_error" | "request_too_large" | "permission_error"
                    if !heard.began =>
                {
                    Self::Request
                }
                _ => Self::Upstream,
            }),
            Some(401) => of_words(heard, fault).unwrap_or(Self::Account(Account::Refused)),
            Some(402) => of_words(heard, fault).unwrap_or(Self::Account(Account::Refused)),
            Some(429) => of_words(heard, fault).unwrap_or(Self::Pace),
            // Whatever this says, it is a server's trouble.
            Some(500..) => Self::Upstream,
            // A proxy wants a password of its own; what was asked came too slowly; too early.
            Some(407) => Self::Account(Account::Refused),
            Some(408 | 425) => Self::Upstream,
            // No API of this kind is there: an address that is wrong, or a wall before it. Claude says what it has not.
            Some(404 | 405) if kind.is_empty() => of_words(heard, fault).unwrap_or(Self::Upstream),
            Some(400..=499) => of_words(heard, fault).unwrap_or(Self::Request),
            // A redirect, which is never followed, or an answer that nobody knows.
            Some(_) => Self::Upstream,
        }
    }
}

/// Words that tell of payment.
const PAYMENT: &str = "credit balance is too low";
/// Words that tell of the account's own spend cap, or of that of the key's workspace.
const CAPS: [&str; 2] = [
    "you have reached your specified api usage limits",
    "you have reached your specified workspace api usage limits",
];
/// Words that tell of the key, or of the account behind it.
const AUTHENTICATION: [&str; 15] = [
    "api key",
    "api-key",
    "apikey",
    "authenticat",
    "credential",
    "oauth",
    "bearer token",
    "access token",
    "organization has been disabled",
    "organisation has been disabled",
    "account has been disabled",
    "account is disabled",
    "account has been suspended",
    "account does not have access",
    "not set up for billing",
];
/// How sentences of Claude's begin that tell of one of these. What quotes a request begins otherwise.
const BEGINNINGS: [&str; 9] = [
    CAPS[0],
    CAPS[1],
    "this credential ",
    "your credit balance is too low",
    "your api key ",
    "invalid x-api-key",
    "oauth authentication ",
    "this organization has been disabled",
    "your account has been ",
];

/// The words of an error that say whose trouble it is, so that the request is looked into for them.
pub(crate) fn telling(fault: &Fault) -> Vec<&'static str> {
    let said = fault.message.to_lowercase();
    AUTHENTICATION
        .into_iter()
        .chain(CAPS)
        .chain([PAYMENT, "model"])
        .filter(|word| said.contains(word))
        .collect()
}

/// What the words say, whatever the status. Words that stand in the request too may be its own, quoted.
fn of_words(heard: &Heard, fault: &Fault) -> Option<Class> {
    let said = fault.message.to_lowercase();
    let begins = BEGINNINGS.iter().any(|beginning| said.starts_with(beginning));
    let own = |word: &str| said.contains(word) && (begins || !heard.asked.has(word));
    let says = |words: &[&str]| words.iter().any(|word| own(word));
    if fault.code == "enforced_spend_limit_reached" || says(&CAPS) {
        return Some(Class::Account(Account::SpendCap));
    }
    let (kind, code) = (fault.kind.as_str(), fault.code.as_str());
    let billing = ["billing_error", "authentication_error", "insufficient_quota"];
    if billing.contains(&kind) || billing.contains(&code) || says(&[PAYMENT]) {
        return Some(Class::Account(Account::Refused));
    }
    let refuses = matches!(kind, "permission_error" | "not_found_error" | "forbidden" | "");
    let model = heard.asked.model.as_str();
    let begins_so = said.starts_with("the model ") || said.starts_with("your account does not have access");
    // A permission, or something that is not there, told with the name of the model that was asked.
    let names_it = matches!(kind, "permission_error" | "not_found_error")
        && !model.is_empty()
        && said.contains(model)
        && (begins_so || said.starts_with(model) || !heard.asked.names_model())
        && matches!(heard.status, Some(200 | 403 | 404));
    // "model: claude-…" is how one that the account may not use, or that is gone, is told.
    let of_model = said.starts_with("model:") && matches!(kind, "not_found_error" | "permission_error")
        || said.starts_with("model:") && !model.is_empty() && said.contains(model)
        || names_it
        || refuses
            && own("model")
            && ["access", "permission", "not allowed", "not enabled", "not available"]
                .iter()
                .any(|word| said.contains(word))
        || matches!(code, "model_not_found" | "model_not_allowed");
    if of_model {
        return Some(Class::Model);
    }
    (matches!(kind, "permission_error" | "invalid_request_error" | "forbidden" | "") && says(&AUTHENTICATION))
        .then_some(Class::Account(Account::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::quoted::Asked;

    const REFUSED: Class = Class::Account(Account::Refused);
    const CAP_REACHED: Class = Class::Account(Account::SpendCap);
    const CAP_SAID: &str = "You have reached your specified API usage limits";

    fn said(status: u16, kind: &str, message: &str) -> Class {
        let body = serde_json::json!({ "type": "error", "error": { "type": kind, "message": message } });
        let fault = Some(Fault::of_body(&body.to_string()));
        Class::of(&Heard { status: Some(status), fault, ..Heard::default() })
    }

    fn quoting(status: u16, kind: &str, message: &str, request: &str) -> Class {
        let body = serde_json::json!({ "type": "error", "error": { "type": kind, "message": message } });
        let fault = Fault::of_body(&body.to_string());
        let body = serde_json::json!({ "model": "claude-haiku-5-5", "system": request });
        let asked = Asked::of(body.to_string().as_bytes(), &telling(&fault));
        Class::of(&Heard { status: Some(status), fault: Some(fault), asked, ..Heard::default() })
    }

    #[test]
    fn a_guests_own_words_say_nothing_about_the_account() {
        let (bad, no) = ("invalid_request_error", "permission_error");
        for (status, kind, message, request, class) in [
            (
                400,
                bad,
                "tool_choice: Tool 'your credit balance is too low' not found",
                "Your credit balance is too low",
                Class::Request,
            ),
            (
                403,
                no,
                "blocked: 'authentication with an API key'",
                "authentication with an api key",
                Class::Request,
            ),
            (403, no, "blocked: no authentication", "a poem", REFUSED),
            (
                400,
                bad,
                "Your credit balance is too low to access the API.",
                "your credit balance is too low",
                REFUSED,
            ),
            (403, no, "Your API key does not have permission.", "an api key", REFUSED),
            (
                400,
                bad,
                "blocked: 'you have reached your specified API usage limits'",
                CAP_SAID,
                Class::Request,
            ),
            (400, bad, "You have reached your specified API usage limits.", CAP_SAID, CAP_REACHED),
            (403, no, "blocked: 'the model has no access'", "the model has no access", Class::Request),
            (403, no, "blocked: 'Claude-Haiku-5-5'", "of claude-haiku-5-5", Class::Request),
        ] {
            assert_eq!(quoting(status, kind, message, request), class, "{message}");
        }
    }

    #[test]
    fn a_refusal_that_names_the_model_that_was_asked_is_that_models_alone() {
        for (status, kind, message) in [
            (403, "permission_error", "Your account does not have access to claude-haiku-5-5"),
            (403, "permission_error", "model: claude-haiku-5-5"),
            (403, "permission_error", "claude-haiku-5-5 is not available for your account"),
            (404, "not_found_error", "The model claude-haiku-5-5 has been retired"),
            (400, "invalid_request_error", "model: claude-haiku-5-5 is not a valid model"),
        ] {
            assert_eq!(quoting(status, kind, message, "claude-haiku-5-5"), Class::Model, "{message}");
        }
        // It is no API of Claude's that answers so.
        assert_eq!(quoting(404, "", "404 Not Found", ""), Class::Upstream);
        assert_eq!(quoting(405, "", "Not Allowed", ""), Class::Upstream);
        assert_eq!(quoting(404, "not_found_error", "Not found", ""), Class::Request);
    }

    fn event(kind: &str, message: &str, began: bool) -> Class {
        let body = serde_json::json!({ "type": kind, "message": message });
        let fault = Some(Fault::of_error(&body.to_string()));
        Class::of(&Heard { fault, ..Heard::answer(began) })
    }

    #[test]
    fn whose_trouble_a_status_is_follows_from_it_and_from_its_words() {
        let credit =
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.";
        let cap = "You have reached your specified API usage limits. You will regain access on 2026-12-01.";
        // As gateways put their own words before Claude's, which they quote whole.
        let wrapped = |said: &str| {
            let claudes = serde_json::json!({ "type": "error", "error": { "type": "invalid_request_error", "message": said } });
            format!("litellm.BadRequestError: AnthropicException - {claudes}")
        };
        let (wrapped_cap, wrapped_credit) = (wrapped(cap), wrapped(credit));
        let table = [
            (400, "invalid_request_error", "max_tokens: too large", Class::Request),
            (400, "invalid_request_error", "messages.0: the word model stands here", Class::Request),
            (400, "invalid_request_error", credit, REFUSED),
            (400, "invalid_request_error", "This organization has been disabled.", REFUSED),
            (400, "invalid_request_error", cap, CAP_REACHED),
            (
                400,
                "invalid_request_error",
                "You have reached your specified workspace API usage limits. You will regain access on 2026-12-01.",
                CAP_REACHED,
            ),
            (400, "", &wrapped_cap, CAP_REACHED),
            (400, "", &wrapped_credit, REFUSED),
            (400, "billing_error", "no", REFUSED),
            (
                400,
                "invalid_request_error",
                "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
                REFUSED,
            ),
            (400, "invalid_request_error", "Workspace wrkspc_01 is not set up for billing.", REFUSED),
            (403, "permission_error", "Your account does not have access to Claude Code.", REFUSED),
            (401, "authentication_error", "invalid x-api-key", REFUSED),
            (401, "", "", REFUSED),
            (402, "billing_error", "pay", REFUSED),
            (402, "", "", REFUSED),
            (403, "permission_error", "no", Class::Request),
            (403, "forbidden", "Forbidden by policy 17", Class::Request),
            (403, "billing_error", "an unpaid invoice", REFUSED),
            (
                403,
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
                REFUSED,
            ),
            (403, "permission_error", "OAuth authentication is currently not supported.", REFUSED),
            (
                403,
                "permission_error",
                "Your account does not have access to model claude-opus-5-5.",
                Class::Model,
            ),
            (404, "not_found_error", "model: claude-opus-5-5", Class::Model),
            (404, "not_found_error", "Not found", Class::Request),
            (407, "", "", REFUSED),
            (408, "", "", Class::Upstream),
            (413, "request_too_large", "too large", Class::Request),
            (422, "", "field required", Class::Request),
            (429, "rate_limit_error", "slow down", Class::Pace),
            (429, "", "", Class::Pace),
            (429, "billing_error", "spend limit reached (daily)", REFUSED),
            (500, "api_error", "x", Class::Upstream),
            (502, "", "", Class::Upstream),
            (529, "overloaded_error", "Overloaded", Class::Upstream),
            (301, "", "", Class::Upstream),
            (204, "", "", Class::Upstream),
        ];
        for (status, kind, message, class) in table {
            assert_eq!(said(status, kind, message), class, "{status} {kind} {message}");
        }
        let code = r#"{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        let heard = Heard { status: Some(429), fault: Some(Fault::of_body(code)), ..Heard::default() };
        assert_eq!(Class::of(&heard), CAP_REACHED);
    }

    #[test]
    fn an_outage_under_200_is_an_outage() {
        assert_eq!(event("overloaded_error", "Overloaded", false), Class::Upstream);
        assert_eq!(event("overloaded_error", "Overloaded", true), Class::Upstream);
        assert_eq!(event("api_error", "x", false), Class::Upstream);
        assert_eq!(event("rate_limit_error", "x", false), Class::Pace);
        assert_eq!(event("billing_error", "x", true), REFUSED);
        assert_eq!(event("authentication_error", "x", false), REFUSED);
        assert_eq!(event("invalid_request_error", "max_tokens", false), Class::Request);
        assert_eq!(event("invalid_request_error", "max_tokens", true), Class::Upstream);
        // No connection; a cut; a page of HTML.
        assert_eq!(Class::of(&Heard::default()), Class::Upstream);
        assert_eq!(Class::of(&Heard::answer(false)), Class::Upstream);
        assert_eq!(Class::of(&Heard::answer(true)), Class::Upstream);
        let page = Heard { no_stream: Some("text/html".into()), ..Heard::answer(false) };
        assert_eq!(Class::of(&page), Class::Upstream);
    }
}
