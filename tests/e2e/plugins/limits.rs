//! The limits of one agent on a running host: in force for it, and told beside what was used.

use crate::harness::{Host, Setup, nanos, until};
use anvil_sandbox::testing::{GUESTS, GuestBuilder};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// An agent of this name that falls in whatever it does.
fn trapping(name: &str) -> GuestBuilder {
    let (_, wat) = GUESTS.iter().find(|(guest, _)| *guest == "traps").expect("a guest that traps");
    GuestBuilder::new(name, wat)
}

async fn limit(host: &Host, of: &str, name: &str) -> Value {
    let limits = host.rest().get(&format!("/api/v1/{of}/limits")).await;
    let limits = limits["items"].as_array().expect("limits");
    limits
        .iter()
        .find(|limit| limit["name"] == name)
        .unwrap_or_else(|| panic!("{name} in {limits:#?}"))
        .clone()
}

#[tokio::test]
async fn what_is_set_for_one_agent_holds_for_it_alone_and_stands_beside_its_use() {
    let mut host = Setup::new()
        .plugin("falls.wasm", &trapping("falls").component())
        .plugin("falls-too.wasm", &trapping("falls-too").component())
        .plugin("quiet.wasm", &GuestBuilder::quiet("quiet").component())
        .set("ANVIL_JOBS_BACKOFF_S", "0.1")
        .prepare();
    let settings = "[agents.falls]\nmax_attempts = 1\njob_usd = 0.125\nmay_call = [\"quiet\"]\n\
                    [agents.quiet]\ninput_files = 0\nvalue_bytes = 1024\n";
    fs::write(host.folder().join("home/anvil.toml"), settings).expect("settings are written");
    host.start().await;
    host.loaded().await;

    let own = host.rest().submit("falls", "run", json!({})).await;
    let others = host.rest().submit("falls-too", "run", json!({})).await;
    let (own, others) = (host.rest().ended(&own, PATIENCE).await, host.rest().ended(&others, PATIENCE).await);
    assert_eq!((&own["attempts"], &own["max_attempts"]), (&json!(1), &json!(1)), "{own:#}");
    assert_eq!((&others["attempts"], &others["max_attempts"]), (&json!(3), &json!(3)), "{others:#}");
    let id = own["id"].as_str().expect("an id");
    let attempts = limit(&host, &format!("jobs/{id}"), "max_attempts").await;
    let told = json!({"name": "max_attempts", "setting": "agents.falls.max_attempts", "unit": "count", "limit": 1, "used": 1});
    assert_eq!(attempts, told);
    // Run again it has as many as a new job beside those that it made: its own number, and no setting's.
    host.rest().post(&format!("/api/v1/jobs/{id}/retry"), &json!({})).await;
    host.rest().ended(id, PATIENCE).await;
    let again = limit(&host, &format!("jobs/{id}"), "max_attempts").await;
    assert_eq!((&again["limit"], &again["setting"]), (&json!(2), &json!("max_attempts")), "{again:#}");
    let attempts = limit(&host, "agents/falls-too", "max_attempts").await;
    assert_eq!((&attempts["setting"], &attempts["limit"]), (&json!("jobs.max_attempts"), &json!(3)));
    let money = limit(&host, "agents/falls", "job_usd").await;
    assert_eq!((&money["limit"], &money["unit"]), (&json!(125_000_000), &json!("nanodollars")), "{money:#}");

    let body = json!({"agent": "falls", "action": "run", "payload": {}, "max_cost_usd": 0.5});
    let made = host.rest().post("/api/v1/jobs", &body).await;
    let money = limit(&host, &format!("jobs/{}", made["id"].as_str().expect("an id")), "job_usd").await;
    assert_eq!((&money["limit"], &money["setting"]), (&json!(500_000_000), &json!("max_cost_usd")));

    // A job that a schedule makes may spend as much as any other of its agent.
    let schedule = json!({"cron": "0 0 1 1 *", "agent": "falls", "action": "run", "payload": {}});
    host.rest().put("/api/v1/schedules/yearly", &schedule).await;
    let made = host.rest().post("/api/v1/schedules/yearly/run", &json!({})).await;
    assert_eq!(nanos(&made["max_cost_usd"]), 125_000_000, "{made:#}");

    let long = json!({"agent": "quiet", "action": "run", "payload": {"text": "x".repeat(2_000)}});
    let refused =
        host.rest().send(Method::POST, "/api/v1/jobs", Some(&long)).await.expect("the host answers");
    let said = refused.json()["detail"].to_string();
    assert!(refused.status == 422 && said.contains("`agents.quiet.value_bytes`"), "{said}");
    host.rest().submit("falls", "run", long["payload"].clone()).await;

    let file = host.folder().join("one.txt");
    fs::write(&file, "one").expect("a file is written");
    let from = format!("one.txt={}", file.display());
    let refused = host.anvil(&["submit", "quiet", "run", "--file", &from]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("at most 0 files"), "{said}");

    let shown = host.anvil(&["agents", "show", "falls"]).await;
    let said = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        said.lines().any(|line| line.trim_start().starts_with("may call") && line.contains("quiet")),
        "{said}"
    );
    // Removed, no version of it is in force any more.
    let kept =
        async || host.rest().get("/api/v1/agents/falls-too/versions").await["items"][0]["state"].clone();
    assert_eq!(kept().await, "in_force");
    fs::remove_file(host.plugins().join("falls-too.wasm")).expect("it is there");
    until("it has gone", PATIENCE, async || (kept().await == "kept").then_some(())).await;
    host.stop().await;
}

#[tokio::test]
async fn a_file_that_takes_the_name_of_another_is_told() {
    let host = Setup::new().plugin("quiet.wasm", &GuestBuilder::quiet("quiet").component()).start().await;
    host.loaded().await;
    let open = async || {
        let alerts = host.rest().get("/api/v1/alerts").await;
        let alerts = alerts["items"].as_array().expect("alerts").clone();
        alerts.into_iter().find(|alert| alert["kind"] == "plugin" && alert["resolved_at"].is_null())
    };
    let stranger = GuestBuilder::quiet("quiet").version("99.0.0").component();
    fs::write(host.plugins().join("totally-other.wasm"), stranger).expect("a plugin is written");
    let alert = until("people are told", PATIENCE, &open).await;
    let told = format!("{} {}", alert["title"], alert["detail"]);
    for says in ["`quiet`", "`quiet.wasm` is not in force", "`totally-other.wasm` has version 99.0.0"] {
        assert!(told.contains(says), "{says} in {told}");
    }
    fs::remove_file(host.plugins().join("totally-other.wasm")).expect("the stranger goes");
    until("it is over", PATIENCE, async || open().await.is_none().then_some(())).await;
}
