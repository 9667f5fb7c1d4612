//! What the agent does: it summarizes a text. Begin your own here.

use crate::sdk::{self, Failure, Host};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
pub const DESCRIPTION: &str = include_str!("../description.json");

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Summary {
    title: String,
    summary: String,
    key_points: Vec<String>,
}

/// Does a job.
pub fn run(host: &mut dyn Host, action: &str, payload: Value) -> Result<Value, Failure> {
    match action {
        "summarize" => summarize(host, sdk::read(payload)?).map(|summary| json!(summary)),
        other => Err(Failure::new("invalid-input", format!("there is no action {other}"))),
    }
}

fn summarize(host: &mut dyn Host, input: Text) -> Result<Summary, Failure> {
    println!("summarizing {} characters", input.text.chars().count()); // it is in the job's log
    host.call("job.progress", json!({ "fraction": 0.1, "line": "Reading" }))?;
    let description: Value = serde_json::from_str(DESCRIPTION).map_err(|e| Failure::new("internal", e.to_string()))?;
    let mut request = sdk::request(
        "Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, \
         and three to five key points. Say nothing that the text does not say.",
        &input.text,
    );
    request["max_output_tokens"] = json!(1_000);
    sdk::complete_json(host, request, &description["actions"][0]["output_schema"])
}
