//! Kept replies, through the real binary: paid once, and not served where a guest fails on them.

use crate::harness::{Setup, Upstream, nanos};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// What the job's only reply said, and where it came from.
fn reply(job: &Value) -> (String, String) {
    let reply = &job["result"]["replies"][0];
    let text = |name: &str| reply[name].as_str().expect("a text").to_owned();
    (text("text"), text("origin"))
}

#[tokio::test]
async fn a_reply_is_paid_once_until_a_guest_fails_on_it_and_then_another_takes_its_place() {
    let upstream = Upstream::start().await;
    upstream.script(&json!({"items": ["a bad reply", "fine", "never asked for"]})).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let host = setup.set("ANVIL_JOBS_BACKOFF_S", 0.05).start().await;
    let ask = |reject: Option<&str>| {
        let mut payload = json!({"prompt": "The same", "max_output_tokens": 100, "cacheable": true});
        if let Some(reject) = reject {
            payload["reject"] = json!(reject);
        }
        let host = &host;
        async move { host.rest().succeeded(&host.rest().submit("asker", "ask", payload).await, PATIENCE).await }
    };
    let told = |text: &str, origin: &str| (text.to_owned(), origin.to_owned());
    let first = ask(None).await;
    assert_eq!(reply(&first), told("a bad reply", "live"));
    let second = ask(None).await;
    assert_eq!(reply(&second), told("a bad reply", "cache"));
    assert_eq!(nanos(&second["cost_usd"]), 0);
    // It fails on the kept one, and is answered anew.
    let third = ask(Some("bad")).await;
    assert_eq!((reply(&third), &third["attempts"]), (told("fine", "live"), &json!(2)));
    assert_eq!(reply(&ask(None).await), told("fine", "cache"));
    let bill = upstream.bill().await;
    assert_eq!(bill.billed_calls, 2);
    let totals = host.rest().get("/api/v1/ledger").await["total"].clone();
    assert_eq!((nanos(&totals["settled_usd"]), &totals["hits"]), (bill.nano_dollars, &json!(3)));
    let cache = host.rest().get("/api/v1/cache").await;
    assert_eq!((&cache["kept"]["entries"], &cache["hits_today"]), (&json!(1), &json!(3)));
    assert_eq!(nanos(&cache["saved_today_usd"]), nanos(&totals["reply_saved_usd"]));
}
