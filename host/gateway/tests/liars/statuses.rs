//! Every status that there is, with and without words of its own.

use crate::answer::{Answer, Step, Whose};
use crate::dice::Dice;

/// Statuses that are known by their words: status, kind, message, whose trouble it is.
const KNOWN: [(u16, &str, &str, Whose); 15] = {
    use Whose::{Others, Questions, Upstreams};
    [
        (400, "invalid_request_error", "messages: at least one message is required", Questions),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", Others),
        (401, "authentication_error", "invalid x-api-key", Others),
        (402, "billing_error", "There is an issue with your billing.", Others),
        (403, "permission_error", "This is not allowed.", Questions),
        (404, "not_found_error", "no such thing", Questions),
        (413, "request_too_large", "Request exceeds the maximum size", Questions),
        (422, "invalid_request_error", "no", Questions),
        (429, "rate_limit_error", "Too many", Others),
        (500, "api_error", "Internal server error", Upstreams),
        (502, "", "<html>Bad gateway</html>", Upstreams),
        (503, "", "Service unavailable", Upstreams),
        (504, "timeout_error", "Timed out", Upstreams),
        (529, "overloaded_error", "Overloaded", Upstreams),
        (529, "overloaded_error", "Overloaded", Upstreams),
    ]
};

/// How long a liar asks to wait.
const WAITS: [&str; 13] = [
    "",
    "",
    "0",
    "1",
    "7",
    "86400",
    "99999999999999999999",
    "-1",
    "soon",
    "1795000000",
    "Thu, 31 Dec 2099 23:59:59 GMT",
    "1e9",
    "NaN",
];

// Whose trouble a status is that says nothing else.
fn whose(status: u16) -> Whose {
    match status {
        401 | 402 | 407 | 429 => Whose::Others,
        408 | 425 => Whose::Upstreams,
        400..=499 => Whose::Questions,
        _ => Whose::Upstreams,
    }
}

/// Where nothing can have been billed, as `docs/budgets.md` has it.
pub(crate) fn is_free(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308 | 400..=404 | 407 | 413 | 422 | 429 | 500 | 503 | 529)
}

/// One of them.
pub(crate) fn any(dice: &mut Dice) -> Answer {
    let (status, kind, message, whose) = if dice.percent(70) {
        dice.pick(&KNOWN)
    } else {
        // 200 is no error, and after 101 the connection speaks something else.
        let status = 100 + u16::try_from(dice.below(900)).expect("three digits");
        let status = if matches!(status, 101 | 200) { 299 } else { status };
        (status, "", dice.pick(&["", "teapot", "<html>", "\u{1}\u{2}"]), whose(status))
    };
    let body = if kind.is_empty() {
        message.to_owned()
    } else {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
    };
    let wait = if matches!(status, 429 | 503 | 529) { dice.pick(&WAITS) } else { "" };
    let mut headers = if wait.is_empty() { String::new() } else { format!("retry-after: {wait}\r\n") };
    if dice.percent(10) {
        headers += "anthropic-ratelimit-requests-limit: 1\r\nanthropic-ratelimit-requests-remaining: 0\r\n\
                    anthropic-ratelimit-requests-reset: 2099-01-01T00:00:00Z\r\n";
    }
    // What has no body by its status has none.
    let bodiless = status < 200 || matches!(status, 204 | 304);
    let body = if bodiless { String::new() } else { body };
    let length = if bodiless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} X\r\n{length}{headers}\r\n");
    let mut answer = Answer::plain(&format!("{status} {kind} {wait}"), (head + &body).into_bytes());
    answer.whose = whose;
    answer.keep = status >= 200;
    answer.exact = is_free(status).then_some(0);
    if dice.percent(2) && status >= 200 && !bodiless {
        // Its head is there, and its body never comes.
        answer.steps =
            vec![Step::Write(format!("HTTP/1.1 {status} X\r\ncontent-length: 5\r\n\r\nx").into_bytes())];
        answer.keep = false;
        answer.whose = self::whose(status);
    }
    answer
}
