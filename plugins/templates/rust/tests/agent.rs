//! The agent against a Claude that is played: `cargo test` needs neither a host nor Wasm.

use my_agent::agent;
use my_agent::sdk::{self, Host, Tool};
use my_agent::wit::anvil::agent::claude::{CallError, ContentBlock, Reply, Request, ToolUse, Usage};
use my_agent::wit::exports::anvil::agent::agent_api::Job;
use serde_json::{Value, json};

/// Gives the answers that it was given, and keeps what it was asked.
struct Played {
    answers: Vec<Result<Reply, CallError>>,
    asked: Vec<Request>,
}

impl Host for Played {
    fn ask(&mut self, request: &Request) -> Result<Reply, CallError> {
        self.asked.push(request.clone());
        self.answers.remove(0)
    }

    fn progress(&mut self, _: f64, _: &str) {}
}

fn played(answers: Vec<Result<Reply, CallError>>) -> Played {
    Played { answers, asked: Vec::new() }
}

fn reply(content: ContentBlock, stop_reason: &str) -> Result<Reply, CallError> {
    let usage = Usage { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0 };
    let (stop_reason, model, origin) = (stop_reason.into(), "played".into(), "live".into());
    Ok(Reply { content: vec![content], stop_reason, model, usage, cost_nanodollars: 1, origin, extras: vec![] })
}

fn says(text: &str) -> Result<Reply, CallError> {
    reply(ContentBlock::Text(text.into()), "end_turn")
}

fn uses(tool: &str) -> Result<Reply, CallError> {
    reply(ContentBlock::ToolUse(ToolUse { id: "t1".into(), name: tool.into(), input: r#"{"n":2}"#.into() }), "tool_use")
}

fn job() -> Job {
    Job { action: "summarize".into(), payload: r#"{"text":"A long text."}"#.into(), extras: vec![] }
}

#[test]
fn a_text_becomes_a_summary() {
    let summary = json!({ "title": "T", "summary": "S.", "key_points": ["a", "b"] });
    let mut host = played(vec![says(&summary.to_string())]);
    let outcome = agent::run(&mut host, &job()).expect("a result");
    assert_eq!(serde_json::from_str::<Value>(&outcome.result).expect("JSON"), summary);
    assert_eq!(host.asked[0].options[0].name, "output_config");
}

#[test]
fn an_answer_that_is_no_summary_is_a_bad_reply() {
    let failed = agent::run(&mut played(vec![says("Sure! Here it is.")]), &job()).expect_err("no result");
    assert_eq!(failed.kind, "bad-reply");
    let failed = agent::run(&mut played(vec![reply(ContentBlock::Text("{".into()), "max_tokens")]), &job());
    assert_eq!(failed.expect_err("no result").kind, "bad-reply");
}

#[test]
fn a_budget_that_is_spent_is_told_as_such() {
    let error = CallError {
        kind: "over-budget".into(),
        message: "spent".into(),
        retry_after_ms: None,
        request_sent: false,
    };
    assert_eq!(agent::run(&mut played(vec![Err(error)]), &job()).expect_err("no result").kind, "over-budget");
}

#[test]
fn tools_are_run_until_claude_answers() {
    let mut host = played(vec![uses("double"), uses("unknown"), says("4")]);
    let answer = sdk::tool_loop(&mut host, sdk::request("Use the tool.", "2?"), &mut [double()], 5).expect("an answer");
    assert_eq!(sdk::text_of(&answer), "4");
    let ContentBlock::ToolResult(result) = &host.asked[1].messages[2].content[0] else { panic!("no result") };
    assert_eq!((result.content.as_str(), result.is_error), ("4", false));
    let ContentBlock::ToolResult(result) = &host.asked[2].messages[4].content[0] else { panic!("no result") };
    assert!(result.is_error);
}

#[test]
fn the_tool_loop_ends_at_its_bound() {
    let mut host = played(vec![uses("double"), uses("double"), uses("double")]);
    let failed = sdk::tool_loop(&mut host, sdk::request("Use the tool.", "2?"), &mut [double()], 2).expect_err("none");
    assert_eq!((failed.kind.as_str(), host.asked.len()), ("final", 2));
}

fn double() -> Tool<'static> {
    Tool {
        name: "double",
        description: "Doubles a number.",
        input_schema: json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] }),
        run: Box::new(|input| input["n"].as_i64().map(|n| (2 * n).to_string()).ok_or("n is no number".to_owned())),
    }
}
