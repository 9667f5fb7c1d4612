//! The agents that are committed as files: each does a job, and asks the same when it is run again. What a language's
//! runtime does at its start (seeds of hash tables, clocks) must not change what is asked.

use crate::harness::{Host, Setup, prebuilt};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);

/// Submits a job, waits until it has succeeded, and replays it.
async fn does(host: &Host, agent: &str, action: &str, payload: Value) -> (Value, Vec<String>) {
    let id = host.rest().submit(agent, action, payload).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    let replayed = host.anvil(&["jobs", "replay", &id]).await;
    assert!(replayed.status.success(), "{agent}: {}", String::from_utf8_lossy(&replayed.stdout));
    (job["result"].clone(), host.rest().artifacts(&id).await.into_keys().collect())
}

#[tokio::test]
async fn agents_in_typescript_do_a_job_and_ask_the_same_again() {
    let host = Setup::new()
        .plugin("requirements-analyzer.wasm", &prebuilt("requirements-analyzer"))
        .plugin("test-automator.wasm", &prebuilt("test-automator"))
        .compiled_before()
        .start()
        .await;
    host.loaded().await;

    let brief = json!({"brief": "A booking page for our rooms – ünïcode 世界 🦀"});
    let (result, files) = does(&host, "requirements-analyzer", "analyze", brief).await;
    assert_eq!((&result["complete"], &result["missing"]), (&json!(true), &json!([])), "{result}");
    assert_eq!(result["requirements"][0]["id"], "R1", "{result}");
    assert_eq!(files, ["requirements.json", "requirements.md"]);

    let code = json!({"files": [{"path": "src/add.js", "content": "export const add = (a, b) => a + b;"}]});
    let (result, files) = does(&host, "test-automator", "generate-tests", code).await;
    assert_eq!(result["complete"], true, "{result}");
    assert_eq!(json!(files), json!([result["files"][0]["path"]]), "{result}");
}

#[tokio::test]
async fn agents_in_python_and_go_do_a_job_and_ask_the_same_again() {
    // All of CPython is compiled, where others compile too.
    let host = Setup::new()
        .plugin("design-architect.wasm", &prebuilt("design-architect"))
        .plugin("documentation-generator.wasm", &prebuilt("documentation-generator"))
        .set("ANVIL_SANDBOX_COMPILE_S", 300)
        .compiled_before()
        .start()
        .await;
    host.loaded().await;

    let wishes =
        json!({"requirements": "- R1: A booking page for rooms – ünïcode 世界 🦀\n- R2: It is fast."});
    let (result, files) = does(&host, "design-architect", "design", wishes).await;
    assert_eq!((&result["complete"], &result["missing"]), (&json!(true), &json!([])), "{result}");
    let covered = &result["coverage"];
    assert_eq!(
        json!([covered[0]["requirement"], covered[1]["requirement"]]),
        json!(["R1", "R2"]),
        "{result}"
    );
    assert_eq!(files, ["design.json", "design.md"]);

    // Large enough that Go's runtime grows its memory, and takes back what it no longer uses.
    let code = format!("package main\n{}", "// ünïcode 世界 🦀\n".repeat(30_000));
    let source = json!({"files": [{"path": "main.go", "content": code}], "audience": "developers"});
    let (result, files) = does(&host, "documentation-generator", "generate-docs", source).await;
    let (index, page) = (&result["pages"][0]["path"], &result["pages"][1]["path"]);
    assert_eq!(json!(files), json!([index, page]), "{result}");
    let missing = result["missing"][0].as_str().expect("a sentence");
    assert!(
        missing.ends_with("from the beginnings alone of main.go: they are too long for a call."),
        "{result}"
    );
}
