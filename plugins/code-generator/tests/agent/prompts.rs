//! What Claude is asked, word for word.

use crate::claude::{Played, cut, job, says};
use code_generator::agent::run;
use code_generator::wit::anvil::agent::claude::{ContentBlock, Request, Role};
use serde_json::json;
use std::fmt::Write as _;

const PLAN: &str = "1. `src/login.js` – what may be sent\n2. `package.json` – how it is tested";

/// A request as text.
fn shown(request: &Request) -> String {
    let mut out = format!("--- system\n{}\n", request.system.as_deref().unwrap_or_default());
    for turn in &request.messages {
        let role = if matches!(turn.role, Role::User) { "user" } else { "assistant" };
        for block in &turn.content {
            let ContentBlock::Text(text) = block else { panic!("{block:?}") };
            let _ = write!(out, "--- {role}\n{text}\n");
        }
    }
    let Request { effort, max_output_tokens, cacheable, options, stop_sequences, tools, .. } = request;
    assert!(options.is_empty() && stop_sequences.is_empty() && tools.is_empty());
    let _ = writeln!(
        out,
        "--- effort {effort:?}, max_output_tokens {max_output_tokens:?}, cacheable {cacheable}"
    );
    out
}

#[test]
fn every_prompt_is_its_golden() {
    let mut host = Played::new([
        says(PLAN),
        cut("```js src/login.js\nexport const MOST = 64;\nexport const fau"),
        says(
            "export const MOST = 64;\nexport const fault = () => {};\n```\n\n```json package.json\n{,}\n```\n",
        ),
        says("```json package.json\n{}\n```\n"),
    ]);
    host.house_rules = Some("Indent with tabs.".to_owned());
    let payload = json!({"requirements": "Build a login form.\nIt is for members.", "language": "JavaScript", "style": "terse",
        "constraints": "no npm", "files_max": 3, "tests": true});
    run(&mut host, &job(&payload.to_string())).expect("the job succeeds");
    for (name, request) in ["plan", "code", "rest", "repair"].iter().zip(&host.asked) {
        insta::assert_snapshot!(*name, shown(request));
    }
    assert_eq!(host.asked.len(), 4);
}

#[test]
fn with_requirements_alone_the_prompts_are_these() {
    let mut host = Played::new([says("No list."), says("```js a.js\n1;\n```")]);
    run(&mut host, &job(r#"{"requirements": "Build a login form"}"#)).expect("the job succeeds");
    for (name, request) in ["plan-bare", "code-bare"].iter().zip(&host.asked) {
        insta::assert_snapshot!(*name, shown(request));
    }
}
