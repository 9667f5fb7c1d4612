//! What the agent does: it summarizes a text. Begin your own here.

use crate::sdk::{self, Host};
use crate::wit::exports::anvil::agent::agent_api::{Action, Description, Effort, Failure, Job, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Text {
    pub text: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub title: String,
    pub summary: String,
    pub key_points: Vec<String>,
}

/// What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
pub fn describe() -> Description {
    let input = json!({
        "type": "object", "additionalProperties": false, "required": ["text"],
        "properties": {
            "text": { "type": "string", "title": "Text", "format": "textarea", "minLength": 1,
                "description": "What is to be summarized." }
        }
    });
    Description {
        name: "my-agent".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        summary: "Summarizes a text.".to_owned(),
        actions: vec![Action {
            name: "summarize".to_owned(),
            summary: "Gives a title, a summary and the key points of a text.".to_owned(),
            input_schema: input.to_string(),
            output_schema: output_schema().to_string(),
        }],
        model_floor: None,
        effort: Effort::Simple,
        extras: Vec::new(),
    }
}

/// The schema of [`Summary`]: Claude keeps to it, and the host checks the result by it.
fn output_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["title", "summary", "key_points"],
        "properties": {
            "title": { "type": "string" },
            "summary": { "type": "string" },
            "key_points": { "type": "array", "items": { "type": "string" } }
        }
    })
}

/// Does a job.
pub fn run(host: &mut dyn Host, job: &Job) -> Result<Outcome, Failure> {
    match job.action.as_str() {
        "summarize" => sdk::action(host, job, summarize),
        other => Err(sdk::failure("invalid-input", format!("there is no action {other}"))),
    }
}

fn summarize(host: &mut dyn Host, input: Text) -> Result<Summary, Failure> {
    println!("summarizing {} characters", input.text.chars().count()); // what is printed is in the job's log
    host.progress(0.1, "Reading");
    let mut request = sdk::request(
        "Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, \
         and three to five key points. Say nothing that the text does not say.",
        input.text,
    );
    request.max_output_tokens = Some(1_000);
    sdk::complete_json(host, request, &output_schema())
}
