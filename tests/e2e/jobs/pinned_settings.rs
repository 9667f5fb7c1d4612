//! What an agent reads as its settings stays as it was when its job first started.

use crate::harness::{Host, Setup, Upstream, until};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

/// The settings file of the host's next start.
fn write(host: &Host, tone: &str) {
    let text = format!("[agents.asker.settings]\ntone = \"{tone}\"\n");
    fs::write(host.folder().join("home/anvil.toml"), text).expect("settings are written");
}

fn payload(prompt: &str) -> Value {
    json!({"prompt": prompt, "calls": 1, "max_output_tokens": 100, "settings": true})
}

async fn read_by(host: &Host, id: &str) -> Value {
    host.rest().succeeded(id, PATIENCE).await["result"]["settings"]["tone"].clone()
}

#[tokio::test]
async fn a_job_that_goes_on_after_a_restart_reads_the_settings_that_it_began_with() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    upstream.script(&json!({"matches": [{"contains": "Goes on", "items": [hangs]}]})).await;
    let mut host =
        Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev").prepare();
    write(&host, "dry");
    host.start().await;
    let id = host.rest().submit("asker", "ask", payload("Goes on")).await;
    until("its first call hangs", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(()))
        .await;
    host.kill().await;
    write(&host, "warm");
    host.start().await;
    assert_eq!(read_by(&host, &id).await, "dry", "it has no answer yet, and has begun all the same");
    let next = host.rest().submit("asker", "ask", payload("Begins")).await;
    assert_eq!(read_by(&host, &next).await, "warm");

    host.stop().await;
    write(&host, "cold");
    host.start().await;
    let replay = host.anvil(&["jobs", "replay", &id]).await;
    let said = String::from_utf8_lossy(&replay.stdout).into_owned();
    assert!(replay.status.success() && said.contains("No difference"), "a replay reads what it read: {said}");
}
