//! Actions on all jobs that match a filter.

use crate::harness::{Host, Setup, until};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// Enough for an action to take many batches.
const CROWD: usize = 4_000;

/// A host that starts nothing, with a crowd that waits, one like it that is not to be touched, and one that is over.
async fn scene() -> Host {
    let host = Setup::new().agent("asker").set("ANVIL_PRESET", "unlimited-dev").start().await;
    let rest = host.rest();
    let job = |tag: &str| json!({"agent": "asker", "action": "ask", "payload": {"prompt": "Wait", "calls": 0}, "tags": [tag]});
    let over = rest.post("/api/v1/jobs", &job("nightly")).await;
    rest.succeeded(over["id"].as_str().expect("an id"), PATIENCE).await;
    rest.put("/api/v1/queue", &json!({"paused": true, "reason": "so that all of them wait"})).await;
    rest.post("/api/v1/jobs", &job("daily")).await;
    let file = host.folder().join("crowd.jsonl");
    std::fs::write(&file, format!("{}\n", job("nightly")).repeat(CROWD)).expect("a file is written");
    let said = host.anvil(&["submit", "--bulk", &file.display().to_string()]).await;
    assert!(said.status.success(), "{said:?}");
    host
}

/// What `anvil jobs …` says of the jobs that a filter matches.
async fn act(host: &Host, args: &str, more: &[&str]) -> Value {
    let mut all: Vec<&str> = ["jobs"].into_iter().chain(args.split(' ')).collect();
    all.extend(["--json"].iter().chain(more));
    let said = host.anvil(&all).await;
    assert!(said.status.success(), "{args}: {said:?}");
    serde_json::from_slice(&said.stdout).expect("JSON")
}

/// Begins an action, kills the host as soon as it has begun, and gives how it ended in the next life.
async fn with_a_kill_in_between(host: &mut Host, action: &Value) -> Value {
    let run = host.rest().post("/api/v1/jobs/actions", action).await;
    let path = format!("/api/v1/jobs/actions/{}", run["id"].as_str().expect("an id"));
    // Nobody waits to see the first of its many batches: a fast host might have come to the last by then.
    host.kill().await;
    let killed = Timestamp::now();
    host.start().await;
    let run = until("the action goes on to its end", PATIENCE, async || {
        Some(host.rest().get(&path).await).filter(|run| run["state"] != "running")
    })
    .await;
    let ended: Timestamp = run["ended_at"].as_str().expect("a time").parse().expect("a time");
    assert!(ended > killed, "it ended in the next life: {run:#}");
    run
}

/// How many jobs with the crowd's tag are in each state and priority.
async fn crowd(host: &Host, state: &str, priority: &str) -> usize {
    let path = format!("/api/v1/jobs?tag=nightly&state={state}&priority={priority}&limit=500");
    let ids: BTreeSet<String> =
        host.rest().all(&path).await.iter().map(|job| job["id"].to_string()).collect();
    ids.len()
}

#[tokio::test]
async fn an_action_on_all_that_match_is_counted_before_and_survives_a_kill_without_loss_or_repetition() {
    let mut host = scene().await;
    let planned = act(&host, "cancel --tag nightly", &["--dry-run"]).await;
    assert_eq!(planned["touched"], CROWD, "{planned:#}");
    let left: u64 = planned["left"].as_object().expect("reasons").values().filter_map(Value::as_u64).sum();
    assert_eq!(left, 1, "the one that is over: {planned:#}");
    assert_eq!(crowd(&host, "queued", "normal").await, CROWD, "a count touches nothing");

    let cancelled =
        with_a_kill_in_between(&mut host, &json!({"action": "cancel", "filter": {"tag": "nightly"}})).await;
    let counted = [&cancelled["planned"], &cancelled["touched"]];
    assert_eq!((&cancelled["state"], counted), (&json!("done"), [&json!(CROWD); 2]), "{cancelled:#}");
    assert_eq!(crowd(&host, "cancelled", "normal").await, CROWD);
    let sample = host.rest().get("/api/v1/jobs?tag=nightly&state=cancelled&limit=1").await;
    let sample = sample["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(host.rest().states(&sample).await, ["queued", "cancelled"]);

    let again = act(&host, "retry --state cancelled", &["--yes"]).await;
    assert_eq!((&again["touched"], &again["state"]), (&json!(CROWD), &json!("done")), "{again:#}");
    let urgent = act(&host, "prioritise --to high --tag nightly", &["--yes"]).await;
    assert_eq!(urgent["touched"], CROWD, "{urgent:#}");
    assert_eq!(crowd(&host, "queued", "high").await, CROWD);
    act(&host, "cancel --tag nightly --priority high", &["--yes"]).await;

    let filter = json!({"tag": "nightly", "state": "cancelled"});
    let deleted = with_a_kill_in_between(&mut host, &json!({"action": "delete", "filter": filter})).await;
    assert_eq!((&deleted["touched"], &deleted["planned"]), (&json!(CROWD), &json!(CROWD)), "{deleted:#}");
    let rest: Vec<Value> = host.rest().jobs().await;
    let rest: Vec<_> = rest.iter().map(|job| (&job["tags"][0], &job["state"])).collect();
    assert_eq!(
        rest,
        [(&json!("daily"), &json!("queued")), (&json!("nightly"), &json!("succeeded"))],
        "nothing else was touched"
    );
    let history = host.rest().all("/api/v1/jobs/actions?limit=50").await;
    let history: Vec<_> = history.iter().map(|run| (&run["action"], &run["touched"])).collect();
    let crowd = json!(CROWD);
    let expected = ["delete", "cancel", "prioritise", "retry", "cancel"].map(|name| json!(name));
    assert_eq!(history, expected.each_ref().map(|name| (name, &crowd)), "the newest first");
}
