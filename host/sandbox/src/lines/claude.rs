//! `claude` in lines: blocks of content are as the Messages API has them.

use super::answer::{Answer, Nothing, ok};
use super::blocks;
use super::wire::{Extras, WireEffort};
use crate::bindings::anvil::agent::claude as wit;
use crate::bindings::anvil::agent::claude::Host as _;
use crate::guest::Guest;
use anvil_types::Json;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    system: Option<String>,
    messages: Vec<Message>,
    #[serde(default)]
    tools: Vec<Tool>,
    effort: Option<WireEffort>,
    max_output_tokens: Option<u32>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default)]
    cacheable: bool,
    #[serde(default)]
    options: Extras,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requests {
    requests: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: WireRole,
    /// A text, or a list of blocks.
    content: Json,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireRole {
    User,
    Assistant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    #[serde(default)]
    description: String,
    input_schema: Json,
}

#[derive(Serialize)]
pub(super) struct Reply {
    content: Vec<Json>,
    /// The blocks of text, one after the other.
    text: String,
    stop_reason: String,
    model: String,
    usage: Used,
    cost_nanodollars: u64,
    origin: String,
    extras: Extras,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "as the contract has them")]
struct Used {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
pub(super) struct Failure {
    kind: String,
    message: String,
    retry_after_ms: Option<u64>,
    request_sent: bool,
}

#[derive(Serialize)]
pub(super) struct Remaining {
    job_nanodollars: u64,
    window_nanodollars: u64,
    calls: u32,
    max_input_tokens: u32,
    max_output_tokens: u32,
    pressure: f64,
    extras: Extras,
}

pub(super) async fn complete(guest: &mut Guest, with: Request) -> wasmtime::Result<Answer<Reply, Failure>> {
    guest.complete(with.into()).await.map(told)
}

pub(super) async fn complete_many(
    guest: &mut Guest,
    with: Requests,
) -> wasmtime::Result<Answer<Vec<Answer<Reply, Failure>>, ()>> {
    let requests = with.requests.into_iter().map(Into::into).collect();
    let answers = guest.complete_many(requests).await?;
    Ok(ok(answers.into_iter().map(told).collect()))
}

pub(super) async fn allowance(
    guest: &mut Guest,
    Nothing {}: Nothing,
) -> wasmtime::Result<Answer<Remaining, ()>> {
    let left = guest.allowance().await?;
    Ok(ok(Remaining {
        job_nanodollars: left.job_nanodollars,
        window_nanodollars: left.window_nanodollars,
        calls: left.calls,
        max_input_tokens: left.max_input_tokens,
        max_output_tokens: left.max_output_tokens,
        pressure: left.pressure,
        extras: left.extras.into(),
    }))
}

fn told(answer: Result<wit::Reply, wit::CallError>) -> Answer<Reply, Failure> {
    answer.map(Into::into).map_err(Into::into).into()
}

impl From<Request> for wit::Request {
    fn from(said: Request) -> Self {
        Self {
            system: said.system,
            messages: said.messages.into_iter().map(Into::into).collect(),
            tools: said.tools.into_iter().map(Into::into).collect(),
            effort: said.effort.map(Into::into),
            max_output_tokens: said.max_output_tokens,
            stop_sequences: said.stop_sequences,
            cacheable: said.cacheable,
            options: said.options.into(),
        }
    }
}

impl From<Message> for wit::Message {
    fn from(said: Message) -> Self {
        let role = match said.role {
            WireRole::User => wit::Role::User,
            WireRole::Assistant => wit::Role::Assistant,
        };
        let content = blocks::said(&said.content);
        Self { role, content }
    }
}

impl From<Tool> for wit::Tool {
    fn from(said: Tool) -> Self {
        Self {
            name: said.name,
            description: said.description,
            input_schema: said.input_schema.as_str().to_owned(),
        }
    }
}

impl From<wit::Reply> for Reply {
    fn from(reply: wit::Reply) -> Self {
        let texts = reply.content.iter().filter_map(|block| match block {
            wit::ContentBlock::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let text = texts.collect();
        Self {
            content: reply.content.iter().map(blocks::told).collect(),
            text,
            stop_reason: reply.stop_reason,
            model: reply.model,
            usage: Used {
                input_tokens: reply.usage.input_tokens,
                output_tokens: reply.usage.output_tokens,
                cache_read_tokens: reply.usage.cache_read_tokens,
                cache_write_tokens: reply.usage.cache_write_tokens,
            },
            cost_nanodollars: reply.cost_nanodollars,
            origin: reply.origin,
            extras: reply.extras.into(),
        }
    }
}

impl From<wit::CallError> for Failure {
    fn from(error: wit::CallError) -> Self {
        Self {
            kind: error.kind,
            message: error.message,
            retry_after_ms: error.retry_after_ms,
            request_sent: error.request_sent,
        }
    }
}
