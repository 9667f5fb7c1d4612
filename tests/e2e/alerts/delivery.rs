//! Alerts: each fires once, and reaches its receiver over crashes, dead receivers and driven clocks.

use crate::harness::{Host, Receiver, Reply, Setup, Upstream, nanos, until};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// Makes a webhook at this receiver; its secret.
async fn hook(host: &Host, name: &str, receiver: &Receiver) -> String {
    let body = json!({"url": receiver.url("/hook"), "allow_private": true});
    let made = host.rest().put(&format!("/api/v1/webhooks/{name}"), &body).await;
    made["secret"].as_str().expect("a new webhook has a secret").to_owned()
}

async fn send_test(host: &Host, name: &str) -> Value {
    host.rest().post(&format!("/api/v1/webhooks/{name}/test"), &json!({})).await
}

/// The newest delivery to a webhook, once it was tried so often.
async fn tried(host: &Host, webhook: &str, tries: u64) -> Value {
    until(&format!("try {tries} of {webhook}"), PATIENCE, async || {
        let sent = host.rest().get(&format!("/api/v1/deliveries?webhook={webhook}&limit=1")).await;
        Some(sent["items"][0].clone()).filter(|delivery| delivery["tries"] == tries)
    })
    .await
}

async fn drive(host: &Host, seconds: u64) {
    host.rest().post("/api/v1/clock", &json!({"advance_s": seconds})).await;
}

#[tokio::test]
async fn what_was_on_its_way_when_the_host_was_killed_arrives_with_the_same_id() {
    let mut receiver = Receiver::start(Reply::never()).await;
    let mut host = Setup::new().start().await;
    let secret = hook(&host, "ops", &receiver).await;
    let sent = send_test(&host, "ops").await;
    // The row is there, and the receiver has not said that it has the message.
    let first = receiver.next().await;
    assert_eq!(sent["message_id"], first.id());
    host.kill().await;
    receiver.replies(Reply::status(204));
    host.start().await;
    let again = receiver.next().await;
    assert_eq!(again.id(), first.id(), "one message, however often it comes");
    let same = |key: &str| assert_eq!(again.json()["data"][key], first.json()["data"][key]);
    ["id", "title", "detail", "raised_at"].into_iter().for_each(same);
    let library = standardwebhooks::Webhook::new(&secret).expect("a secret");
    for heard in [&first, &again] {
        library.verify(&heard.body, &heard.headers).expect("another implementation verifies it");
    }
    let body = again.json();
    assert_eq!((&body["type"], &body["data"]["upstream"]), (&json!("alert.fired"), &json!("simulated")));
    assert!(body["data"]["title"].as_str().is_some_and(|title| title.starts_with("SIMULATED: ")), "{body}");
    let page = body["data"]["url"].as_str().expect("a link");
    assert!(page.ends_with(&format!("/alerts/{}", sent["alert"].as_str().expect("an id"))), "{page}");
    let done = tried(&host, "ops", 1).await;
    assert_eq!((&done["state"], &done["last_status"]), (&json!("delivered"), &json!(204)));
    receiver.heard_no_more().await;
}

#[tokio::test]
async fn a_dead_receiver_is_retried_on_the_schedule_and_shown_and_a_gone_one_is_let_be() {
    let mut receiver = Receiver::start(Reply::status(503)).await;
    let host = Setup::new().start().await;
    hook(&host, "ops", &receiver).await;
    send_test(&host, "ops").await;
    let first = receiver.next().await;
    for (tries, wait) in [(1, 5), (2, 300), (3, 1_800), (4, 7_200)] {
        let tried = tried(&host, "ops", tries).await;
        assert_eq!((&tried["state"], &tried["last_status"]), (&json!("pending"), &json!(503)));
        let now = host.rest().status().await["now"].as_str().map(str::to_owned).expect("a time");
        let until = seconds_between(&now, tried["next_at"].as_str().expect("a time"));
        assert!(until <= wait + wait / 10 + 1, "try {tries}: {until} s");
        drive(&host, wait + wait / 10 + 1).await;
        assert_eq!(receiver.next().await.id(), first.id());
    }
    tried(&host, "ops", 5).await;
    let log = host.anvil(&["webhooks", "log", "--state", "pending"]).await;
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("HTTP 503") && log.contains("ops"), "{log}");
    let page = host.rest().text("/alerts").await;
    assert!(page.contains("HTTP 503") && page.contains("Resend"), "the panel shows it");

    receiver.replies(Reply::status(410));
    drive(&host, 30_000).await;
    receiver.next().await;
    let gone = tried(&host, "ops", 6).await;
    assert_eq!(gone["state"], "failed");
    let webhooks = host.rest().get("/api/v1/webhooks").await;
    assert_eq!(webhooks["items"][0]["enabled"], false, "{webhooks}");
    let firing = host.rest().get("/api/v1/alerts?state=firing").await;
    assert_eq!(firing["items"][0]["kind"], "webhook", "{firing}");
    assert_eq!(host.rest().status().await["alerts"]["firing"], 1);
    let resend = format!("/api/v1/deliveries/{}/resend", gone["id"].as_str().expect("an id"));
    for path in ["/api/v1/webhooks/ops/test", &resend] {
        let refused = host.rest().send(Method::POST, path, None).await.expect("the host answers");
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    }
    let alert = firing["items"][0]["id"].as_str().expect("an id").to_owned();
    let known = host.anvil(&["alerts", "ack", &alert, "--note", "the channel moved"]).await;
    assert!(known.status.success(), "{known:?}");
    let known = host.rest().get(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!(
        (&known["state"], &known["acknowledged"]["note"]),
        (&json!("acknowledged"), &json!("the channel moved"))
    );

    // A person repairs it, and sends once more what was given up.
    receiver.replies(Reply::status(200));
    host.rest().put("/api/v1/webhooks/ops", &json!({"enabled": true})).await;
    let over = host.rest().get(&format!("/api/v1/alerts/{alert}")).await;
    assert_eq!(over["state"], "resolved");
    assert_eq!(receiver.next().await.id(), format!("msg_{alert}_resolved"));
    host.rest().post(&resend, &json!({})).await;
    assert_eq!(receiver.next().await.id(), first.id());
}

fn seconds_between(from: &str, to: &str) -> u64 {
    let time = |text: &str| text.parse::<jiff::Timestamp>().expect("a time").as_second();
    u64::try_from(time(to) - time(from)).unwrap_or(0)
}

#[tokio::test]
async fn a_private_address_is_refused_however_it_is_written() {
    let mut receiver = Receiver::start(Reply::status(200)).await;
    let host = Setup::new().start().await;
    let port = receiver.port();
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://ann:secret@ops.example/".to_owned(),
    ] {
        let body = json!({"url": url});
        let answer = host.rest().send(Method::PUT, "/api/v1/webhooks/ops", Some(&body)).await;
        let answer = answer.expect("the host answers");
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["pointer"], "/url", "{}", answer.text());
        assert!(!answer.text().contains("secret"), "{}", answer.text());
    }
    assert_eq!(host.rest().get("/api/v1/webhooks").await["items"], json!([]));
    receiver.heard_no_more().await;
}

#[tokio::test]
async fn twelve_concurrent_crossings_make_one_alert_that_a_crash_does_not_lose() {
    const OUTPUT: u64 = 2_000;
    let upstream = Upstream::start().await;
    // Twelve under way at once, each at nearly the whole of its hold.
    upstream.first_byte_after(Duration::from_secs(2)).await;
    let usage = json!({"input_tokens": 10, "output_tokens": OUTPUT});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    let mut receiver = Receiver::start(Reply::never()).await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 12)
        .start()
        .await;
    let payload = |job: u64| json!({"prompt": format!("job {job:02}"), "max_output_tokens": OUTPUT});
    let first = host.rest().submit("asker", "ask", payload(0)).await;
    host.rest().succeeded(&first, PATIENCE).await;
    let call = host.rest().ledger().await[0].clone();
    let (hold, cost) = (nanos(&call["hold_usd"]), nanos(&call["cost_usd"]));
    // All thirteen come to 60 %: the seventh to eleventh of the twelve crosses half, whichever that is.
    let limit = cost * 13 * 10 / 6;
    assert!(cost + 12 * hold <= limit, "all twelve fit at once: {hold} of {limit}");
    #[expect(clippy::cast_precision_loss, reason = "far below what a double holds")]
    let limit = limit as f64 / 1e9;
    let secret = hook(&host, "ops", &receiver).await;
    host.rest().limits(&json!({"day_usd": limit})).await;
    let jobs = join_all((1..=12).map(|job| host.rest().submit("asker", "ask", payload(job)))).await;
    let message = receiver.next().await;
    // The row is there, and no delivery is noted.
    host.kill().await;
    receiver.replies(Reply::status(204));
    host.start().await;
    join_all(jobs.iter().map(|job| host.rest().ended(job, PATIENCE))).await;
    let again = receiver.next().await;
    assert_eq!(again.id(), message.id());
    let library = standardwebhooks::Webhook::new(&secret).expect("a secret");
    library.verify(&again.body, &again.headers).expect("another implementation verifies it");
    let half_of_the_day = |alert: &&Value| alert["window"] == "day" && alert["percent"] == 50;
    let alerts = host.rest().all("/api/v1/alerts?limit=100").await;
    assert_eq!(alerts.iter().filter(half_of_the_day).count(), 1, "{alerts:#?}");
    assert_eq!(again.json()["data"]["limit"]["percent"], 50, "{}", again.json());
    let sent = host.rest().all("/api/v1/deliveries?limit=100").await;
    let ids: std::collections::BTreeSet<_> = sent.iter().map(|sent| sent["message_id"].to_string()).collect();
    assert_eq!(ids.len(), sent.len(), "each message has a row of its own: {sent:#?}");
}
