//! The way of somebody who is new: play with the built-in simulator, then set a key on the same folder. Nothing
//! that was played with is in force for real money.
//!
//! The upstream that is asked as the live one is a simulator on loopback, which keeps a bill.

use crate::harness::{Setup, Upstream, nanos};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const KEY: &str = "order-17";

fn ask(key: &str) -> Value {
    json!({
        "agent": "asker", "action": "ask", "payload": {"prompt": "Hello.", "max_output_tokens": 20},
        "idempotency_key": key,
    })
}

/// A price of a thousandth of the preset's.
fn cheap() -> Value {
    json!({
        "model": "claude-haiku-5-5", "input": 0.0001, "output": 0.0005, "cache_write_5m": 0.0001,
        "cache_write_1h": 0.0002, "cache_read": 0.0001,
    })
}

/// The line of the banner that tells the budget.
fn budget(said: &str) -> String {
    said.lines().find(|line| line.trim_start().starts_with("budget")).expect("a banner").to_owned()
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

/// How far a host's time is from this machine's, in seconds.
fn apart(now: &Value) -> i64 {
    time(now).duration_since(jiff::Timestamp::now()).as_secs().abs()
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_host_keeps_is_its_users_alone_in_a_folder_that_is_everybodys_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut host = Setup::new().agent("asker").set("ANVIL_SIMULATOR_LATENCY_MS", 0).start().await;
    let (rest, data) = (host.rest(), host.data());
    let job = rest.post("/api/v1/jobs", &ask(KEY)).await["id"].as_str().expect("an id").to_owned();
    rest.succeeded(&job, PATIENCE).await;
    host.stop().await;
    let everybodys = |mode| std::fs::Permissions::from_mode(mode);
    let files = || std::fs::read_dir(&data).expect("a folder").map(|entry| entry.expect("a file").path());
    // As a service manager makes it, and as a copy leaves what is in it.
    std::fs::set_permissions(&data, everybodys(0o755)).expect("it is ours");
    for file in files() {
        // The search index is made anew.
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("anvil-search")) {
            std::fs::remove_file(file).expect("it is ours");
        } else {
            std::fs::set_permissions(file, everybodys(0o755)).expect("it is ours");
        }
    }
    host.start().await;
    for file in files() {
        let mode = file.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o007, 0, "{}: {mode:o}", file.display());
    }
    assert_eq!(data.join("token").metadata().expect("it is there").permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn what_was_played_with_is_not_in_force_for_real_money() {
    let mut host = Setup::new().agent("asker").set("ANVIL_SIMULATOR_LATENCY_MS", 0).start().await;
    let rest = host.rest();
    rest.limits(
        &json!({"hour_usd": 5_000, "day_usd": 5_000, "month_usd": 5_000, "job_usd": 900, "queue_max": 3}),
    )
    .await;
    rest.put("/api/v1/prices", &cheap()).await;
    let played = rest.post("/api/v1/jobs", &ask(KEY)).await["id"].as_str().expect("an id").to_owned();
    rest.succeeded(&played, PATIENCE).await;
    rest.drive(Duration::from_hours(24 * 45), 1.0).await;
    rest.put("/api/v1/queue", &json!({"paused": true, "reason": "enough"})).await;
    for number in 0..3 {
        rest.post("/api/v1/jobs", &ask(&format!("left-{number}"))).await;
    }
    rest.put("/api/v1/brake", &json!({"engaged": true, "reason": "enough"})).await;
    assert!(apart(&rest.status().await["now"]) > 86_400 * 44);
    host.stop().await;

    let upstream = Upstream::start().await;
    host.set("ANTHROPIC_API_KEY", "sk-test");
    host.set("ANTHROPIC_BASE_URL", upstream.url());
    host.start().await;
    let rest = host.rest();
    let status = rest.status().await;
    assert_eq!(status["upstream"]["kind"], "live");
    assert!(apart(&status["now"]) < 3_600, "{status:#}");
    assert_eq!(status["brake"]["engaged"], false);
    assert_eq!((&status["queue"]["queued"], &status["queue"]["paused"]), (&json!(0), &Value::Null));
    let limits = rest.get("/api/v1/limits").await;
    for (name, usd) in [("hour_usd", 8.0), ("day_usd", 160.0), ("month_usd", 200.0), ("job_usd", 2.0)] {
        assert_eq!(limits["limits"][name].as_f64(), Some(usd), "{name}");
    }
    assert_eq!(limits["limits"]["queue_max"], 200);
    assert_eq!(budget(&host.said()).trim(), "budget    $8.00 an hour, $160.00 a day, $200.00 a month");
    // The key is new here, there is room, and the price is the preset's.
    let job = rest.post("/api/v1/jobs", &ask(KEY)).await;
    assert_eq!(job["upstream"], "live");
    assert_ne!(job["id"], played.as_str());
    let job = rest.succeeded(job["id"].as_str().expect("an id"), PATIENCE).await;
    let billed = upstream.bill().await.nano_dollars;
    assert!(billed > 0);
    assert_eq!(nanos(&job["cost_usd"]), billed);
    assert_eq!(nanos(&rest.status().await["spend"]["total_usd"]), billed);

    // What is simulated can be wiped, and only that.
    let live =
        rest.send(Method::POST, "/api/v1/wipe", Some(&json!({"upstream": "live", "confirm": true}))).await;
    assert_eq!(live.expect("the host answers").status, 422);
    let unsure = host.anvil(&["wipe", "simulated"]).await;
    assert_ne!(unsure.status.code(), Some(0));
    let wiped = host.anvil(&["wipe", "simulated", "--yes"]).await;
    assert!(wiped.status.success(), "{}", String::from_utf8_lossy(&wiped.stderr));
    assert!(String::from_utf8_lossy(&wiped.stdout).contains("wiped 4 jobs and 1 calls"), "{wiped:?}");
    assert_eq!(nanos(&host.rest().status().await["spend"]["total_usd"]), billed);
    assert_eq!(host.rest().jobs().await.len(), 1);
}

#[tokio::test]
async fn a_live_limit_that_is_stricter_is_kept_and_told() {
    let upstream = Upstream::start().await;
    let mut host = Setup::new()
        .agent("asker")
        .set("ANTHROPIC_API_KEY", "sk-test")
        .set("ANTHROPIC_BASE_URL", upstream.url())
        .start()
        .await;
    host.rest().limits(&json!({"day_usd": 20})).await;
    host.stop().await;
    host.set("ANVIL_UPSTREAM_KIND", "simulated");
    host.start().await;
    assert_eq!(host.rest().get("/api/v1/limits").await["limits"]["day_usd"].as_f64(), Some(160.0));
    host.rest().limits(&json!({"day_usd": 4_000, "hour_usd": 4_000})).await;
    host.stop().await;
    host.set("ANVIL_UPSTREAM_KIND", "live");
    host.start().await;
    let limits = host.rest().get("/api/v1/limits").await["limits"].clone();
    assert_eq!((limits["day_usd"].as_f64(), limits["hour_usd"].as_f64()), (Some(20.0), Some(8.0)));
    let said = budget(&host.said());
    assert!(said.contains("$20.00 a day") && said.contains("changed at run time: day_usd"), "{said}");
}

#[tokio::test]
async fn a_limit_that_the_preset_forbids_is_cut_down_and_told() {
    let mut host = Setup::new().agent("asker").set("ANVIL_PRESET", "api-build").start().await;
    host.rest().limits(&json!({"requests_per_minute": 1_800, "agents_max": 40})).await;
    host.stop().await;
    host.set("ANVIL_PRESET", "max-200");
    host.start().await;
    let limits = host.rest().get("/api/v1/limits").await["limits"].clone();
    assert_eq!(limits["agents_max"], 12);
    assert!(limits["requests_per_minute"].as_u64().expect("a count") <= 50, "{limits:#}");
    let alerts = host.rest().all("/api/v1/alerts?state=firing").await;
    let titles: Vec<_> = alerts.iter().map(|alert| alert["title"].as_str().expect("a title")).collect();
    for name in ["requests_per_minute", "agents_max"] {
        assert!(titles.iter().any(|title| title.contains(name)), "{titles:?}");
        assert!(host.said().contains(&format!("{name} was set to")), "{}", host.said());
    }
}

#[tokio::test]
async fn a_whole_folder_put_back_from_a_copy_engages_the_brake() {
    let mut host = Setup::new().agent("asker").set("ANVIL_SIMULATOR_LATENCY_MS", 0).start().await;
    host.stop().await;
    let copy = host.folder().join("copy");
    copy_folder(&host.data(), &copy);
    host.start().await;
    let job = host.rest().post("/api/v1/jobs", &ask(KEY)).await["id"].as_str().expect("an id").to_owned();
    host.rest().succeeded(&job, PATIENCE).await;
    host.kill().await;
    std::fs::remove_dir_all(host.data()).expect("removed");
    copy_folder(&copy, &host.data());
    host.start().await;
    let brake = host.rest().status().await["brake"].clone();
    assert_eq!(brake["causes"][0]["kind"], "restored", "{brake:#}");
    assert!(host.said().contains("an older copy was put in its place"), "{}", host.said());
    host.rest().put("/api/v1/brake", &json!({"engaged": false, "reason": "nothing was billed"})).await;
    host.stop().await;
    host.start().await;
    assert_eq!(host.rest().status().await["brake"]["engaged"], false, "a person has looked");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}
