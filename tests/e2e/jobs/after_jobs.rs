//! Jobs after jobs: what one gives reaches the guest that comes after it.

use crate::harness::{Setup, Upstream, nanos};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_pipeline_submitted_as_one_hands_results_and_files_from_job_to_job() {
    let upstream = Upstream::start().await;
    let script = json!({"matches": [
        {"contains": "What is needed", "items": ["a shop with a till"]},
        {"contains": "How is it built", "items": ["a till in a drawer"]},
        {"contains": "Write it", "items": ["fn till() {}"]},
    ]});
    upstream.script(&script).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .start()
        .await;
    let line = |name: &str, prompt: &str, after: &[&str], file: &str| {
        let payload = json!({
            "prompt": prompt, "max_output_tokens": 100, "parents": true,
            "files": {(format!("{name}/notes.md")): file},
        });
        json!({"ref": name, "agent": "asker", "action": "ask", "payload": payload, "after": after})
    };
    let lines = [
        line("needs", "What is needed?", &[], "a bell, too"),
        line("design", "How is it built?", &["ref:needs"], "brass, and so that it rings"),
        line("code", "Write it.", &["ref:needs", "ref:design"], "// rings"),
    ];
    let file = host.folder().join("pipeline.jsonl");
    std::fs::write(&file, lines.map(|line| format!("{line}\n")).concat()).expect("a file is written");
    let said = host.anvil(&["submit", "--bulk", &file.display().to_string(), "--json"]).await;
    assert!(said.status.success(), "{said:?}");
    let answers = String::from_utf8(said.stdout).expect("text");
    let answers = answers.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let answers: Vec<Value> = answers.collect();
    let ids: Vec<&str> = answers.iter().map(|answer| answer["id"].as_str().expect("an id")).collect();
    assert_eq!((ids.len(), &answers[2]["state"]), (3, &json!("scheduled")), "{answers:#?}");

    let rest = host.rest();
    let code = rest.succeeded(ids[2], PATIENCE).await;
    let (needs, design) = (rest.job(ids[0]).await, rest.job(ids[1]).await);
    let given = |job: &Value, file: &str, text: &str| json!({"id": job["id"], "agent": "asker", "result": job["result"], "files": {file: text}});
    let (needs_notes, design_notes) = ("needs/notes.md", "design/notes.md");
    let from_needs = given(&needs, needs_notes, "a bell, too");
    assert_eq!(needs["result"]["replies"][0]["text"], "a shop with a till");
    assert_eq!(needs["result"]["parents"], json!([]));
    assert_eq!(design["result"]["parents"], json!([from_needs]));
    let from_design = given(&design, design_notes, "brass, and so that it rings");
    assert_eq!(code["result"]["parents"], json!([from_needs, from_design]));
    assert_eq!(rest.artifacts(ids[2]).await["code/notes.md"], b"// rings");
    let cost: i64 = [&needs, &design, &code].iter().map(|job| nanos(&job["cost_usd"])).sum();
    assert_eq!((cost, upstream.bill().await.billed_calls), (upstream.bill().await.nano_dollars, 3));
}
