//! Jobs that ask people: parked for as long as it takes, told of, and answered once.

use crate::harness::{Host, Receiver, Reply, Setup, until};
use anvil_sandbox::testing::{GuestBuilder, hostile};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const ASKER: &str = "asks-a-person";

fn setup() -> Setup {
    Setup::new()
        .plugin("asks.wasm", &hostile(ASKER).component())
        .set("ANVIL_PEOPLE_RING_AFTER_S", 0)
        .set("ANVIL_SERVER_PUBLIC_URL", "http://anvil.example")
}

/// The open questions, once there are so many.
async fn open(host: &Host, count: u64) -> Vec<Value> {
    until(&format!("{count} questions are open"), PATIENCE, async || {
        let open = host.rest().status().await["questions"]["open"].as_u64();
        (open == Some(count)).then_some(())
    })
    .await;
    let page = host.rest().get("/api/v1/questions?state=open&limit=500").await;
    page["items"].as_array().expect("a list").clone()
}

/// The links of a message, as paths on this host.
fn links(message: &Value) -> Vec<String> {
    let questions = message["data"]["questions"].as_array().expect("questions").iter();
    let link = |question: &Value| question["answer_url"].as_str().expect("a link").to_owned();
    let paths = questions.map(|question| {
        link(question).strip_prefix("http://anvil.example").expect("the public address").to_owned()
    });
    paths.collect()
}

async fn post(host: &Host, path: &str, form: &str) -> (StatusCode, String) {
    let request = reqwest::Client::new()
        .post(format!("{}{path}", host.rest().url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned());
    let answer = request.send().await.expect("the host answers");
    (answer.status(), answer.text().await.expect("a page"))
}

async fn get(host: &Host, path: &str) -> (StatusCode, String) {
    let answer = reqwest::get(format!("{}{path}", host.rest().url())).await.expect("the host answers");
    (answer.status(), answer.text().await.expect("a page"))
}

/// Whether a text stands in any file below a folder.
fn stands_in(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("a folder").flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return stands_in(&path, text);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn a_job_that_asks_waits_a_month_over_restarts_and_an_upgrade_and_its_link_answers_once() {
    let mut receiver = Receiver::start(Reply::status(500).body("heard: ".to_owned())).await;
    let mut host = setup().start().await;
    let body = json!({"url": receiver.url("/hook"), "allow_private": true});
    host.rest().put("/api/v1/webhooks/ops", &body).await;
    let job = host.rest().submit(ASKER, "run", json!({})).await;
    let question = open(&host, 1).await.remove(0);
    assert_eq!((&question["prompt"], &question["asker"]), (&json!("Ship it?"), &json!(ASKER)));
    let waits = host.rest().job(&job).await;
    assert_eq!((&waits["state"], &waits["waiting_for"]["reason"]), (&json!("parked"), &json!("person")));
    let first = links(&receiver.next().await.json()).remove(0);

    for days in [1, 10, 20] {
        host.stop().await;
        host.start().await;
        host.rest().drive(Duration::from_hours(24 * days), 1.0).await;
    }
    // What takes its place does not ask at all.
    let upgrade = GuestBuilder::quiet(ASKER).version("2.0.0").component();
    fs::write(host.plugins().join("asks.wasm"), upgrade).expect("a plugin is written");
    until("the new version is ready", PATIENCE, async || {
        let agent = host.rest().get(&format!("/api/v1/agents/{ASKER}")).await;
        (agent["version"] == "2.0.0" && agent["state"] == "ready").then_some(())
    })
    .await;
    host.kill().await;
    host.start().await;
    assert_eq!(open(&host, 1).await.len(), 1, "it is there once");
    let job_now = host.rest().job(&job).await;
    assert_eq!((&job_now["attempts"], &job_now["state"]), (&json!(1), &json!("parked")));

    let (status, page) = get(&host, &first).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Ship it?") && page.contains(ASKER) && page.contains(&job), "{page}");
    assert!(page.contains("&lt;b&gt;or&lt;/b&gt; never (http://x.test)"), "{page}");
    assert_eq!(open(&host, 1).await.len(), 1, "looking answers nothing");
    let forged = format!("{first}x");
    assert_eq!(post(&host, &forged, "choice=no").await.0, StatusCode::NOT_FOUND);
    let (status, page) = post(&host, &first, "choice=yes").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let ended = host.rest().succeeded(&job, PATIENCE).await;
    assert_eq!(ended["result"], "yes", "by the version that asked");
    let (status, page) = post(&host, &first, "choice=no").await;
    assert_eq!(status, StatusCode::CONFLICT, "{page}");
    assert!(page.contains("This question is answered"), "{page}");

    let token = first.rsplit('/').next().expect("a token");
    assert!(token.len() > 40, "{token}");
    let logged = host.logged();
    let (_, said) = host.stop().await;
    assert!(!stands_in(&host.data(), token), "the host keeps no token");
    assert!(!logged.contains(token) && !said.contains(token), "nor does its log");
}

#[tokio::test]
async fn fifty_questions_of_one_agent_are_one_message_with_a_link_for_each() {
    let mut receiver = Receiver::start(Reply::status(204)).await;
    let host = setup().set("ANVIL_PEOPLE_RING_AFTER_S", 600).start().await;
    let body = json!({"url": receiver.url("/hook"), "allow_private": true});
    host.rest().put("/api/v1/webhooks/ops", &body).await;
    for _ in 0..50 {
        host.rest().submit(ASKER, "run", json!({})).await;
    }
    open(&host, 50).await;
    // One more is told so, and goes on.
    let refused = host.rest().submit(ASKER, "run", json!({})).await;
    let refused = host.rest().ended(&refused, PATIENCE).await;
    assert_eq!(refused["error"]["kind"], "too-many", "{refused:#}");
    host.rest().drive(Duration::from_mins(11), 1.0).await;
    let message = receiver.next().await;
    assert_eq!(links(&message.json()).len(), 50);
    assert!(message.body.len() < 20_000, "{}", message.body.len());
    receiver.heard_no_more().await;
    // By the command line.
    let list = host.anvil(&["questions", "list", "--limit", "1"]).await;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("Ship it?") && list.contains(ASKER), "{list}");
    let question = host.rest().get("/api/v1/questions?state=open&limit=1").await["items"][0].clone();
    let id = question["id"].as_str().expect("an id");
    let shown = host.anvil(&["questions", "show", id]).await;
    assert!(String::from_utf8_lossy(&shown.stdout).contains("- yes"), "{shown:?}");
    assert!(!host.anvil(&["questions", "answer", id, "maybe"]).await.status.success());
    let answered = host.anvil(&["questions", "answer", id, "no"]).await;
    assert!(answered.status.success(), "{answered:?}");
    let job = question["subject"]["id"].as_str().expect("an id");
    assert_eq!(host.rest().succeeded(job, PATIENCE).await["result"], "no");
    let path = format!("/api/v1/questions/{id}/answer");
    let late = host.rest().send(Method::POST, &path, Some(&json!({"answer": "yes"}))).await;
    assert_eq!(late.expect("the host answers").status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_thousand_open_questions_cost_less_than_five_megabytes() {
    let host =
        setup().set("ANVIL_PEOPLE_OPEN_OF_AGENT", 5_000).set("ANVIL_LIMITS_QUEUE_MAX", 5_000).start().await;
    let submit = async |count: u64, all: u64| {
        for _ in 0..count {
            host.rest().submit(ASKER, "run", json!({})).await;
        }
        open(&host, all).await;
    };
    // Every pool and cache has its size by then.
    submit(500, 500).await;
    let before = host.resident_kib();
    submit(1_000, 1_500).await;
    let after = host.resident_kib();
    println!("1,000 open questions: {} KiB", after.saturating_sub(before));
    assert!(after.saturating_sub(before) < 5 * 1024, "{before} KiB, then {after} KiB");
}
