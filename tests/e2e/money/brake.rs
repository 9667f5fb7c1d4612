//! The brake, by real settlements: it engages at 95 % of the day, and what ends it.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// What a call of the scene costs: 100,000 tokens of Opus' output.
const CALL: i64 = 2_000_000_000;
/// So many pay 150 of the 160 dollars of the day.
const NEARLY: u64 = 75;

/// A host with a day of 160 dollars in Berlin, and an upstream whose calls cost two dollars each.
async fn scene() -> (Upstream, Host) {
    let upstream = Upstream::start().await;
    let usage = json!({"input_tokens": 0, "output_tokens": 100_000});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_DAY_USD", 160)
        .set("ANVIL_TIME_ZONE", "Europe/Berlin")
        .set("ANVIL_PRESSURE_THROTTLE", false)
        .set("ANVIL_PRESSURE_DOWNGRADE", false)
        .set("ANVIL_JOBS_CALLS", 200)
        .start()
        .await;
    (upstream, host)
}

async fn submit(host: &Host, calls: u64) -> String {
    let payload =
        json!({"prompt": "Spend.", "calls": calls, "max_output_tokens": 128_000, "effort": "complex"});
    host.rest().submit("asker", "ask", payload).await
}

async fn engaged(host: &Host) -> bool {
    host.rest().status().await["brake"]["engaged"].as_bool().expect("a flag")
}

async fn spent(host: &Host) -> i64 {
    nanos(&host.rest().status().await["spend"]["day"]["spent_usd"])
}

async fn parked_by_the_brake(host: &Host, job: &str) -> Value {
    until("the job is parked", PATIENCE, async || {
        let job = host.rest().job(job).await;
        (job["state"] == "parked").then_some(job)
    })
    .await
}

/// Jumps to a minute before the next midnight in Berlin, or past it.
async fn drive_to_midnight(host: &Host, past: bool) {
    let now: jiff::Timestamp =
        host.rest().get("/api/v1/clock").await["now"].as_str().expect("a time").parse().expect("a time");
    let local = now.in_tz("Europe/Berlin").expect("the zone");
    let midnight = local.tomorrow().and_then(|day| day.start_of_day()).expect("a day").timestamp();
    let left = Duration::try_from(midnight.duration_since(now)).expect("it is to come");
    let minute = Duration::from_mins(1);
    let jump = if past { left + minute } else { left.saturating_sub(minute) };
    host.rest().drive(jump, 1.0).await;
}

#[tokio::test]
async fn the_brake_engages_with_the_settlement_that_crosses_and_ends_as_the_design_says() {
    let (upstream, mut host) = scene().await;
    let nearly = submit(&host, NEARLY).await;
    host.rest().succeeded(&nearly, PATIENCE).await;
    assert_eq!(spent(&host).await, 150 * 1_000_000_000);
    assert!(!engaged(&host).await);

    // Two run when the first of them crosses; both settle.
    upstream.first_byte_after(Duration::from_millis(1_500)).await;
    let running = [submit(&host, 1).await, submit(&host, 1).await];
    until("both are under way", PATIENCE, async || (upstream.bill().await.in_flight == 2).then_some(()))
        .await;
    for job in &running {
        host.rest().succeeded(job, PATIENCE).await;
        assert!(engaged(&host).await, "whoever sees the job done sees the brake");
    }
    assert_eq!(spent(&host).await, 154 * 1_000_000_000);
    let events = host.rest().get("/api/v1/brake").await;
    assert_eq!(events["causes"][0]["kind"], "day", "{events:#}");
    upstream.first_byte_after(Duration::ZERO).await;

    // What comes now waits, and says until when; a restart changes nothing of it.
    let requests = upstream.bill().await.requests;
    let waiting = submit(&host, 1).await;
    let job = parked_by_the_brake(&host, &waiting).await;
    assert_eq!(job["waiting_for"]["reason"], "brake", "{job:#}");
    host.kill().await;
    host.start().await;
    assert!(engaged(&host).await);
    let job = parked_by_the_brake(&host, &waiting).await;
    let until_when: jiff::Timestamp =
        job["waiting_for"]["until"].as_str().expect("a time").parse().expect("a time");
    let local = until_when.in_tz("Europe/Berlin").expect("the zone");
    assert_eq!((local.hour(), local.minute()), (0, 0), "{local}");
    assert_eq!(upstream.bill().await.requests, requests, "nothing went out");

    // A person needs a reason; their release counts for this day, over a restart too.
    let refused =
        host.rest().send(reqwest::Method::PUT, "/api/v1/brake", Some(&json!({"engaged": false}))).await;
    assert!(refused.expect("an answer").status.is_client_error());
    host.rest().put("/api/v1/brake", &json!({"engaged": false, "reason": "a demo is due"})).await;
    host.rest().succeeded(&waiting, PATIENCE).await;
    assert_eq!(spent(&host).await, 156 * 1_000_000_000);
    assert!(!engaged(&host).await);
    host.kill().await;
    host.start().await;
    let one_more = submit(&host, 1).await;
    host.rest().succeeded(&one_more, PATIENCE).await;
    assert!(!engaged(&host).await, "it is muted for the day");

    // The next day has a brake again; raising the limit ends it.
    drive_to_midnight(&host, true).await;
    assert_eq!(spent(&host).await, 0);
    let again = submit(&host, NEARLY + 1).await;
    host.rest().succeeded(&again, PATIENCE).await;
    assert!(engaged(&host).await, "the mute was for yesterday only");
    let waiting = submit(&host, 1).await;
    parked_by_the_brake(&host, &waiting).await;
    host.rest().limits(&json!({"day_usd": 170})).await;
    host.rest().succeeded(&waiting, PATIENCE).await;
    assert!(!engaged(&host).await);

    // Lowered again, the brake engages at once; the night ends it and what it parked.
    host.rest().limits(&json!({"day_usd": 160})).await;
    assert!(engaged(&host).await);
    let waiting = submit(&host, 1).await;
    parked_by_the_brake(&host, &waiting).await;
    drive_to_midnight(&host, false).await;
    assert!(engaged(&host).await, "a minute before midnight");
    drive_to_midnight(&host, true).await;
    host.rest().succeeded(&waiting, PATIENCE).await;
    assert!(!engaged(&host).await);
    assert_eq!(spent(&host).await, CALL);

    // What a person engages only a person ends.
    host.rest().put("/api/v1/brake", &json!({"engaged": true, "reason": "looking at something"})).await;
    drive_to_midnight(&host, true).await;
    assert!(engaged(&host).await);
    let history = host.anvil(&["brake", "off", "--reason", "seen"]).await;
    assert!(history.status.success(), "{history:?}");
    assert!(!engaged(&host).await);
    assert_eq!(nanos(&host.rest().status().await["spend"]["total_usd"]), upstream.bill().await.nano_dollars);
}
