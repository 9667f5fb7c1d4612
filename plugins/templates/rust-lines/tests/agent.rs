//! The agent against a Claude that is played: `cargo test` needs neither a host nor Wasm.

use my_agent::agent;
use my_agent::sdk::{self, Failure, Host, Tool};
use serde_json::{Value, json};

/// Gives the answers that it was given, and keeps what it was asked.
struct Played {
    answers: Vec<Result<Value, Failure>>,
    asked: Vec<Value>,
}

impl Host for Played {
    fn call(&mut self, function: &str, arguments: Value) -> Result<Value, Failure> {
        if function != "claude.complete" {
            return Ok(Value::Null);
        }
        self.asked.push(arguments);
        self.answers.remove(0)
    }
}

fn played(answers: Vec<Result<Value, Failure>>) -> Played {
    Played { answers, asked: Vec::new() }
}

fn says(text: &str, stop_reason: &str) -> Result<Value, Failure> {
    Ok(json!({ "content": [{ "type": "text", "text": text }], "text": text, "stop_reason": stop_reason }))
}

fn uses(tool: &str) -> Result<Value, Failure> {
    let content = json!([{ "type": "tool_use", "id": "t1", "name": tool, "input": { "n": 2 } }]);
    Ok(json!({ "content": content, "text": "", "stop_reason": "tool_use" }))
}

fn run(host: &mut Played) -> Result<Value, Failure> {
    agent::run(host, "summarize", json!({ "text": "A long text." }))
}

fn double() -> Tool<'static> {
    let run = |input: &Value| input["n"].as_i64().map(|n| (2 * n).to_string()).ok_or("n is no number".to_owned());
    Tool { name: "double", description: "Doubles a number.", input_schema: json!({ "type": "object" }), run: Box::new(run) }
}

#[test]
fn a_text_becomes_a_summary() {
    let summary = json!({ "title": "T", "summary": "S.", "key_points": ["a", "b"] });
    let mut host = played(vec![says(&summary.to_string(), "end_turn")]);
    assert_eq!(run(&mut host).expect("a result"), summary);
    assert!(host.asked[0]["options"]["output_config"].is_object());
}

#[test]
fn an_answer_that_is_no_summary_is_a_bad_reply() {
    for answer in [says("Sure! Here it is.", "end_turn"), says("{}", "max_tokens"), says("{}", "pause_turn")] {
        assert_eq!(run(&mut played(vec![answer])).expect_err("no result").kind, "bad-reply");
    }
}

#[test]
fn a_budget_that_is_spent_is_told_as_such() {
    let spent = Failure::of_call(&json!({ "kind": "calls-exhausted", "message": "spent" }));
    assert_eq!(run(&mut played(vec![Err(spent)])).expect_err("no result").kind, "over-budget");
}

#[test]
fn tools_are_run_until_claude_answers() {
    let mut host = played(vec![uses("double"), uses("unknown"), says("4", "end_turn")]);
    let reply = sdk::tool_loop(&mut host, sdk::request("Use the tool.", "2?"), &mut [double()], 5).expect("an answer");
    assert_eq!(sdk::text_of(&reply), "4");
    let messages = &host.asked[2]["messages"];
    assert_eq!(messages[2]["content"][0]["content"], "4");
    assert_eq!(messages[4]["content"][0]["is_error"], true);
}

#[test]
fn the_tool_loop_ends_at_its_bound() {
    let mut host = played(vec![uses("double"), uses("double"), uses("double")]);
    let failed = sdk::tool_loop(&mut host, sdk::request("Use the tool.", "2?"), &mut [double()], 2).expect_err("none");
    assert_eq!((failed.kind.as_str(), host.asked.len()), ("final", 2));
}
