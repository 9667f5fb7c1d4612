//! `anvil doctor --probe`: through the running host, or not at all.

use crate::harness::{Setup, nanos};
use serde_json::{Value, json};

#[tokio::test]
async fn the_doctors_probe_is_a_call_of_the_running_host_and_stands_in_its_ledger() {
    let mut host = Setup::new().agent("asker").start().await;
    let said = host.anvil(&["doctor", "--probe"]).await;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(text.contains("probe") && text.contains("answered in"), "{text}");
    let ledger = host.rest().ledger().await;
    let [call] = ledger.as_slice() else { panic!("{ledger:#?}") };
    assert_eq!(
        (&call["agent"], &call["state"], &call["job"]),
        (&json!("(probe)"), &json!("settled"), &Value::Null)
    );
    let cost = nanos(&call["cost_usd"]);
    assert!(cost > 0 && cost < 1_000_000, "it is cheap: {cost} nano-dollars");
    let status = host.rest().status().await;
    assert_eq!(nanos(&status["spend"]["day"]["spent_usd"]), cost);

    // What a person stopped stops the probe too.
    host.rest().put("/api/v1/brake", &json!({"engaged": true, "reason": "a look at the bill"})).await;
    let said = host.anvil(&["doctor", "--probe"]).await;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(!said.status.success() && text.contains("a look at the bill"), "{text}");
    assert_eq!(host.rest().ledger().await.len(), 1, "nothing was asked");

    host.stop().await;
    let said = host.command(["doctor", "--probe"]).output().await.expect("it runs");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(!said.status.success() && text.contains("through a running host"), "{text}");
}
