//! The host's log: what an operator finds in it, and what nobody may.

use crate::harness::{Host, Setup, Upstream, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const KEY: &str = "sk-ant-api03-a-key-that-nobody-may-see";
const PROMPT: &str = "a-prompt-that-stays-with-the-job";
const REPLY: &str = "a-reply-that-stays-with-the-job";

async fn logged(host: &Host, part: &str) -> String {
    until(&format!("a line of the log with `{part}`"), PATIENCE, async || {
        host.logged().lines().find(|line| line.contains(part)).map(str::to_owned)
    })
    .await
}

/// One job that is answered, one whose call fails, and one that is refused.
async fn work(host: &Host, upstream: &Upstream) {
    let rest = host.rest();
    upstream
        .script(&json!({
            "items": [{"text": REPLY}],
            "repeat": true,
            "matches": [{"contains": "doomed", "items": [{"fault": "400"}], "repeat": true}],
        }))
        .await;
    let job = rest.submit("asker", "ask", json!({"prompt": PROMPT})).await;
    rest.succeeded(&job, PATIENCE).await;
    let job = rest.submit("asker", "ask", json!({"prompt": format!("{PROMPT}, doomed")})).await;
    rest.ended(&job, PATIENCE).await;
    let wrong = json!({"agent": "asker", "action": "ask", "payload": {"prompt": [PROMPT]}});
    let refused = rest.send(Method::POST, "/api/v1/jobs", Some(&wrong)).await.expect("an answer");
    assert_eq!(refused.status.as_u16(), 422);
}

fn no_secret(said: &str, host_token: &str) {
    for secret in [KEY, PROMPT, REPLY, host_token] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the log tells what it may not");
    }
}

#[tokio::test]
async fn the_log_tells_of_start_ready_a_refused_plugin_and_the_end_and_of_nothing_secret() {
    let upstream = Upstream::start().await;
    let mut host = Setup::new()
        .agent("asker")
        .plugin("no-wasm.wasm", b"text")
        .set("ANTHROPIC_API_KEY", KEY)
        .set("ANTHROPIC_BASE_URL", upstream.url())
        .set("ANVIL_LOG", "trace")
        .start()
        .await;
    for (part, level) in
        [(": starting version=", "INFO"), (": ready address=", "INFO"), ("file=no-wasm.wasm", "WARN")]
    {
        let line = logged(&host, part).await;
        assert!(line.contains(&format!(" {level} ")), "{line}");
    }
    work(&host, &upstream).await;
    fs::remove_dir_all(host.plugins()).expect("the folder goes");
    logged(&host, " cannot be read: ").await;
    let token = host.rest().token().to_owned();
    let before = host.logged();
    host.tell_to_stop();
    let (status, said) = host.ended().await;
    assert!(status.success(), "{said}");
    assert!(
        said.contains(": stopping: told to by a signal") && said.contains(": stopped took_ms="),
        "{said}"
    );
    // The link that the host prints for its owner is on its standard output.
    no_secret(&before, &token);
    no_secret(said.split("told to by a signal").last().unwrap_or_default(), &token);
}

#[tokio::test]
async fn a_log_for_machines_is_an_object_on_each_line_and_says_as_much_as_was_asked_for() {
    let upstream = Upstream::start().await;
    let host = Setup::new()
        .agent("asker")
        .plugin("no-wasm.wasm", b"text")
        .set("ANTHROPIC_API_KEY", KEY)
        .set("ANTHROPIC_BASE_URL", upstream.url())
        .set("ANVIL_LOG_FORMAT", "json")
        .set("ANVIL_LOG", "warn,gateway=trace,runner=trace")
        .start()
        .await;
    logged(&host, "no-wasm.wasm").await;
    work(&host, &upstream).await;
    let said = host.logged();
    no_secret(&said, host.rest().token());
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let target = line["target"].as_str().expect("a target");
        assert!(line["time"].is_string() && line["message"].is_string(), "{line}");
        let own = target.starts_with("anvil_gateway") || target.starts_with("anvil_runner");
        assert!(own || matches!(line["level"].as_str(), Some("warn" | "error")), "{line}");
    }
}

#[tokio::test]
async fn a_log_that_nobody_asked_for_says_nothing_and_a_wish_that_makes_no_sense_is_refused() {
    let silent = Setup::new().plugin("no-wasm.wasm", b"text").set("ANVIL_LOG", "off").start().await;
    let rejected = async || {
        let agents = silent.rest().get("/api/v1/agents").await;
        agents.to_string().contains("rejected").then_some(())
    };
    until("the plugin is refused", PATIENCE, rejected).await;
    assert_eq!(silent.logged(), "");
    for wish in ["loud", "hyper=trace"] {
        let mut host = Setup::new().set("ANVIL_LOG", wish).prepare();
        host.spawn();
        let (status, said) = host.ended().await;
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains("error: ANVIL_LOG: there is no "), "{said}");
    }
}
