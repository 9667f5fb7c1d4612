//! An agent that has others do tasks, through the real binary: killed while they are under way, and hostile.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use anvil_sandbox::testing::hostile;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// A host whose `asker` may lead those guests.
fn setup(upstream: &Upstream, guests: &[&str]) -> Setup {
    let mut setup = Setup::new()
        .agent("asker")
        .simulated_by(upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_AGENTS_ASKER_MAY_CALL", guests.join(","))
        .set("ANVIL_AGENTS_HANDS_BACK_MAY_CALL", "asker");
    for guest in guests {
        setup = setup.plugin(&format!("{guest}.wasm"), &hostile(guest).component());
    }
    setup
}

fn task(agent: &str) -> Value {
    json!({"agent": agent, "action": "run", "payload": {}})
}

async fn lead(host: &Host, tasks: &[Value]) -> String {
    let payload = json!({"prompt": "First", "calls": 1, "max_output_tokens": 50, "tasks": tasks});
    host.rest().submit("asker", "ask", payload).await
}

/// What became of each task, in a word.
fn kinds(job: &Value) -> Vec<String> {
    let team = job["result"]["team"].as_array().expect("answers").iter();
    team.map(|answer| answer["kind"].as_str().unwrap_or("done").to_owned()).collect()
}

#[tokio::test]
async fn tasks_are_made_once_and_their_money_is_the_trees_though_the_host_is_killed_under_them() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": 3_600_000}});
    // The task's call hangs once: the host is killed in it.
    upstream
        .script(&json!({"matches": [
            {"contains": "First", "items": [{"text": "begun", "repeat": 9}]},
            {"contains": "hello", "items": [hangs, {"text": "done", "repeat": 9}]},
        ]}))
        .await;
    let mut host = setup(&upstream, &["asks-claude", "traps"]).start().await;
    let id = lead(&host, &[task("asks-claude"), task("traps"), task("nobody")]).await;
    until("the task's call is under way", PATIENCE, async || {
        let job = host.rest().job(&id).await;
        let waits = job["waiting_for"]["reason"] == "team";
        (waits && upstream.bill().await.in_flight == 1).then_some(())
    })
    .await;
    host.kill().await;
    until("upstream sees it", PATIENCE, async || (upstream.bill().await.in_flight == 0).then_some(())).await;
    host.start().await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!(kinds(&job), ["done", "failed", "not-allowed"], "{job:#}");
    assert_eq!((&job["attempts"], upstream.asked().await["First (1 of 1)"]), (&json!(1), 1));
    let tree = job["tree"].as_array().expect("a tree");
    assert_eq!(tree.len(), 3, "each was made once: {tree:#?}");
    let sum: i64 = tree.iter().map(|branch| nanos(&branch["cost_usd"])).sum();
    assert_eq!(nanos(&job["tree_cost_usd"]), sum);
    let ledger = host.rest().ledger().await;
    assert_eq!(ledger.iter().map(|entry| nanos(&entry["cost_usd"])).sum::<i64>(), sum);
    assert!(sum >= upstream.bill().await.nano_dollars);
    let shown = host.anvil(&["jobs", "show", &id]).await;
    let shown = String::from_utf8(shown.stdout).expect("text");
    assert!(shown.contains("* asker/ask") && shown.contains("asks-claude/run"), "{shown}");
}

#[tokio::test]
async fn whoever_asks_for_too_many_for_itself_or_in_a_circle_is_told_so() {
    let upstream = Upstream::start().await;
    upstream.script(&json!({"items": [{"text": "well", "repeat": 99}]})).await;
    // All of its runs break, and it is not to be set aside for that.
    let setup = setup(&upstream, &["traps", "hands-back"]).set("ANVIL_PLUGINS_QUARANTINE_TRAPS", 0);
    let host = setup.start().await;
    let many: Vec<Value> = (0..65).map(|_| task("traps")).collect();
    let greedy = lead(&host, &many).await;
    let job = host.rest().succeeded(&greedy, PATIENCE * 3).await;
    let kinds_of = kinds(&job);
    let count = |kind: &str| kinds_of.iter().filter(|one| *one == kind).count();
    assert_eq!((count("failed"), count("too-many")), (63, 2), "{kinds_of:?}");
    let itself = host.rest().succeeded(&lead(&host, &[task("asker")]).await, PATIENCE).await;
    assert_eq!(kinds(&itself), ["not-allowed"]);
    let circle = host.rest().succeeded(&lead(&host, &[task("hands-back")]).await, PATIENCE).await;
    assert_eq!(kinds(&circle), ["done"]);
    assert_eq!(circle["result"]["team"][0]["result"], 1, "the other was refused to hand it back: {circle:#}");
}

/// Whether a job has been parked because a file may be an agent that it names, while that file grows.
async fn waits_while_it_grows(host: &Host, id: &str, file: &Path) {
    let mut grown = b"\0asm".to_vec();
    until("the lead waits for what is in the file", PATIENCE, async || {
        grown.push(0);
        fs::write(file, &grown).expect("it is written");
        let job = host.rest().job(id).await;
        assert!(!["succeeded", "failed"].contains(&job["state"].as_str().expect("a state")), "{job:#}");
        let wait = &job["waiting_for"];
        let named = wait["detail"].as_str().is_some_and(|detail| detail.contains("late.wasm"));
        (job["state"] == "parked" && wait["reason"] == "agent_missing" && named).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_file_that_may_be_the_agent_is_waited_for_without_an_attempt_and_one_that_is_none_is_no_agent() {
    let upstream = Upstream::start().await;
    upstream.script(&json!({"items": [{"text": "well", "repeat": 99}]})).await;
    let host = setup(&upstream, &[]).set("ANVIL_AGENTS_ASKER_MAY_CALL", "asks-claude,nobody").start().await;
    let file = host.plugins().join("late.wasm");
    // The file comes piece by piece, and is the agent in the end.
    fs::write(&file, b"").expect("it is written");
    until("the file is seen", PATIENCE, async || {
        (host.rest().status().await["plugins"]["waiting"] == 1).then_some(())
    })
    .await;
    let id = lead(&host, &[task("asks-claude")]).await;
    waits_while_it_grows(&host, &id, &file).await;
    let draft = host.folder().join("draft");
    fs::write(&draft, hostile("asks-claude").component()).expect("it is written");
    fs::rename(&draft, &file).expect("it is there at once");
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!((kinds(&job), &job["attempts"]), (vec!["done".to_owned()], &json!(1)), "{job:#}");
    // Another is no plugin in the end: only then it is said that there is no such agent.
    let file = host.plugins().join("too-late.wasm");
    fs::write(&file, b"").expect("it is written");
    until("the file is seen", PATIENCE, async || {
        (host.rest().status().await["plugins"]["waiting"] == 1).then_some(())
    })
    .await;
    let id = lead(&host, &[task("nobody")]).await;
    waits_while_it_grows(&host, &id, &file).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!((kinds(&job), &job["attempts"]), (vec!["no-agent".to_owned()], &json!(1)), "{job:#}");
}
