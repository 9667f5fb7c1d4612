//! Answers in which something was lost are answered as they came, and kept for nobody.

use crate::upstream::{Then, Upstream, stream};
use crate::{asked, question, setting};
use anvil_types::Origin;

const TOOL: &str = r#"{"type":"tool_use","id":"t","name":"find","input":{}}"#;

/// An answer of these events; the last one says why it ended.
fn answer(model: &str, events: &[&[u8]], reason: &str) -> Vec<u8> {
    let start = r#"{"type":"message_start","message":{"model":"MODEL","content":[],"usage":{"input_tokens":90,"output_tokens":1}}}"#;
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"REASON"},"usage":{"output_tokens":9}}"#;
    let (start, end) = (start.replace("MODEL", model), end.replace("REASON", reason));
    let mut body = Vec::new();
    for event in
        [start.as_bytes()].iter().chain(events).chain(&[end.as_bytes(), br#"{"type":"message_stop"}"#])
    {
        body.extend_from_slice(b"data: ");
        body.extend_from_slice(event);
        body.extend_from_slice(b"\n\n");
    }
    stream(&body)
}

#[tokio::test]
async fn an_answer_in_which_something_was_lost_is_told_and_not_kept() {
    let begin = |block: &str| {
        r#"{"type":"content_block_start","index":0,"content_block":BLOCK}"#.replace("BLOCK", block).into_bytes()
    };
    let text = begin(r#"{"type":"text","text":""}"#);
    let tool = begin(TOOL);
    let says = |text: &[u8]| {
        let mut event =
            br#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#.to_vec();
        event.extend_from_slice(text);
        event.extend_from_slice(br#""}}"#);
        event
    };
    let input = br#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"\\ud83d\"}"}}"#;
    let stop: &[u8] = br#"{"type":"content_block_stop","index":0}"#;
    let (whole, spoilt, half) = (says("f\u{fc}r".as_bytes()), says(b"f\xfcr"), says(br"f\ud83d"));
    let cases: [(&str, &[&[u8]], &str, Origin); 8] = [
        ("whole", &[&text, &whole, stop], "end_turn", Origin::Cache),
        (
            "whole, and which block ended is left out",
            &[&text, &whole, br#"{"type":"content_block_stop"}"#],
            "end_turn",
            Origin::Cache,
        ),
        ("a tool", &[&tool, stop], "tool_use", Origin::Cache),
        ("no UTF-8", &[&text, &spoilt, stop], "end_turn", Origin::Live),
        ("half a character", &[&text, &half, stop], "end_turn", Origin::Live),
        ("half a character for a tool", &[&tool, input, stop], "tool_use", Origin::Live),
        ("a text that never ended", &[&text, &whole], "end_turn", Origin::Live),
        ("a tool is to be used, and there is none", &[&text, &whole, stop], "tool_use", Origin::Live),
    ];
    let scene = setting("[]").scene().await;
    let mut position = 0;
    for (what, events, reason, expected) in cases {
        let upstream = Upstream::start(vec![(answer("claude-sonnet-5-5", events, reason), Then::Keep)]).await;
        let gateway = scene.another(upstream.url.clone()).await;
        for expected in [Origin::Live, expected] {
            let reply = asked(&gateway, question(&scene, position, "Say something.")).await;
            assert_eq!(reply.origin, expected, "{what}: {:?}", reply.content);
            assert!(!reply.content.is_empty(), "{what}");
            position += 1;
        }
        drop(gateway);
    }
}
