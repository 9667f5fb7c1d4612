//! What an agent keeps beyond its jobs, through the real binary.

use crate::harness::{Host, Setup, Upstream, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;
const STATE: &str = "/api/v1/agents/asker/state";

fn payload(prompt: &str, key: &str) -> Value {
    json!({"prompt": prompt, "calls": 2, "max_output_tokens": 100, "count": key})
}

async fn counted(host: &Host, key: &str) -> String {
    host.rest().text(&format!("{STATE}/value?key={key}")).await
}

#[tokio::test]
async fn a_job_that_is_killed_and_goes_on_has_counted_once() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    upstream.script(&json!({"matches": [{"contains": "(2 of", "items": [hangs]}]})).await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .start()
        .await;
    let id = host.rest().submit("asker", "ask", payload("Counts", "runs")).await;
    until("its second call hangs", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(()))
        .await;
    assert_eq!(counted(&host, "runs").await, "1");
    host.kill().await;
    host.start().await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!((job["attempts"].as_u64(), &job["result"]["counted"]), (Some(1), &json!(1)), "{job:#}");
    assert_eq!(job["result"]["replies"][0]["origin"], "journal");
    assert_eq!(counted(&host, "runs").await, "1", "the run that went on wrote nothing twice");

    let replay = host.anvil(&["jobs", "replay", &id]).await;
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stdout));
    assert_eq!(counted(&host, "runs").await, "1", "a replay writes nothing");

    let next = host.rest().submit("asker", "ask", payload("Counts on", "runs")).await;
    assert_eq!(host.rest().succeeded(&next, PATIENCE).await["result"]["counted"], 2, "it outlives the job");
}

#[tokio::test]
async fn a_quota_of_the_settings_is_in_force_and_the_command_line_clears() {
    let upstream = Upstream::start().await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_SANDBOX_STATE_KEYS", 1)
        .start()
        .await;
    let ask = async |key: &str| {
        let id = host.rest().submit("asker", "ask", payload("Counts", key)).await;
        host.rest().ended(&id, PATIENCE).await
    };
    assert_eq!(ask("one").await["state"], "succeeded");
    let refused = ask("two").await;
    let error = refused["error"]["message"].as_str().expect("it failed");
    assert!(error.contains("quota: the agent keeps 1 of 1 keys (state_keys)"), "{error}");
    let said = async |args: &[&str]| {
        let output = host.anvil(args).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let list = said(&["agents", "state", "list", "asker"]).await;
    assert!(list.starts_with("asker keeps 1 key, 4 B of 1 key, 4.0 MiB\n"), "{list}");
    assert_eq!(said(&["agents", "state", "get", "asker", "one"]).await, "1");
    assert_eq!(said(&["agents", "state", "clear", "asker", "--yes"]).await, "cleared 1 key, 4 B\n");
    assert_eq!(ask("two").await["state"], "succeeded", "there is room again");
}
