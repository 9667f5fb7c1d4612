//! What is sent, byte for byte.

use crate::scene::{Scene, Setting, ask, claimed, limits};
use crate::upstream::{Then, Upstream, events, stream};
use anvil_gateway::{Ask, CallEnd, Gateway, GatewayConfig};
use anvil_store::ReplyBounds;
use anvil_types::{Compression, ContentBlock, Message, PerAgent, Reply, Role, Tool};
use serde_json::Value;
use std::time::Duration;

pub(crate) const DATA: &str = "{\n  \"a\": 1e15,\n  \"b\": [ 1, 2 ],\n  \"c\": \"x  y\",\n  \"d\": \"some text that is long enough\"\n}";
pub(crate) const TIGHT: &str =
    "{\"a\":1e15,\"b\":[1,2],\"c\":\"x  y\",\"d\":\"some text that is long enough\"}";

pub(crate) fn said(role: Role, text: &str) -> Message {
    Message { role, content: vec![ContentBlock::Text { text: text.to_owned() }] }
}

pub(crate) struct Sent {
    scene: Scene,
    pub(crate) upstream: Upstream,
    pub(crate) gateway: Gateway,
    asked: u32,
}

impl Sent {
    async fn new(compression: Compression) -> Self {
        Self::with(compression, None).await
    }

    pub(crate) async fn with(compression: Compression, reply_cache: Option<ReplyBounds>) -> Self {
        let limits = limits(1_000_000_000_000);
        let scene = Setting { limits, reply_cache, ..Setting::script("[]") }.scene().await;
        let usage = r#"{"input_tokens":900,"output_tokens":1}"#;
        let answer = events("claude-sonnet-5-5", usage, r#""Yes.""#, r#"{"output_tokens":3}"#);
        let upstream = Upstream::start(vec![(stream(answer.as_bytes()), Then::Keep)]).await;
        let gateway = Self::gateway(&scene, &upstream, compression).await;
        Self { scene, upstream, gateway, asked: 0 }
    }

    async fn gateway(scene: &Scene, upstream: &Upstream, compression: Compression) -> Gateway {
        let own = [("plain".to_owned(), Compression::Off)];
        let mut config = GatewayConfig {
            compression: PerAgent { all: compression, agents: own.into() },
            ..scene.setting.config(upstream.url.clone())
        };
        config.patience.first_byte = Duration::from_secs(10);
        Gateway::start(config, scene.store.clone(), scene.setting.clock.clone()).await.expect("a gateway")
    }

    /// The host ends, and comes again with this setting.
    pub(crate) async fn restart(&mut self, compression: Compression) {
        self.gateway = Self::gateway(&self.scene, &self.upstream, compression).await;
    }

    /// From here another job asks.
    pub(crate) async fn next_job(&mut self) {
        self.scene.job = claimed(self.scene.store.as_ref(), self.scene.setting.clock.as_ref()).await;
        self.asked = 0;
    }

    pub(crate) fn question(&mut self, messages: Vec<Message>) -> Ask {
        self.asked += 1;
        let mut question = ask(&self.scene.job, self.asked - 1, "");
        question.request.messages = messages;
        question
    }

    /// The body of a question, and its reply.
    async fn ask(&mut self, question: Ask) -> (Value, Reply) {
        let end = self.gateway.call(question).wait().await;
        let CallEnd::Answered { answer: Ok(reply), .. } = end else { panic!("{end:?}") };
        let request = self.upstream.requests().pop().expect("one was sent");
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        (serde_json::from_str(body).expect("JSON"), reply)
    }

    async fn body(&mut self, messages: Vec<Message>) -> Value {
        let question = self.question(messages);
        self.ask(question).await.0
    }
}

fn text(body: &Value, message: usize) -> &str {
    body["messages"][message]["content"][0]["text"].as_str().expect("a text")
}

#[tokio::test]
async fn a_conversation_goes_on_as_it_began_over_restarts_and_whatever_is_set_then() {
    let first = format!("Look:\n\n{DATA}\n\nWhat is it?");
    let mut turns = vec![said(Role::User, &first)];
    for (began, shorter) in [(Compression::On, true), (Compression::Off, false)] {
        let mut sent = Sent::new(began).await;
        let body = sent.body(turns.clone()).await;
        assert_eq!(text(&body, 0).contains(TIGHT), shorter);
        turns.extend([said(Role::Assistant, "Yes."), said(Role::User, &format!("And {DATA}?\n\n{DATA}"))]);
        for now in [Compression::On, Compression::Lossy, Compression::Off] {
            sent.restart(now).await;
            let longer = sent.body(turns.clone()).await;
            assert_eq!(longer["messages"][0], body["messages"][0], "as it was, whatever {now} says");
            assert_eq!(text(&longer, 2).contains(TIGHT), shorter, "{now}");
        }
        // Another conversation of the same job is another matter.
        sent.restart(Compression::On).await;
        let other = sent.body(vec![said(Role::User, &format!("Other.\n\n{DATA}"))]).await;
        assert_eq!(text(&other, 0), format!("Other.\n\n{TIGHT}"));
        turns.truncate(1);
    }
}

#[tokio::test]
async fn what_must_stay_stays_byte_for_byte() {
    let mut sent = Sent::new(Compression::On).await;
    let loose = format!("{DATA}\n\n\n\nText.   \nMore \n");
    let (used, given) = ("{ \"q\":  1 }", "{\n  \"answer\": 42,\n  \"of\": \"the  tool\"\n}");
    let mut question = sent.question(vec![
        said(Role::User, "Go."),
        Message {
            role: Role::Assistant,
            content: vec![
                ContentBlock::Text { text: loose.clone() },
                ContentBlock::ToolUse { id: "u".into(), name: "t".into(), input: used.into() },
            ],
        },
        Message {
            role: Role::User,
            content: vec![ContentBlock::ToolResult {
                tool_use_id: "u".into(),
                content: given.into(),
                is_error: false,
            }],
        },
    ]);
    question.request.system = Some(loose.clone());
    question.request.tools = vec![Tool {
        name: "t".into(),
        description: loose.clone(),
        input_schema: "{ \"type\":  \"object\" }".into(),
    }];
    let own = Ask { request: question.request.clone(), ..sent.question(Vec::new()) };
    let (body, reply) = sent.ask(question).await;
    assert_eq!(body["system"], loose);
    assert_eq!(body["tools"][0]["description"], loose);
    assert_eq!(body["messages"][1]["content"][0]["text"], loose);
    let request = sent.upstream.requests().pop().expect("one");
    assert!(request.contains(used) && request.contains("{ \"type\":  \"object\" }"));
    assert_eq!(body["messages"][2]["content"][0]["content"], r#"{"answer":42,"of":"the  tool"}"#);
    assert!(reply.extras.contains(&("compression".into(), "\"on\"".into())));

    // What a mark covers that the request has itself.
    let mut marked = own;
    marked.request.options = vec![("cache_control".into(), r#"{"type":"ephemeral"}"#.into())];
    marked.request.messages[0] = said(Role::User, "Go now.");
    let (body, reply) = sent.ask(marked).await;
    assert_eq!(body["messages"][2]["content"][0]["content"], given);
    assert!(reply.extras.iter().all(|(name, _)| name != "compression"));

    // Thinking that is not known from here is bound to what stood before it.
    let thought = ContentBlock::Thinking { text: "Hm.".into(), signature: "c2ln".into() };
    let body = sent
        .body(vec![
            said(Role::User, &loose),
            Message {
                role: Role::Assistant,
                content: vec![thought, ContentBlock::Text { text: "Yes.".into() }],
            },
            said(Role::User, &loose),
        ])
        .await;
    assert_eq!((text(&body, 0), text(&body, 2)), (loose.as_str(), loose.as_str()));
}

#[tokio::test]
async fn an_agents_own_setting_goes_first_and_loss_is_told() {
    let mut sent = Sent::new(Compression::Lossy).await;
    let code = "Look:\n\n```rust\n// A comment that is left out where that may be.\nfn a() {}\n```\n";
    let question = sent.question(vec![said(Role::User, code)]);
    let (body, reply) = sent.ask(question.clone()).await;
    assert_eq!(text(&body, 0), "Look:\n\n```rust\nfn a() {}\n```\n");
    assert!(reply.extras.contains(&("compression".into(), "\"lossy\"".into())));
    let mut plain = sent.question(question.request.messages);
    let anvil_types::Asker::Job(asker) = &mut plain.asker else { unreachable!("a job asks") };
    asker.agent = "plain".into();
    let (body, reply) = sent.ask(plain).await;
    assert_eq!(text(&body, 0), code);
    assert!(reply.extras.iter().all(|(name, _)| name != "compression"));
}

#[tokio::test]
async fn what_is_sent_is_what_is_bounded_and_held() {
    let mut sent = Sent::new(Compression::On).await;
    let long = format!("{DATA}\n\n").repeat(20);
    let _ = sent.body(vec![said(Role::User, &long)]).await;
    sent.restart(Compression::Off).await;
    let _ = sent.body(vec![said(Role::User, &long)]).await;
    let calls = sent.scene.store.calls(sent.scene.job.job.id).await.expect("calls");
    let [shorter, plain] = &calls[..] else { panic!("two calls") };
    assert!(shorter.hold < plain.hold, "{} {}", shorter.hold, plain.hold);
    assert!(shorter.compressed.is_some_and(|told| told.tokens > 0 && told.saved.get() > 0));
    assert_eq!(plain.compressed, None);
}
