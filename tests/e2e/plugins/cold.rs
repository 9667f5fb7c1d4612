//! A start without compiled code: nobody waits for the large plugins, and the small ones come first.

use crate::harness::{Setup, prebuilt};
use anvil_sandbox::testing::hostile;
use serde_json::json;
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);
/// The small agent.
const SMALL: &str = "asks-claude";
/// The large one: to compile it takes seconds, so that it is not the half second in which a file settles that decides.
const LARGE: &str = "documentation-generator";

/// The agents in the order in which they were loaded.
fn loaded(log: &str) -> Vec<&str> {
    let lines = log.lines().filter(|line| line.contains("agent loaded"));
    lines.filter_map(|line| line.split("agent=").nth(1)?.split_whitespace().next()).collect()
}

#[tokio::test]
async fn without_compiled_code_the_small_come_first_and_jobs_for_all_are_taken_at_once() {
    let mut host = Setup::new()
        .plugin("a-large.wasm", &prebuilt(LARGE))
        .plugin("z-small.wasm", &hostile(SMALL).component())
        .compiled_before()
        .start()
        .await;
    host.loaded().await;
    host.stop().await;
    let compiled = host.data().join("compiled");
    let code = fs::read_dir(&compiled).expect("there is compiled code").flatten();
    let removed = code.filter(|entry| fs::remove_file(entry.path()).is_ok()).count();
    assert!(removed >= 2, "{removed} files of compiled code");

    host.spawn();
    host.ready().await;
    // Known from before, both take jobs, whatever is compiled by now.
    // A job asks for its own version at once: that of the small one first, so that it is not what decides.
    let small = host.rest().submit(SMALL, "run", json!({})).await;
    let source = json!({"files": [{"path": "main.go", "content": "package main"}], "audience": "developers"});
    let large = host.rest().submit(LARGE, "generate-docs", source).await;
    host.rest().succeeded(&small, PATIENCE).await;
    host.rest().succeeded(&large, PATIENCE).await;
    host.loaded().await;
    let log = host.logged();
    assert_eq!(loaded(&log), [SMALL, LARGE], "{log}");
}
