//! An agent for tests: plays one of those that `feature-team` leads. It asks Claude as often as its part says, and hands
//! over a file of what was answered, so that a script of the upstream is the whole folder's.
//!
//! Which one it plays stands in a place of its file that a test writes into (`PART`): a component has one name.

use serde_json::json;
use std::hint::black_box;
use wit::anvil::agent::claude::{self, ContentBlock, Effort, Message, Request, Role};
use wit::anvil::agent::job;
use wit::exports::anvil::agent::agent_api::{Action, Description, Failure, Guest, Job, Outcome};

/// What `wit/` says, as Rust.
#[expect(missing_docs, clippy::pedantic, reason = "generated; the words are documented in wit/")]
pub mod wit {
    wit_bindgen::generate!({ path: "../../../wit", world: "agent" });
}

/// The agent's name, blanks behind it; a test writes another one in its place.
static PART: [u8; 48] = *b"@the part that this player has, in 48 bytes.   @";

/// A part: the agent's name, its action, how often it asks, and the file that it hands over.
const PARTS: [(&str, &str, u32, &str); 5] = [
    ("requirements-analyzer", "analyze", 2, "requirements.md"),
    ("design-architect", "design", 3, "design.md"),
    ("code-generator", "generate", 2, "src/app.js"),
    ("test-automator", "generate-tests", 2, "tests/app.test.js"),
    ("documentation-generator", "generate-docs", 2, "docs/README.md"),
];

/// The most output tokens of a call.
const OUTPUT_TOKENS: u32 = 200;

fn part() -> (&'static str, &'static str, u32, &'static str) {
    // As the file has it now, not as the compiler saw it.
    let name = black_box(&PART);
    let known = PARTS.iter().find(|(known, ..)| name.starts_with(known.as_bytes()));
    *known.unwrap_or(&("player", "play", 1, "played.txt"))
}

/// The plugin.
#[derive(Debug)]
pub struct Player;

impl Guest for Player {
    fn describe() -> Description {
        let (name, action, ..) = part();
        Description {
            name: name.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: env!("CARGO_PKG_DESCRIPTION").to_owned(),
            actions: vec![Action {
                name: action.to_owned(),
                summary: "Plays.".to_owned(),
                input_schema: r#"{"type": "object"}"#.to_owned(),
                output_schema: r#"{"type": "object"}"#.to_owned(),
            }],
            model_floor: None,
            effort: Effort::Simple,
            extras: Vec::new(),
        }
    }

    /// A tree is told by `tree-NN` in its brief, which every payload has from the file before; a design that is made
    /// again says so.
    fn run(job: Job) -> Result<Outcome, Failure> {
        let (name, _, calls, file) = part();
        let tree = job.payload.find("tree-").and_then(|at| job.payload.get(at..at + 7)).unwrap_or("no tree");
        let again = if job.payload.contains("The design so far") { " again" } else { "" };
        let mut page = format!("{tree}\n");
        let mut missing = Vec::new();
        for call in 1..=calls {
            match ask(format!("{tree}: {name}{again} {call} of {calls}")) {
                Ok(text) => page.extend([text.as_str(), "\n"]),
                Err(error) if call > 1 && error.kind == "over-budget" => {
                    missing.push(format!("part {call} of {calls}: {}", error.kind));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        job::artifact(file, "text/plain", page.as_bytes()).map_err(|message| Failure {
            kind: "final".to_owned(),
            message,
            extras: Vec::new(),
        })?;
        let result = json!({"summary": tree, "complete": missing.is_empty(), "missing": missing});
        Ok(Outcome { result: result.to_string(), extras: Vec::new() })
    }
}

fn ask(question: String) -> Result<String, Failure> {
    let request = Request {
        system: None,
        messages: vec![Message { role: Role::User, content: vec![ContentBlock::Text(question)] }],
        tools: Vec::new(),
        effort: None,
        max_output_tokens: Some(OUTPUT_TOKENS),
        stop_sequences: Vec::new(),
        cacheable: false,
        options: Vec::new(),
    };
    let reply = claude::complete(&request).map_err(|error| {
        let kind = if error.kind == "over-budget" { "over-budget" } else { "internal" };
        Failure { kind: kind.to_owned(), message: error.message, extras: Vec::new() }
    })?;
    let texts = reply.content.into_iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text),
        _ => None,
    });
    Ok(texts.collect())
}

// Natively there is nobody to export to, and the exports' names are no valid symbols.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "generated: the exports of a component are raw symbols")]
mod export {
    use super::{Player, wit};
    wit::export!(Player with_types_in wit);
}
