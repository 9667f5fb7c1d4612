//! A question to Claude as it comes out of a guest: bounded, then in the words of the house.

use crate::bindings::anvil::agent::claude as wit;
use crate::log::cut;
use anvil_types::{
    CallError, CallErrorKind, ContentBlock, Effort, Json, Message, Request, RequestOption, RequestPart, Role,
    Tier, Tool, listed,
};
use std::collections::HashSet;

const MAX_MESSAGES: usize = 1_000;
const MAX_TOOLS: usize = 128;
const MAX_STOP_SEQUENCES: usize = 16;
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// `invalid-request`, before anything was sent.
pub(super) fn refusal(message: impl Into<String>) -> CallError {
    CallError::unsent(CallErrorKind::InvalidRequest, message)
}

/// The request, or `invalid-request` with the cap that it breaks. The caps are those that the WIT
/// documents; tokens and money are judged later, by the gateway.
pub(super) fn checked(request: wit::Request) -> Result<Request, CallError> {
    if request.messages.is_empty() {
        return Err(refusal("a request has at least one message"));
    }
    at_most(RequestPart::Messages.name(), request.messages.len(), MAX_MESSAGES)?;
    at_most(RequestPart::Tools.name(), request.tools.len(), MAX_TOOLS)?;
    let mut names = HashSet::new();
    if let Some(tool) = request.tools.iter().find(|tool| !names.insert(tool.name.as_str())) {
        let name = cut(&tool.name, 64);
        return Err(refusal(format!("two tools have the name `{name}`; each needs one of its own")));
    }
    at_most("stop sequences", request.stop_sequences.len(), MAX_STOP_SEQUENCES)?;
    if request.messages[0].role == wit::Role::Assistant {
        return Err(refusal("the first message is the agent's; give it the role `user`"));
    }
    if request.max_output_tokens == Some(0) {
        return Err(refusal("`max-output-tokens` is at least 1"));
    }
    Ok(Request {
        system: request.system,
        messages: request.messages.into_iter().map(message).collect::<Result<_, _>>()?,
        tools: request.tools.into_iter().map(tool).collect::<Result<_, _>>()?,
        effort: request.effort.map(Into::into),
        max_output_tokens: request.max_output_tokens,
        stop_sequences: request.stop_sequences,
        cacheable: request.cacheable,
        options: request.options.into_iter().map(option).collect::<Result<_, _>>()?,
    })
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), CallError> {
    if count > most {
        return Err(refusal(format!("a request has at most {most} {what}; this one has {count}")));
    }
    Ok(())
}

fn message(message: wit::Message) -> Result<Message, CallError> {
    let role = match message.role {
        // Claude may have answered nothing; what an agent says is never nothing.
        wit::Role::User if message.content.is_empty() => {
            return Err(refusal("a message has at least one block of content"));
        }
        wit::Role::User => Role::User,
        wit::Role::Assistant => Role::Assistant,
    };
    Ok(Message { role, content: message.content.into_iter().map(block).collect::<Result<_, _>>()? })
}

fn block(block: wit::ContentBlock) -> Result<ContentBlock, CallError> {
    Ok(match block {
        wit::ContentBlock::Text(text) => ContentBlock::Text { text },
        wit::ContentBlock::Image(wit::Image { media_type, data }) => {
            if !IMAGE_TYPES.contains(&media_type.as_str()) {
                let list = IMAGE_TYPES.join(", ");
                return Err(refusal(format!("a picture is {list}, not `{}`", cut(&media_type, 64))));
            }
            if data.is_empty() {
                return Err(refusal("a picture has at least one byte"));
            }
            if data.len() > MAX_IMAGE_BYTES {
                return Err(refusal(format!(
                    "a picture has at most 5 MiB; this one has {} bytes",
                    data.len()
                )));
            }
            ContentBlock::Image { media_type, data }
        }
        wit::ContentBlock::ToolUse(wit::ToolUse { id, name, input }) => {
            object("the input of a tool", &input)?;
            ContentBlock::ToolUse { id, name, input }
        }
        wit::ContentBlock::ToolResult(wit::ToolResult { tool_use_id, content, is_error }) => {
            ContentBlock::ToolResult { tool_use_id, content, is_error }
        }
        wit::ContentBlock::Thinking(wit::Thinking { text, signature }) => {
            ContentBlock::Thinking { text, signature }
        }
        wit::ContentBlock::Other(json) => {
            object("a block of another kind", &json)?;
            ContentBlock::Other { json }
        }
    })
}

fn tool(tool: wit::Tool) -> Result<Tool, CallError> {
    let fits = (1..=64).contains(&tool.name.len())
        && tool.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if !fits {
        return Err(refusal(format!(
            "a tool's name has 1 to 64 characters of a-z A-Z 0-9 _ -, unlike `{}`",
            cut(&tool.name, 80)
        )));
    }
    object("the input schema of a tool", &tool.input_schema)?;
    Ok(Tool { name: tool.name, description: tool.description, input_schema: tool.input_schema })
}

fn option(option: wit::Extra) -> Result<(String, String), CallError> {
    let wit::Extra { name, value } = option;
    let Some(known) = RequestOption::named(&name) else {
        let all = RequestOption::NAMES.join(", ");
        return Err(refusal(format!("there is no option `{}`; there are {all}", cut(&name, 64))));
    };
    let json: Json =
        value.parse().map_err(|error| refusal(format!("the option `{name}` cannot be taken: {error}")))?;
    let names_a_tier = || json.value().as_str().is_some_and(|tier| tier.parse::<Tier>().is_ok());
    if known == RequestOption::Tier && !names_a_tier() {
        let (tiers, value) = (listed(Tier::ALL.map(|tier| format!("\"{tier}\"")), "or"), cut(&value, 64));
        return Err(refusal(format!("the option `{known}` is {tiers}, not {value}")));
    }
    Ok((name, value))
}

fn object(what: &str, json: &str) -> Result<(), CallError> {
    match json.parse::<Json>() {
        Ok(json) if json.as_str().starts_with('{') => Ok(()),
        Ok(_) => Err(refusal(format!("{what} is a JSON object, and this is another value"))),
        Err(error) => Err(refusal(format!("{what} is a JSON object: {error}"))),
    }
}

impl From<wit::Effort> for Effort {
    fn from(effort: wit::Effort) -> Self {
        match effort {
            wit::Effort::Simple => Self::Simple,
            wit::Effort::Standard => Self::Standard,
            wit::Effort::Complex => Self::Complex,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> wit::Request {
        let content = vec![wit::ContentBlock::Text("hello".to_owned())];
        wit::Request {
            system: None,
            messages: vec![wit::Message { role: wit::Role::User, content }],
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        }
    }

    fn with(change: impl FnOnce(&mut wit::Request)) -> wit::Request {
        let mut request = request();
        change(&mut request);
        request
    }

    fn option(name: &str, value: &str) -> wit::Extra {
        wit::Extra { name: name.to_owned(), value: value.to_owned() }
    }

    fn tool(name: &str, input_schema: &str) -> wit::Tool {
        wit::Tool { name: name.to_owned(), description: String::new(), input_schema: input_schema.to_owned() }
    }

    #[test]
    fn what_the_contract_allows_passes() {
        for allowed in [
            request(),
            with(|request| request.messages = vec![request.messages[0].clone(); MAX_MESSAGES]),
            with(|request| {
                request.tools = (0..MAX_TOOLS).map(|n| tool(&format!("run_it-{n}"), "{}")).collect();
            }),
            with(|request| {
                let nothing = wit::Message { role: wit::Role::Assistant, content: Vec::new() };
                request.messages = vec![request.messages[0].clone(), nothing, request.messages[0].clone()];
            }),
            with(|request| request.options = vec![option("tier", "\"opus\""), option("tool_choice", "{}")]),
            with(|request| request.stop_sequences = vec!["x".to_owned(); MAX_STOP_SEQUENCES]),
        ] {
            assert!(checked(allowed).is_ok());
        }
    }

    #[test]
    fn every_cap_of_the_contract_is_an_invalid_request() {
        let picture = |media_type: &str, size| {
            let image = wit::Image { media_type: media_type.to_owned(), data: vec![0; size] };
            with(|request| request.messages[0].content = vec![wit::ContentBlock::Image(image)])
        };
        for (refused, says) in [
            (with(|request| request.messages.clear()), "at least one message"),
            (with(|request| request.messages[0].content.clear()), "at least one block"),
            (with(|request| request.messages[0].role = wit::Role::Assistant), "the first message"),
            (
                with(|request| request.messages = vec![request.messages[0].clone(); MAX_MESSAGES + 1]),
                "at most 1000 messages; this one has 1001",
            ),
            (with(|request| request.tools = vec![tool("t", "{}"); MAX_TOOLS + 1]), "at most 128 tools"),
            (with(|request| request.tools = vec![tool("no name", "{}")]), "unlike `no name`"),
            (
                with(|request| request.tools = vec![tool("a", "{}"), tool("b", "{}"), tool("a", "{}")]),
                "two tools have the name `a`",
            ),
            (
                with(|request| request.tools = vec![tool("t", "[]")]),
                "the input schema of a tool is a JSON object",
            ),
            (with(|request| request.stop_sequences = vec![String::new(); 17]), "at most 16 stop sequences"),
            (with(|request| request.max_output_tokens = Some(0)), "at least 1"),
            (
                with(|request| request.options = vec![option("container", "1")]),
                "there is no option `container`",
            ),
            (with(|request| request.options = vec![option("tier", "\"gpt\"")]), "not \"gpt\""),
            (
                with(|request| request.options = vec![option("thinking", "{")]),
                "the option `thinking` cannot be taken: it is no JSON",
            ),
            (picture("image/png", 0), "at least one byte"),
            (picture("image/bmp", 1), "not `image/bmp`"),
            (picture("image/png", MAX_IMAGE_BYTES + 1), "at most 5 MiB"),
        ] {
            let error = checked(refused).expect_err(says);
            assert_eq!(error.kind, CallErrorKind::InvalidRequest);
            assert!(error.message.contains(says) && !error.request_sent, "{}", error.message);
        }
    }

    #[test]
    fn the_contract_names_every_option_and_every_tier() {
        let contract = include_str!("../../../../wit/claude.wit");
        let options = contract.split("/// Further options. Known:").nth(1).expect("what options there are");
        let options = options.split("Others are refused").next().expect("up to here");
        for option in RequestOption::NAMES {
            assert!(options.contains(&format!("`{option}`")), "{option}");
        }
        let tiers = listed(Tier::ALL.map(|tier| format!("`\"{tier}\"`")), ",").replace(" ,", ",");
        assert!(options.contains(&tiers), "{tiers}");
    }
}
