//! A request in the Messages API's form.
//!
//! Source of the form: `POST /v1/messages`, `anthropic-version: 2023-06-01`. The agent's JSON is sent as the
//! agent gave it, so that its keys keep their order and its numbers their length.

use crate::agent::options;
use crate::prompt_cache::caches::Mark;
use crate::prompt_cache::outline::Place;
use anvil_budget::CacheTtl;
use anvil_types::{ContentBlock, Message, Request, RequestOption, Role, Tier, listed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

/// A field of a request that is not what it has to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("the request has no messages")]
    NoMessages,
    #[error("the first message must be the user's")]
    FirstTurn,
    #[error("message {0} has no content")]
    EmptyMessage(usize),
    #[error("message {0} has an image of no byte")]
    EmptyImage(usize),
    #[error("two tools have the name `{0}`; each tool needs a name of its own")]
    SameTool(String),
    #[error("{0} is no JSON that can be sent: {1}")]
    NotJson(String, String),
    #[error("the option `{0}` is not known; known are: {all}", all = RequestOption::NAMES.join(", "))]
    UnknownOption(String),
    #[error("the option `{0}` is given twice")]
    SameOption(String),
    #[error("the option `{tier}` is {0}; it names {all}", tier = RequestOption::Tier, all = listed(Tier::ALL, "or"))]
    Tier(String),
    #[error("the option `{option}` is {found}; it is {expected}")]
    Value { option: RequestOption, found: String, expected: String },
    #[error("{0} is not known to take a task budget")]
    NoTaskBudget(String),
}

/// The body of a request, streamed as a rule, but for what follows from the choice of the model.
#[derive(Debug, Serialize)]
pub(crate) struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Cow<'a, RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_geo: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<&'a RawValue>,
}

/// Standing instructions: plain, or as a block that can be marked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum System<'a> {
    Plain(&'a str),
    Blocks([Block<'a>; 1]),
}

#[derive(Debug, Serialize)]
struct Turn<'a> {
    /// Its place among the request's messages.
    #[serde(skip)]
    at: usize,
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

/// What stands before it is to be kept in the model's cache.
#[derive(Clone, Copy, Debug, Serialize)]
struct CacheControl {
    r#type: &'static str,
    /// Five minutes where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheControl {
    fn of(ttl: CacheTtl) -> Self {
        Self { r#type: "ephemeral", ttl: (ttl != CacheTtl::FiveMinutes).then_some(ttl.name()) }
    }
}

#[derive(Debug, Serialize)]
struct Image<'a> {
    r#type: &'static str,
    media_type: &'a str,
    data: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Block<'a> {
    Text {
        r#type: &'static str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Image {
        r#type: &'static str,
        source: Image<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolUse {
        r#type: &'static str,
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        r#type: &'static str,
        tool_use_id: &'a str,
        content: &'a str,
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        r#type: &'static str,
        thinking: &'a str,
        signature: &'a str,
    },
    Other(&'a RawValue),
}

impl<'a> Block<'a> {
    fn text(text: &'a str) -> Self {
        Self::Text { r#type: "text", text, cache_control: None }
    }

    /// Marks it; false where a block of its kind cannot be marked, or nothing of it shows.
    fn mark(&mut self, mark: CacheControl) -> bool {
        let place = match self {
            Self::Text { text, .. } if is_blank(text) => return false,
            Self::Text { cache_control, .. }
            | Self::Image { cache_control, .. }
            | Self::ToolUse { cache_control, .. }
            | Self::ToolResult { cache_control, .. } => cache_control,
            Self::Thinking { .. } | Self::Other(_) => return false,
        };
        *place = Some(mark);
        true
    }
}

impl<'a> Body<'a> {
    /// The same of a request that is answered in one piece, as those of a batch are.
    pub(crate) fn in_one_piece(self) -> Self {
        Self { stream: false, ..self }
    }

    /// The body of a request to this model.
    pub(crate) fn of(request: &'a Request, model: &'a str, max_tokens: u64) -> Result<Self, BadRequest> {
        let mut body = Self {
            model,
            max_tokens,
            stream: true,
            system: request.system.as_deref().filter(|system| !is_blank(system)).map(System::Plain),
            messages: turns(&request.messages)?,
            tools: tools(request)?,
            stop_sequences: &request.stop_sequences,
            tool_choice: None,
            thinking: None,
            output_config: None,
            cache_control: None,
            temperature: None,
            top_p: None,
            top_k: None,
            metadata: None,
            service_tier: None,
            inference_geo: None,
            speed: None,
        };
        let (mut output_config, mut task_budget) = (None, None);
        let mut given = HashSet::new();
        for (name, value) in &request.options {
            if !given.insert(name.as_str()) {
                return Err(BadRequest::SameOption(name.clone()));
            }
            let option = RequestOption::named(name).ok_or_else(|| BadRequest::UnknownOption(name.clone()))?;
            options::check(option, value)?;
            let place = match option {
                RequestOption::Tier => continue,
                RequestOption::ToolChoice => &mut body.tool_choice,
                RequestOption::Thinking => &mut body.thinking,
                RequestOption::OutputConfig => &mut output_config,
                RequestOption::CacheControl => &mut body.cache_control,
                RequestOption::Temperature => &mut body.temperature,
                RequestOption::TopP => &mut body.top_p,
                RequestOption::TopK => &mut body.top_k,
                RequestOption::Metadata => &mut body.metadata,
                RequestOption::ServiceTier => &mut body.service_tier,
                RequestOption::InferenceGeo => &mut body.inference_geo,
                RequestOption::Speed => &mut body.speed,
                RequestOption::TaskBudget => &mut task_budget,
            };
            *place = Some(parse(&format!("the option `{name}`"), value)?);
        }
        if let Some(within) = output_config.and_then(|config| options::task_budget_within(config.get())) {
            options::check(RequestOption::TaskBudget, &within)?;
            if task_budget.is_some() {
                return Err(BadRequest::SameOption(RequestOption::TaskBudget.to_string()));
            }
        }
        body.output_config = output_config.map(Cow::Borrowed);
        match task_budget {
            Some(budget) => body.with_task_budget(budget.get()),
            None => Ok(body),
        }
    }

    /// The same with a task budget.
    pub(crate) fn with_task_budget(mut self, budget: &str) -> Result<Self, BadRequest> {
        let whole = options::with_task_budget(self.output_config.as_deref().map(RawValue::get), budget)?;
        let bad = |error: serde_json::Error| {
            BadRequest::NotJson(RequestOption::OutputConfig.to_string(), error.to_string())
        };
        self.output_config = Some(Cow::Owned(RawValue::from_string(whole).map_err(bad)?));
        Ok(self)
    }

    /// Marks what its model is to keep in its cache. A place where nothing can be marked stays as it is.
    pub(crate) fn mark(&mut self, marks: &[Mark]) {
        for Mark { place, ttl } in marks {
            let mark = CacheControl::of(*ttl);
            match place {
                Place::Stem => self.mark_stem(mark),
                Place::Turn(at) => {
                    let turn = self.messages.iter_mut().find(|turn| turn.at == *at);
                    let _ =
                        turn.is_some_and(|turn| turn.content.iter_mut().rev().any(|block| block.mark(mark)));
                }
            }
        }
    }

    fn mark_stem(&mut self, mark: CacheControl) {
        if let Some(System::Plain(text)) = self.system {
            let mut block = Block::text(text);
            block.mark(mark);
            self.system = Some(System::Blocks([block]));
        } else if let Some(tool) = self.tools.last_mut() {
            tool.cache_control = Some(mark);
        }
    }

    /// What is sent, and measured.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("its keys are strings, and its parts are JSON")
    }
}

/// The tier that the request names, if it does.
pub(crate) fn named_tier(request: &Request) -> Result<Option<Tier>, BadRequest> {
    let Some(value) = request.option(RequestOption::Tier) else { return Ok(None) };
    serde_json::from_str(value).map(Some).map_err(|_| BadRequest::Tier(value.chars().take(64).collect()))
}

// A text without a character that shows is refused by Claude, and an answer may have one: it is left out, and
// so is an answer that has nothing else. A person's turn of nothing else goes out as it is: Claude says what is
// wrong with it.
fn turns(messages: &[Message]) -> Result<Vec<Turn<'_>>, BadRequest> {
    let first = messages.first().ok_or(BadRequest::NoMessages)?;
    if first.role != Role::User {
        return Err(BadRequest::FirstTurn);
    }
    let mut turns = Vec::with_capacity(messages.len());
    for (at, message) in messages.iter().enumerate() {
        let shows = |block: &&ContentBlock| !matches!(block, ContentBlock::Text { text } if is_blank(text));
        let some_shows = message.content.iter().any(|block| shows(&block));
        let role = match message.role {
            Role::User if message.content.is_empty() => return Err(BadRequest::EmptyMessage(at)),
            Role::Assistant if !some_shows => continue,
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let sent = message.content.iter().filter(|block| shows(block) || !some_shows);
        let content = sent.map(|sent| block(at, sent)).collect::<Result<Vec<_>, _>>()?;
        turns.push(Turn { at, role, content });
    }
    Ok(turns)
}

fn tools(request: &Request) -> Result<Vec<Tool<'_>>, BadRequest> {
    let mut names = HashSet::new();
    let tools = request.tools.iter().map(|tool| {
        if !names.insert(tool.name.as_str()) {
            return Err(BadRequest::SameTool(tool.name.clone()));
        }
        let input_schema = parse("a tool's input schema", &tool.input_schema)?;
        Ok(Tool { name: &tool.name, description: &tool.description, input_schema, cache_control: None })
    });
    tools.collect()
}

fn block(at: usize, block: &ContentBlock) -> Result<Block<'_>, BadRequest> {
    Ok(match block {
        ContentBlock::Text { text } => Block::text(text),
        ContentBlock::Image { data, .. } if data.is_empty() => return Err(BadRequest::EmptyImage(at)),
        ContentBlock::Image { media_type, data } => {
            let source = Image { r#type: "base64", media_type, data: STANDARD.encode(data) };
            Block::Image { r#type: "image", source, cache_control: None }
        }
        ContentBlock::ToolUse { id, name, input } => Block::ToolUse {
            r#type: "tool_use",
            id,
            name,
            input: parse("a tool's input", input)?,
            cache_control: None,
        },
        ContentBlock::ToolResult { tool_use_id, content, is_error } => Block::ToolResult {
            r#type: "tool_result",
            tool_use_id,
            content,
            is_error: *is_error,
            cache_control: None,
        },
        ContentBlock::Thinking { text, signature } => {
            Block::Thinking { r#type: "thinking", thinking: text, signature }
        }
        ContentBlock::Other { json } => Block::Other(parse("a content block", json)?),
    })
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

// Only what every reader takes is sent: bounded in depth, its numbers and characters whole.
fn parse<'a>(what: &str, text: &'a str) -> Result<&'a RawValue, BadRequest> {
    let bad = |error: serde_json::Error| BadRequest::NotJson(what.to_owned(), error.to_string());
    serde_json::from_str::<Value>(text).map_err(bad)?;
    serde_json::from_str(text).map_err(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Tool;

    fn text(text: &str) -> ContentBlock {
        ContentBlock::Text { text: text.to_owned() }
    }

    fn request(turns: Vec<(Role, Vec<ContentBlock>)>) -> Request {
        Request {
            system: None,
            messages: turns.into_iter().map(|(role, content)| Message { role, content }).collect(),
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        }
    }

    fn sent(request: &Request) -> Result<String, BadRequest> {
        let body = Body::of(request, "m", 9)?;
        Ok(String::from_utf8(body.bytes()).expect("UTF-8"))
    }

    #[test]
    fn an_agents_json_is_sent_as_it_was_given() {
        let mut question = request(vec![(Role::User, vec![text("hi")])]);
        let schema = r#"{"z": [1e15,1E5],"a":"\u00e9 é"}"#;
        let tool = Tool { name: "t".into(), description: "d".into(), input_schema: format!(" {schema}\n") };
        question.tools = vec![tool];
        question.options = vec![("thinking".into(), "{ }".into()), ("tier".into(), "\"opus\"".into())];
        assert_eq!(
            sent(&question).expect("good"),
            format!(
                r#"{{"model":"m","max_tokens":9,"stream":true,"messages":[{{"role":"user","content":[{{"type":"text","text":"hi"}}]}}],"tools":[{{"name":"t","description":"d","input_schema":{schema}}}],"thinking":{{ }}}}"#
            )
        );
    }

    #[test]
    fn a_persons_turn_that_is_blank_goes_out_as_it_is() {
        let body = sent(&request(vec![(Role::User, vec![text(" \n")])])).expect("good");
        assert!(body.contains(r#"{"type":"text","text":" \n"}"#), "{body}");
    }

    #[test]
    fn an_answer_with_an_empty_text_is_a_good_next_turn() {
        let used = ContentBlock::ToolUse { id: "u".into(), name: "t".into(), input: "{}".into() };
        let result =
            ContentBlock::ToolResult { tool_use_id: "u".into(), content: "42".into(), is_error: false };
        let mut question = request(vec![
            (Role::User, vec![text("go")]),
            (Role::Assistant, vec![text(""), used]),
            (Role::User, vec![text(" \n"), result]),
            (Role::Assistant, vec![text("")]),
            (Role::User, vec![text("and?")]),
        ]);
        question.system = Some(String::new());
        let body: Value = serde_json::from_str(&sent(&question).expect("good")).expect("JSON");
        let kinds: Vec<_> = body["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|turn| {
                let kinds: Vec<_> = turn["content"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|block| block["type"].clone())
                    .collect();
                serde_json::json!([turn["role"], kinds])
            })
            .collect();
        assert_eq!(
            Value::from(kinds),
            serde_json::json!([
                ["user", ["text"]],
                ["assistant", ["tool_use"]],
                ["user", ["tool_result"]],
                ["user", ["text"]]
            ])
        );
        assert!(body.get("system").is_none());
    }

    #[test]
    fn what_claude_would_refuse_is_refused_by_name() {
        let user = |content| request(vec![(Role::User, content)]);
        let hi = || user(vec![text("hi")]);
        let tool = |name: &str, schema: &str| Tool {
            name: name.into(),
            description: String::new(),
            input_schema: schema.into(),
        };
        let with = |change: fn(&mut Request)| {
            let mut request = hi();
            change(&mut request);
            request
        };
        let image = ContentBlock::Image { media_type: "image/png".into(), data: Vec::new() };
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let option = |json: &str| Request { options: vec![("thinking".into(), json.into())], ..hi() };
        for (request, says) in [
            (user(Vec::new()), "message 0 has no content"),
            (user(vec![image]), "message 0 has an image of no byte"),
            (
                Request { tools: vec![tool("a", "{}"), tool("a", "{}")], ..hi() },
                "two tools have the name `a`",
            ),
            (Request { tools: vec![tool("a", "{\"x\":1e999}")], ..hi() }, "a tool's input schema is no JSON"),
            (option(&deep), "the option `thinking` is no JSON"),
            (option("\"\\ud83d\""), "the option `thinking` is no JSON"),
            (with(|request| request.options = vec![("tier".into(), "1".into()); 2]), "`tier` is given twice"),
            (
                with(|request| request.options = vec![("temprature".into(), "1".into())]),
                "`temprature` is not known",
            ),
            (with(|request| request.messages[0].role = Role::Assistant), "the first message"),
            (with(|request| request.messages.clear()), "no messages"),
        ] {
            let said = sent(&request).expect_err(says).to_string();
            assert!(said.contains(says), "{said}");
        }
    }
}
