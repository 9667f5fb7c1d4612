//! The wire against an upstream that answers as no API does: what is read of it, and what it counts as.

#[path = "wire/encoded.rs"]
mod encoded;
#[path = "wire/marks.rs"]
mod marks;
#[path = "wire/options.rs"]
mod options;
mod scene;
#[path = "wire/upstream.rs"]
mod upstream;

use anvil_gateway::{Ask, Gateway};
use anvil_store::AlertFilter;
use anvil_types::{
    AlertKind, CallError, CallErrorKind, CallRecord, CallState, ContentBlock, MOST_TOKENS, Nanodollars,
    Reply, Tool, UpstreamKind,
};
use scene::{Scene, Setting, ask};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use upstream::{Then, Upstream, answer, events, stream};

const SONNET: &str = "claude-sonnet-5-5";
const PLENTY: i64 = 1_000_000_000_000_000_000;

struct Wire {
    scene: Scene,
    gateway: Gateway,
    upstream: Upstream,
    asked: u32,
}

impl Wire {
    async fn new(answers: Vec<(Vec<u8>, Then)>) -> Self {
        Self::at(answers, |url| url).await
    }

    async fn at(answers: Vec<(Vec<u8>, Then)>, address: impl Fn(String) -> String) -> Self {
        let limits = anvil_types::Limits {
            hour_usd: Nanodollars::new(PLENTY),
            month_usd: Nanodollars::new(PLENTY),
            job_usd: Nanodollars::new(PLENTY),
            max_input_tokens: 100_000,
            ..scene::limits(PLENTY)
        };
        let scene = Setting { limits, ..Setting::script("[]") }.scene().await;
        let upstream = Upstream::start(answers).await;
        let mut config = scene.setting.config(address(upstream.url.clone()));
        config.patience.idle = Duration::from_millis(500);
        config.patience.call = Duration::from_secs(20);
        let gateway = Gateway::start(config, scene.store.clone(), scene.setting.clock.clone());
        let gateway = gateway.await.expect("a gateway");
        Self { scene, gateway, upstream, asked: 0 }
    }

    async fn streams(bodies: &[String]) -> Self {
        Self::new(bodies.iter().map(|body| (stream(body.as_bytes()), Then::Keep)).collect()).await
    }

    fn question(&mut self, text: &str) -> Ask {
        self.asked += 1;
        ask(&self.scene.job, self.asked - 1, text)
    }

    async fn call(&mut self) -> (Result<Reply, CallError>, CallRecord) {
        let question = self.question("Say something.");
        self.ask(question).await
    }

    async fn ask(&mut self, question: Ask) -> (Result<Reply, CallError>, CallRecord) {
        let end = self.gateway.call(question).wait().await;
        let answer = scene::told(self.scene.store.as_ref(), end).await;
        (answer, self.scene.last().await)
    }

    async fn alerts(&self, kind: AlertKind) -> usize {
        let filter = AlertFilter { states: Vec::new(), after: None, limit: 100 };
        let alerts = self.scene.store.alerts(filter).await.expect("alerts").items;
        alerts.into_iter().filter(|alert| alert.kind == kind).count()
    }
}

fn plain() -> String {
    events(
        SONNET,
        r#"{"input_tokens":11,"output_tokens":1}"#,
        "\"Gr\u{fc}\u{df}e \u{1f600}\"",
        r#"{"output_tokens":22}"#,
    )
}

fn text(reply: &Reply) -> &str {
    match reply.content.as_slice() {
        [ContentBlock::Text { text }] => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_the_same_in_every_form_of_a_stream() {
    let plain = plain();
    let stop = plain.rfind("event: message_stop").expect("it has one");
    let close = |body: &str| (answer(200, "connection: close\r\n", body.as_bytes()), Then::Close);
    let whole = r#"{"type":"message","model":"claude-sonnet-5-5","content":[{"type":"text","text":"Grüße 😀"}],"stop_reason":"end_turn","usage":{"input_tokens":11,"output_tokens":22}}"#;
    let forms = vec![
        (stream(plain.as_bytes()), Then::Keep),
        (stream(plain.replace('\n', "\r\n").as_bytes()), Then::Keep),
        (stream(plain.replace('\n', "\r").as_bytes()), Then::Keep),
        (stream(format!("\u{feff}: hello\n\n{plain}data: nonsense\n\n").as_bytes()), Then::Keep),
        (stream(plain.replace("event: ", "x: ").as_bytes()), Then::Keep),
        (
            stream(
                plain
                    .replace("event: message_delta", "event: later\ndata: soon\n\nevent: message_delta")
                    .as_bytes(),
            ),
            Then::Keep,
        ),
        // Without its blank line, without its line's end, without its last event, or cut within that.
        close(&plain[..plain.len() - 1]),
        close(&plain[..plain.len() - 2]),
        close(&plain[..stop]),
        close(&plain[..stop + 30]),
        close(&format!("{}data: [DONE]\n\n", &plain[..stop])),
        // No end of the chunks.
        (stream(&plain.as_bytes()[..stop]).split_last_chunk::<5>().expect("long").0.to_vec(), Then::Close),
        // In one piece, by whatever name.
        (answer(200, "content-type: application/json\r\n", whole.as_bytes()), Then::Keep),
        (answer(200, "content-type: text/event-stream\r\n", format!("\n {whole}").as_bytes()), Then::Keep),
        (answer(200, "content-type: text/plain\r\n", plain.as_bytes()), Then::Keep),
        (answer(200, "", plain.as_bytes()), Then::Keep),
    ];
    let count = forms.len();
    let mut wire = Wire::new(forms).await;
    for form in 0..count {
        let (reply, call) = wire.call().await;
        let reply = reply.unwrap_or_else(|error| panic!("form {form}: {error}"));
        assert_eq!(text(&reply), "Gr\u{fc}\u{df}e \u{1f600}", "form {form}");
        assert_eq!((reply.stop_reason.as_str(), reply.model.as_str()), ("end_turn", SONNET), "form {form}");
        assert_eq!(
            (call.state, call.cost.get()),
            (CallState::Settled, 11 * 2_000 + 22 * 10_000),
            "form {form}"
        );
    }
    assert_eq!(wire.upstream.requests().len(), count);
    assert!(wire.upstream.requests()[0].to_lowercase().contains("accept-encoding: identity\r\n"));
}

#[tokio::test]
async fn a_character_cut_in_two_between_deltas_is_whole() {
    let halves = plain().replace(
        "\"Gr\u{fc}\u{df}e \u{1f600}\"}}",
        r#""Done \ud83d"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\ude00! \ud83d"}}"#,
    );
    let mut wire = Wire::streams(&[halves]).await;
    let shown = Arc::new(Mutex::new(String::new()));
    let sink = shown.clone();
    let mut question = wire.question("Say something.");
    question.text = Some(Arc::new(move |text: &str| sink.lock().expect("no panic").push_str(text)));
    let (reply, call) = wire.ask(question).await;
    assert_eq!(text(&reply.expect("an answer")), "Done \u{1f600}! \u{fffd}");
    assert_eq!(call.state, CallState::Settled);
    assert_eq!(*shown.lock().expect("no panic"), "Done \u{1f600}! ");
}

#[tokio::test]
async fn what_cannot_be_read_of_an_answer_is_an_error_and_what_came_later_is_passed_over() {
    let with = |delta: &str| {
        plain().replace(
            "event: content_block_stop",
            &format!("event: content_block_delta\ndata: {delta}\n\nevent: content_block_stop"),
        )
    };
    let unreadable = [
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":5}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":"x"}"#,
        r#"{"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"text":""}}"#,
        r#"{"type":"content_block_delta""#,
    ];
    let later = [
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}"#,
        r#"{"type":"content_block_later","index":9}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"","x":[[1e999]]}}"#,
        r#"{"type":"ping"}"#,
    ];
    let streams: Vec<_> = unreadable.into_iter().chain(later).map(with).collect();
    let mut wire = Wire::streams(&streams).await;
    for delta in unreadable {
        let (reply, call) = wire.call().await;
        let error = reply.expect_err(delta);
        assert_eq!(error.kind, CallErrorKind::UnknownOutcome, "{delta}");
        assert_eq!(call.state, CallState::Unknown, "{delta}");
    }
    for delta in later {
        let (reply, call) = wire.call().await;
        assert_eq!(text(&reply.expect(delta)), "Gr\u{fc}\u{df}e \u{1f600}");
        assert_eq!(call.state, CallState::Settled, "{delta}");
    }
}

#[tokio::test]
async fn a_tools_input_that_is_no_object_is_told_as_what_it_is() {
    let tool = |input: &str| {
        let part = serde_json::Value::from(input).to_string();
        let block = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"u","name":"t","input":{}}}"#;
        let delta = format!(
            r#"{{"type":"content_block_delta","index":1,"delta":{{"type":"input_json_delta","partial_json":{part}}}}}"#
        );
        plain().replace(
            "event: message_delta",
            &format!("data: {block}\n\ndata: {delta}\n\nevent: message_delta"),
        )
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let odd = ["{\"a\":\"cut", "[1]", "{\"a\":1e999}", &deep, ""];
    let good = [("{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ufffd\"}"), ("{\"a\":1e15}", "{\"a\":1e15}")];
    let streams: Vec<_> = odd.into_iter().chain(good.map(|(input, _)| input)).map(tool).collect();
    let mut wire = Wire::streams(&streams).await;
    for input in odd {
        let (reply, call) = wire.call().await;
        let reply = reply.expect("an answer");
        assert_eq!(call.state, CallState::Settled);
        match &reply.content[1] {
            ContentBlock::Other { json } => {
                let block: serde_json::Value = serde_json::from_str(json).expect("JSON");
                assert_eq!((&block["type"], &block["partial_input"]), (&"tool_use".into(), &input.into()));
            }
            ContentBlock::ToolUse { input: whole, .. } => assert_eq!((input, whole.as_str()), ("", "{}")),
            other => panic!("{other:?}"),
        }
    }
    for (_, mended) in good {
        let (reply, _) = wire.call().await;
        let reply = reply.expect("an answer");
        let input = mended.to_owned();
        assert_eq!(reply.content[1], ContentBlock::ToolUse { id: "u".into(), name: "t".into(), input });
    }
}

#[tokio::test]
async fn nothing_is_counted_where_claude_had_not_begun() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let event = format!("event: error\ndata: {error}\n\n");
    let redirect = answer(307, "location: http://me:s3cret@elsewhere.example/x?key=s3cret\r\n", b"");
    let slow = |status: u16| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: 9000\r\n\r\n{{\"error\":{{\"message\":\"too odd\""
        );
        (head.into_bytes(), Then::Hang)
    };
    let mut wire = Wire::new(vec![
        (stream(event.as_bytes()), Then::Keep),
        (answer(200, "content-type: application/json\r\n", error.as_bytes()), Then::Keep),
        (redirect, Then::Keep),
        slow(400),
        (
            stream(
                format!("{}{event}", &plain()[..plain().find("event: message_delta").expect("it has one")])
                    .as_bytes(),
            ),
            Then::Keep,
        ),
    ])
    .await;
    for (kind, says) in [
        (CallErrorKind::Overloaded, "overloaded_error: Overloaded"),
        (CallErrorKind::Overloaded, "Overloaded"),
        (CallErrorKind::Upstream, "points to http://elsewhere.example/x;"),
        (CallErrorKind::InvalidRequest, "400"),
    ] {
        let (reply, call) = wire.call().await;
        let error = reply.expect_err(says);
        assert_eq!((error.kind, call.state), (kind, CallState::Released), "{error}");
        assert!(error.message.contains(says) && !error.message.contains("s3cret"), "{error}");
    }
    // After it had, the table counts.
    let (reply, call) = wire.call().await;
    assert!(reply.expect_err("it broke off").message.contains("overloaded_error"));
    assert_eq!((call.state, call.cost.get()), (CallState::Unknown, 11 * 2_000 + 200 * 10_000));
}

#[tokio::test]
async fn what_an_error_tells_of_usage_beside_it_counts() {
    let usage = r#""usage":{"input_tokens":11,"output_tokens":5}"#;
    let fault = r#""error":{"type":"overloaded_error","message":"Overloaded"}"#;
    let json =
        |body: String| (answer(200, "content-type: application/json\r\n", body.as_bytes()), Then::Keep);
    let event = |body: String| (stream(format!("data: {body}\n\n").as_bytes()), Then::Keep);
    let message = format!(r#"{{"role":"assistant","content":[],{usage}}}"#);
    let beside = format!(r#"{{"type":"error",{fault},{usage}}}"#);
    let twice = format!(r#"{{"type":"message","content":[],{usage},"type":"error",{fault}}}"#);
    let begun = format!(r#"{{"type":"message_start","message":{message},"type":"error",{fault}}}"#);
    let mut wire =
        Wire::new(vec![json(beside.clone()), json(twice), json(begun.clone()), event(beside), event(begun)])
            .await;
    for _ in 0..5 {
        let (reply, call) = wire.call().await;
        assert!(reply.expect_err("it is none").message.contains("Overloaded"));
        // What was told of the input, and all of the output that may have been.
        assert_eq!((call.state, call.cost.get()), (CallState::Unknown, 11 * 2_000 + 200 * 10_000));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_said_as_what_it_is() {
    let page = b"<!DOCTYPE html><html><title>Sign in</title></html>";
    let mut wire = Wire::new(vec![
        (answer(200, "content-type: text/html; charset=utf-8\r\n", page), Then::Keep),
        (answer(200, "content-type: text/event-stream\r\n", page), Then::Keep),
        (answer(200, "content-type: text/event-stream\r\n", b""), Then::Keep),
        (answer(200, "content-type: application/json\r\n", b"{\"ok\":true}"), Then::Keep),
        (
            answer(200, "content-type: text/event-stream\r\ncontent-encoding: secret\r\n", b"\x1f\x8b"),
            Then::Keep,
        ),
        (stream(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"), Then::Keep),
        (
            answer(
                403,
                "content-type: text/html\r\n",
                b"<html><title>Blocked by a \x1b[31mfirewall</title></html>",
            ),
            Then::Keep,
        ),
        (answer(413, "", b"Request Entity Too Large"), Then::Keep),
        (answer(400, "", b""), Then::Keep),
    ])
    .await;
    for says in [
        "text/html in place of an event stream, and said: Sign in",
        "text/event-stream in place of an event stream, and said: Sign in",
        "the answer ended before its end",
        "application/json in place of an event stream, and said: {\"ok\":true}",
        "a body encoded as secret",
        "an end and no beginning",
    ] {
        let (reply, call) = wire.call().await;
        let error = reply.expect_err(says);
        assert!(error.message.contains(says), "{error}");
        assert_eq!((call.state, call.cost), (CallState::Unknown, call.hold), "{says}");
    }
    for says in ["Blocked by a firewall", "Request Entity Too Large", "Bad Request"] {
        let (reply, call) = wire.call().await;
        let error = reply.expect_err(says);
        assert!(error.message.contains(says), "{error}");
        assert_eq!(call.state, CallState::Released, "{says}");
    }
}

#[tokio::test]
async fn what_was_told_counts_above_the_hold_too() {
    let cut = |first: &str| {
        let plain = events(SONNET, first, "\"x\"", "{}");
        plain[..plain.find("event: message_delta").expect("it has one")].to_owned()
    };
    let mut wire = Wire::streams(&[
        cut(r#"{"input_tokens":90000,"output_tokens":1}"#),
        events(
            SONNET,
            r#"{"input_tokens":90000,"output_tokens":1}"#,
            "\"x\"",
            r#"{"input_tokens":0,"output_tokens":7}"#,
        ),
        events(SONNET, r#"{"input_tokens":11,"output_tokens":1}"#, "\"x\"", r#"{"output_tokens":0}"#),
        events(SONNET, r#"{"input_tokens":11,"output_tokens":90}"#, "\"x\"", r#"{"output_tokens":60}"#),
        events(SONNET, r#"{"input_tokens":-11,"output_tokens":1}"#, "\"x\"", r#"{"output_tokens":22}"#),
        events(SONNET, "null", "\"x\"", r#"{"output_tokens":22}"#),
        events(SONNET, r#"{"input_tokens":11,"output_tokens":22}"#, "\"x\"", "null"),
    ])
    .await;
    let mut costs = Vec::new();
    for is_answer in [false, true, true, true, true, true, true] {
        let (reply, call) = wire.call().await;
        assert_eq!(reply.is_ok(), is_answer, "{reply:?}");
        costs.push((call.state, call.cost.get(), call.hold.get()));
    }
    let hold = costs[0].2;
    let unknown = |cost| (CallState::Unknown, cost, hold);
    assert_eq!(
        costs,
        [
            unknown(90_000 * 2_000 + 200 * 10_000),
            (CallState::Settled, 90_000 * 2_000 + 7 * 10_000, hold),
            unknown(11 * 2_000 + 200 * 10_000),
            unknown(11 * 2_000 + 90 * 10_000),
            unknown(hold),
            unknown(hold),
            unknown(11 * 2_000 + 200 * 10_000),
        ]
    );
    let spend = wire.scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!((spend.bounds_broken, spend.total.held), (2, Nanodollars::ZERO));
    assert_eq!(wire.alerts(AlertKind::BoundBroken).await, 1);
}

#[tokio::test]
async fn a_prompt_of_no_tokens_is_not_believed() {
    let none = events(SONNET, r#"{"input_tokens":0,"output_tokens":1}"#, "\"x\"", r#"{"output_tokens":7}"#);
    let mut wire = Wire::streams(&[none]).await;
    let question = wire.question(&"word ".repeat(400));
    let (reply, call) = wire.ask(question).await;
    reply.expect("an answer");
    assert_eq!((call.state, call.cost), (CallState::Unknown, call.hold));
    assert!(call.detail.expect("a reason").contains("too few"));
}

#[tokio::test]
async fn a_usage_that_cannot_be_is_bounded_and_stored() {
    let big = u64::MAX;
    let absurd = format!(
        r#"{{"input_tokens":{big},"output_tokens":{big},"cache_read_input_tokens":1e30,"cache_creation_input_tokens":{big},"cache_creation":{{"ephemeral_5m_input_tokens":{big},"ephemeral_1h_input_tokens":{big}}},"service_tier":"{}"}}"#,
        "t".repeat(100_000)
    );
    let absurd = events(&"m".repeat(100_000), &absurd, "\"x\"", &absurd);
    let absurd = absurd.replace("\"end_turn\"", &format!("\"{}\"", "r".repeat(100_000)));
    let mut wire = Wire::streams(&[absurd.clone(), absurd, plain()]).await;
    for _ in 0..2 {
        let (reply, call) = wire.call().await;
        let reply = reply.expect("an answer");
        assert_eq!((call.state, call.usage.output_tokens), (CallState::Unknown, MOST_TOKENS));
        assert!(call.cost > call.hold);
        for word in [&reply.model, &reply.stop_reason, call.usage.service_tier.as_ref().expect("a tier")] {
            assert!(word.len() <= 64, "{} bytes", word.len());
        }
        assert!(call.detail.expect("a reason").len() < 200);
    }
    let spend = wire.scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!((spend.bounds_broken, spend.total.held), (2, Nanodollars::ZERO));
}

#[tokio::test]
async fn another_model_that_answers_is_never_booked_at_the_price_of_the_one_that_was_asked() {
    let of = |model: &str| {
        events(model, r#"{"input_tokens":400,"output_tokens":1}"#, "\"x\"", r#"{"output_tokens":100}"#)
    };
    let fast = events(
        "claude-opus-5-5",
        r#"{"input_tokens":400,"output_tokens":1,"speed":"fast"}"#,
        "\"x\"",
        r#"{"output_tokens":100}"#,
    );
    let mut wire = Wire::streams(&[
        of("claude-opus-5-5"),
        of("claude-haiku-5-5"),
        of("claude-sonnet-5-5-20261007"),
        fast,
        of("claude-mystery-9"),
        of("claude-mystery-9"),
    ])
    .await;
    let sonnet = 400 * 2_000 + 100 * 10_000;
    for (state, cost) in [
        (CallState::Settled, 400 * 4_000 + 100 * 20_000),
        (CallState::Settled, sonnet),
        (CallState::Settled, sonnet),
        (CallState::Settled, 400 * 8_000 + 100 * 40_000),
        (CallState::Unknown, sonnet),
        (CallState::Unknown, sonnet),
    ] {
        let (reply, call) = wire.call().await;
        reply.expect("an answer");
        assert_eq!((call.state, call.cost.get()), (state, cost), "{:?}", call.model_answered);
    }
    assert_eq!(wire.alerts(AlertKind::Unpriced).await, 1);
}

#[tokio::test]
async fn an_answer_that_names_another_model_each_time_makes_no_storm_of_alerts() {
    let of = |n: u32| {
        let model = format!("claude-mystery-{n}");
        events(&model, r#"{"input_tokens":400,"output_tokens":1}"#, "\"x\"", r#"{"output_tokens":100}"#)
    };
    let bodies: Vec<_> = (0..40).map(of).collect();
    let mut wire = Wire::streams(&bodies).await;
    for n in 0..40 {
        let (reply, call) = wire.call().await;
        reply.expect("an answer");
        assert_eq!(
            (call.state, call.model_answered),
            (CallState::Unknown, Some(format!("claude-mystery-{n}")))
        );
    }
    // Twenty by their names, and all others together; an hour may end in between.
    let alerts = wire.alerts(AlertKind::Unpriced).await;
    assert!((21..=40).contains(&alerts), "{alerts}");
}

#[tokio::test]
async fn the_body_that_is_sent_is_the_one_that_is_bounded() {
    let mut wire = Wire::streams(&[plain()]).await;
    let numbers = vec!["1e15"; 2_000].join(",");
    let schema = format!(r#"{{"type":"object","enum":[{numbers}],"title":"{}"}}"#, "\u{e9}".repeat(100));
    let mut question = wire.question("Say something.");
    question.request.tools =
        vec![Tool { name: "t".into(), description: "d".into(), input_schema: schema.clone() }];
    question.request.max_output_tokens = Some(1);
    let (reply, call) = wire.ask(question).await;
    reply.expect("an answer");
    let request = &wire.upstream.requests()[0];
    assert!(request.contains(&schema), "the agent's JSON is sent as it was given");
    // As the longest form in which upstream can write it anew, every byte a token, at the dearest price.
    let rewritten = 2_000 * 25 + 100 * 6;
    assert!(call.hold.get() > rewritten * 4_000, "{} for {rewritten} bytes", call.hold);
}

#[tokio::test]
async fn a_secret_that_upstream_repeats_leaves_the_gateway_nowhere() {
    let said =
        r#"{"error":{"type":"invalid_request_error","message":"bad s3cretpw in Basic bWU6czNjcmV0cHc="}}"#;
    let echo = plain().replace("Gr\u{fc}\u{df}e", "s3cretpw").replace("end_turn", "s3cretpw");
    // As its model, and as each word of its usage.
    let itself = events(
        "m-s3cretpw",
        r#"{"input_tokens":11,"output_tokens":1,"service_tier":"s3cretpw","speed":"S3cretPW","inference_geo":"s3cretpw"}"#,
        "\"x\"",
        r#"{"output_tokens":7,"service_tier":"x s3cretpw"}"#,
    );
    let mut wire = Wire::at(
        vec![
            (answer(400, "", said.as_bytes()), Then::Keep),
            (stream(echo.as_bytes()), Then::Keep),
            (stream(itself.as_bytes()), Then::Keep),
        ],
        |url| url.replace("http://", "http://me:s3cretpw@"),
    )
    .await;
    let (reply, refused) = wire.call().await;
    let error = reply.expect_err("it is refused");
    assert!(error.message.contains("bad [redacted] in Basic [redacted]"), "{error}");
    let (reply, answered) = wire.call().await;
    let reply = reply.expect("an answer");
    assert_eq!((text(&reply), reply.stop_reason.as_str()), ("[redacted] \u{1f600}", "[redacted]"));
    let (_, named) = wire.call().await;
    let alerts = wire.scene.store.alerts(AlertFilter { limit: 50, ..AlertFilter::default() }).await;
    let shown = format!(
        "{:?} {refused:?} {answered:?} {named:?} {alerts:?} {:?}",
        wire.gateway,
        wire.gateway.upstream()
    );
    assert!(shown.contains("m-[redacted]") && !shown.to_lowercase().contains("s3cretpw"), "{shown}");
    assert!(wire.upstream.requests()[0].contains("authorization: Basic bWU6czNjcmV0cHc="));
    assert_eq!(wire.gateway.upstream().base_url, wire.upstream.url);
}

#[tokio::test]
async fn an_event_and_an_answer_have_an_end() {
    let large = events(
        SONNET,
        r#"{"input_tokens":11,"output_tokens":1}"#,
        &format!("\"{}\"", "x".repeat(8 << 20)),
        // So many that the text can have come of them.
        r#"{"output_tokens":40000}"#,
    );
    let endless = plain().replace("Gr\u{fc}\u{df}e", &"x".repeat(20 << 20));
    let block = |index: usize| {
        format!(
            "data: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":{{\"type\":\"text\"}}}}\n\n"
        )
    };
    let many: String = (1..10_100).map(block).collect();
    let many = plain().replace("event: message_delta", &format!("{many}event: message_delta"));
    let mut wire = Wire::streams(&[large, endless, many]).await;
    let (reply, call) = wire.call().await;
    assert_eq!(text(&reply.expect("an answer")).len(), 8 << 20);
    assert_eq!((call.state, call.cost.get()), (CallState::Settled, 11 * 2_000 + 40_000 * 10_000));
    for says in ["larger than 16 MiB", "too many blocks"] {
        let (reply, call) = wire.call().await;
        assert!(reply.expect_err(says).message.contains(says));
        assert_eq!((call.state, call.cost.get()), (CallState::Unknown, 11 * 2_000 + 200 * 10_000));
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_an_answer() {
    let mut wire = Wire::streams(&[plain()]).await;
    for _ in 0..5 {
        let (reply, _) = wire.call().await;
        reply.expect("an answer");
        // The mark of the body's end is read in the background.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(wire.upstream.connections() < 5, "{} connections for 5 calls", wire.upstream.connections());
}
