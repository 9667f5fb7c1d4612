//! `POST /v1/messages`: from the body to the answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use serde_json::Value;

use crate::answer;
use crate::call::Call;
use crate::events::{Head, events};
use crate::fault::Fault;
use crate::log::Outcome;
use crate::playback::{Playback, Step};
use crate::question::Question;
use crate::refusal::Refusal;
use crate::reply::{Block, Reply};
use crate::script::ScriptItem;
use crate::state::{Plan, Shared};
use crate::usage::SimUsage;
use crate::wire::{Body, Broken, Reply as HttpReply};

/// Answers a request whose body was read.
pub(crate) async fn answer(mut call: Call, question: Result<Question, Refusal>) -> HttpReply {
    let question = match question {
        Ok(question) => question,
        Err(refusal) => return Ok(refuse(call, &refusal, Vec::new())),
    };
    call.asks(&question);
    let shared = Arc::clone(&call.shared);
    let plan = shared.plan(&question);
    let rate_headers = || shared.state().limiter.headers(question.model, shared.clock.now_ms());
    let mut plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return Ok(refuse(call, &refusal, rate_headers())),
    };
    let fault = plan.fault.clone();
    if let Some(fault) = &fault {
        call.note(|entry| entry.fault = Some(fault.to_string()));
    }
    let (reply, usage) = compose(&question, &plan);
    call.expects(usage.clone(), std::mem::take(&mut plan.cache));
    call.note(|entry| entry.stop_reason = Some(reply.stop_reason.clone()));
    wait_for_first_byte(&shared, &plan).await;
    if let Some(Fault::Status { billed: true, .. } | Fault::Close { billed: true }) = &fault {
        call.bill_full();
    }
    if let Some(Fault::Close { .. }) = &fault {
        call.end(Outcome::Closed);
        return Err(Broken);
    }
    if let Some(refusal) = fault.as_ref().and_then(Fault::refusal) {
        return Ok(refuse(call, &refusal, rate_headers()));
    }
    let id = format!("msg_sim{:017}", call.index);
    let head = Head { id: &id, model: question.model.id, usage: &usage, fault: fault.as_ref() };
    let list = events(&reply, &head, shared.config.tokens_per_event);
    let message = if question.stream { Value::Null } else { head.message(&reply) };
    let request_id = call.request_id();
    call.note(|entry| entry.status = Some(200));
    let mut response = Response::builder().header("request-id", &request_id);
    for (name, value) in rate_headers() {
        response = response.header(name, value);
    }
    let tempo = match &fault {
        Some(Fault::Drip { ms }) => plan.tempo.dripping(Duration::from_millis(*ms)),
        _ => plan.tempo,
    };
    let playback = Playback::new(call, list, message, usage, tempo, fault);
    let (kind, body) = if question.stream {
        ("text/event-stream; charset=utf-8", streamed(playback))
    } else {
        match whole(playback).await {
            Ok(body) => ("application/json", body),
            Err((call, refusal)) => return Ok(refuse(*call, &refusal, rate_headers())),
        }
    };
    response.header("content-type", kind).header("cache-control", "no-cache").body(body).map_err(|_| Broken)
}

/// The answer's content and its final usage.
pub(crate) fn compose(question: &Question, plan: &Plan) -> (Reply, SimUsage) {
    let given = plan.item.as_ref().and_then(given_blocks);
    let mut reply = Reply::fit(given.unwrap_or_else(|| answer::answer(question)), question);
    if let Some(reason) = plan.item.as_ref().and_then(|item| item.stop_reason.as_ref()) {
        reply.stop_reason.clone_from(reason);
    }
    let tier = plan.tier.to_owned();
    let mut usage = SimUsage { output_tokens: reply.tokens, service_tier: tier, ..SimUsage::default() };
    plan.cache.fill(&mut usage);
    if let Some(geo) = &question.geo {
        usage.inference_geo.clone_from(geo);
    }
    usage.speed.clone_from(&question.speed);
    if let Some(over) = plan.item.as_ref().and_then(|item| item.usage.as_ref()) {
        over.apply(&mut usage);
    }
    (reply, usage)
}

fn given_blocks(item: &ScriptItem) -> Option<Vec<Block>> {
    match (&item.content, &item.text) {
        (Some(blocks), _) => Some(blocks.iter().map(Block::from_api).collect()),
        (None, Some(text)) => Some(vec![Block::Text(text.clone())]),
        (None, None) => None,
    }
}

/// Waits as long as the answer's first byte takes. Errors that the API finds at once come at once, unless a script's
/// item says how long they take.
async fn wait_for_first_byte(shared: &Shared, plan: &Plan) {
    let late = match &plan.fault {
        Some(Fault::Status { status, billed }) => *billed || matches!(status, 502 | 504),
        Some(fault) => fault.refusal().is_none(),
        None => true,
    };
    let timed = plan.item.as_ref().is_some_and(|item| item.latency.is_some());
    let mut wait = if late || timed { plan.tempo.first_byte } else { Duration::ZERO };
    if let Some(Fault::Hang { ms }) = &plan.fault {
        wait += Duration::from_millis(*ms);
    }
    if !wait.is_zero() {
        shared.clock.sleep(wait).await;
    }
}

/// An error in place of a message.
pub(crate) fn refuse(mut call: Call, refusal: &Refusal, headers: Vec<(String, String)>) -> Response<Body> {
    call.note(|entry| {
        entry.status = Some(refusal.status);
        entry.stop_reason = None;
    });
    call.end(Outcome::Refused);
    crate::wire::error(refusal, &call.request_id(), headers)
}

fn streamed(playback: Playback) -> Body {
    let frames = stream::unfold(Some(playback), |playback| async move {
        let mut playback = playback?;
        match playback.step().await {
            Step::Event(bytes) | Step::Error(bytes) => Some((Ok(Frame::data(bytes)), Some(playback))),
            Step::Cut => Some((Err(Broken), None)),
            Step::End => None,
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Plays the events without sending them, then gives the message; an error event becomes an error answer, which like
/// every error before the first byte is not billed.
async fn whole(mut playback: Playback) -> Result<Body, (Box<Call>, Refusal)> {
    if matches!(playback.fault, Some(Fault::ErrorEvent { .. })) {
        return Err((Box::new(playback.call), crate::fault::of_status(500)));
    }
    let text = Bytes::from(playback.message.to_string());
    loop {
        match playback.step().await {
            Step::Event(_) | Step::Error(_) => {}
            Step::End => return Ok(Full::new(text).map_err(|never| match never {}).boxed_unsync()),
            Step::Cut => return Ok(torn(&text)),
        }
    }
}

/// The first half of a body whose other half never comes.
fn torn(text: &Bytes) -> Body {
    let half = text.slice(..text.len() / 2);
    let frames = stream::iter([Ok(Frame::data(half))]).chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(Broken)
    }));
    StreamBody::new(frames).boxed_unsync()
}
