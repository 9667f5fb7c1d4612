//! An upstream that speaks the API but takes no marks for prompt caches.

use crate::upstream::{Then, answer, events, stream};
use crate::{SONNET, Wire};
use std::fmt::Write as _;

/// A system's text that is worth a mark.
fn long() -> String {
    (0..1_500).fold(String::from("Rules:"), |mut text, line| {
        let _ = write!(text, " rule {line} holds.");
        text
    })
}

#[tokio::test]
async fn a_request_that_is_refused_for_the_hosts_marks_goes_out_without_them() {
    for said in ["system.0.cache_control: Extra inputs are not permitted", "unknown field `cache_control`"] {
        let refusal =
            format!(r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{said}"}}}}"#);
        let whole = events(
            SONNET,
            r#"{"input_tokens":7000,"output_tokens":1}"#,
            "\"Yes.\"",
            r#"{"output_tokens":2}"#,
        );
        let whole = || (stream(whole.as_bytes()), Then::Keep);
        let refused = (answer(400, "content-type: application/json\r\n", refusal.as_bytes()), Then::Keep);
        let mut wire = Wire::new(vec![whole(), refused, whole(), whole()]).await;
        for _ in 0..3 {
            let mut question = wire.question("Say something.");
            question.request.system = Some(long());
            let (reply, call) = wire.ask(question).await;
            assert!(reply.is_ok(), "{reply:?}");
            assert_eq!(call.miss, None, "what is not marked is no miss");
        }
        let marked: Vec<_> =
            wire.upstream.requests().iter().map(|one| one.contains("cache_control")).collect();
        assert_eq!(marked, [false, true, false, false], "{said}");
    }
}
