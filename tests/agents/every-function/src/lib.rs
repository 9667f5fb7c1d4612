//! An agent for tests: calls every function of the contract 0.1.0, as it was released, and tells what each gave.
//!
//! `released-0.1.0.wasm` beside its sources was built from them when 0.1.0 was frozen, and is never built again: it
//! stands for the plugins that people have.

use serde_json::{Map, Value};
use std::fmt::Debug;
use wit::anvil::agent::{claude, job, people, settings, state, team};
use wit::exports::anvil::agent::agent_api::{Action, Description, Failure, Guest, Job, Outcome};

/// What the released contract says, as Rust.
#[expect(missing_docs, clippy::pedantic, reason = "generated; the words are documented in wit/")]
pub mod wit {
    wit_bindgen::generate!({ path: "../../../wit/released/0.1.0", world: "agent" });
}

/// The plugin.
#[derive(Debug)]
pub struct EveryFunction;

impl Guest for EveryFunction {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            actions: vec![Action {
                name: "run".to_owned(),
                summary: "Calls every function.".to_owned(),
                input_schema: "{}".to_owned(),
                output_schema: r#"{"type": "object"}"#.to_owned(),
            }],
            model_floor: Some("haiku".to_owned()),
            effort: claude::Effort::Standard,
            extras: vec![extra("time_limit_s", "60"), extra("tool_loop", "false")],
        }
    }

    fn run(job: Job) -> Result<Outcome, Failure> {
        let mut told = Map::new();
        told.insert("action".to_owned(), job.action.into());
        let mut tell = |function: &str, answer: &dyn Debug| {
            told.insert(function.to_owned(), Value::from(format!("{answer:?}")));
        };
        tell("claude.complete", &claude::complete(&request(claude::Effort::Simple)));
        let two = [request(claude::Effort::Standard), request(claude::Effort::Complex)];
        tell("claude.complete-many", &claude::complete_many(&two));
        tell("claude.allowance", &claude::allowance());
        job::progress(0.5, "Half of it");
        for level in [job::Level::Debug, job::Level::Info, job::Level::Warn, job::Level::Error] {
            job::log(level, "A line.");
        }
        tell("job.artifact", &job::artifact("a/b.txt", "text/plain", b"bytes"));
        let identity = job::whoami();
        tell("job.whoami", &identity);
        tell("job.parent-artifact", &job::parent_artifact("none", "none.txt"));
        let inputs = job::inputs();
        tell("job.inputs", &inputs);
        let name = inputs.first().map_or("none.txt", |input| input.name.as_str());
        tell("job.input", &job::input(name));
        tell("people.ask", &people::ask(&question()));
        tell("settings.get", &settings::get("key"));
        tell("settings.keys", &settings::keys());
        tell("state.set", &state::set("key", b"value"));
        tell("state.get", &state::get("key"));
        tell("state.compare-and-set", &state::compare_and_set("key", Some(7), b"other"));
        tell("state.list", &state::list("k", Some("a"), 10));
        tell("state.delete", &state::delete("key"));
        tell("team.run", &team::run(&task(Some(1_000))));
        tell("team.run-many", &team::run_many(&[task(None), task(None)]));
        tell("team.artifact", &team::artifact("none", "none.txt"));
        Ok(Outcome { result: Value::Object(told).to_string(), extras: vec![extra("more", "1")] })
    }
}

/// A request with each kind of block.
fn request(effort: claude::Effort) -> claude::Request {
    use claude::{ContentBlock, Image, Message, Role, Thinking, Tool, ToolResult, ToolUse};
    let (png, id) = ("image/png".to_owned(), "toolu_1".to_owned());
    let said = vec![
        ContentBlock::Text("Look.".to_owned()),
        ContentBlock::Image(Image { media_type: png, data: b"\x89PNG".to_vec() }),
    ];
    let thought = Thinking { text: "Hm.".to_owned(), signature: "sig".to_owned() };
    let used = ToolUse { id: id.clone(), name: "look".to_owned(), input: "{}".to_owned() };
    let answered = vec![ContentBlock::Thinking(thought), ContentBlock::ToolUse(used)];
    let result = ToolResult { tool_use_id: id, content: "Seen.".to_owned(), is_error: false };
    let other = r#"{"type":"text","text":"More."}"#.to_owned();
    let given = vec![ContentBlock::ToolResult(result), ContentBlock::Other(other)];
    claude::Request {
        system: Some("Be brief.".to_owned()),
        messages: vec![
            Message { role: Role::User, content: said },
            Message { role: Role::Assistant, content: answered },
            Message { role: Role::User, content: given },
        ],
        tools: vec![Tool {
            name: "look".to_owned(),
            description: "Looks.".to_owned(),
            input_schema: r#"{"type":"object"}"#.to_owned(),
        }],
        effort: Some(effort),
        max_output_tokens: Some(100),
        stop_sequences: vec!["END".to_owned()],
        cacheable: true,
        options: vec![extra("tier", r#""haiku""#)],
    }
}

fn question() -> people::Question {
    let choice = |value: &str, label: Option<&str>| people::Choice {
        value: value.to_owned(),
        label: label.map(str::to_owned),
        extras: Vec::new(),
    };
    people::Question {
        prompt: "May it?".to_owned(),
        details: Some("Much.".to_owned()),
        choices: vec![choice("yes", Some("It may")), choice("no", None)],
        schema: Some(r#"{"type":"integer"}"#.to_owned()),
        time_limit_ms: Some(60_000),
        default: Some(r#""no""#.to_owned()),
        extras: Vec::new(),
    }
}

fn task(max_cost_nanodollars: Option<u64>) -> team::Task {
    team::Task {
        agent: "other".to_owned(),
        action: "run".to_owned(),
        payload: "{}".to_owned(),
        max_cost_nanodollars,
        extras: Vec::new(),
    }
}

fn extra(name: &str, value: &str) -> claude::Extra {
    claude::Extra { name: name.to_owned(), value: value.to_owned() }
}

// Natively there is nobody to export to, and the exports' names are no valid symbols.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of a component are raw symbols")]
mod export {
    use super::{EveryFunction, wit};
    wit::export!(EveryFunction with_types_in wit);
}
