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

/// The host's settings file at its next start: what the agent reads as its tone.
fn tone(host: &Host, tone: &str) {
    let text = format!("[agents.asker.settings]\ntone = \"{tone}\"\n");
    fs::write(host.folder().join("home/anvil.toml"), text).expect("settings are written");
}

#[tokio::test]
async fn a_job_that_asks_waits_a_month_over_restarts_and_an_upgrade_and_its_link_answers_once() {
    let mut receiver = Receiver::start(Reply::status(500)).await;
    let mut host = setup().agent("asker").prepare();
    tone(&host, "dry");
    host.start().await;
    let body = json!({"url": receiver.url("/hook"), "allow_private": true});
    host.rest().put("/api/v1/webhooks/ops", &body).await;
    let question = json!({
        "prompt": "Ship it?", "choices": ["yes", "no"],
        "details": "**Now** <b>or</b> [never](http://x.test).",
    });
    let payload = json!({
        "prompt": "What is paid for", "max_output_tokens": 100, "settings": true, "people": [question],
    });
    let job = host.rest().submit("asker", "ask", payload).await;
    let question = open(&host, 1).await.remove(0);
    assert_eq!((&question["prompt"], &question["asker"]), (&json!("Ship it?"), &json!("asker")));
    let waits = host.rest().job(&job).await;
    assert_eq!((&waits["state"], &waits["waiting_for"]["reason"]), (&json!("parked"), &json!("person")));
    let message = receiver.next().await;
    let first = links(&message.json()).remove(0);
    // From now on it repeats what it was sent first.
    let repeated = String::from_utf8(message.body.to_vec()).expect("text");
    receiver.replies(Reply::status(500).body(repeated));

    let mut said = String::new();
    for days in [1, 10, 20] {
        said += &host.stop().await.1;
        tone(&host, "warm");
        host.start().await;
        host.rest().drive(Duration::from_hours(24 * days), 1.0).await;
    }
    // What takes its place does not ask at all.
    let upgrade = GuestBuilder::quiet("asker").version("9.0.0").component();
    fs::write(host.plugins().join("asker.wasm"), upgrade).expect("a plugin is written");
    until("the new version is ready", PATIENCE, async || {
        let agent = host.rest().get("/api/v1/agents/asker").await;
        (agent["version"] == "9.0.0" && agent["state"] == "ready").then_some(())
    })
    .await;
    said += &host.kill().await;
    host.start().await;
    assert_eq!(open(&host, 1).await.len(), 1, "it is there once");
    let job_now = host.rest().job(&job).await;
    assert_eq!((&job_now["attempts"], &job_now["state"]), (&json!(1), &json!("parked")));

    let (status, page) = get(&host, &first).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Ship it?") && page.contains("asker") && page.contains(&job), "{page}");
    assert!(page.contains("&lt;b&gt;or&lt;/b&gt; never (http://x.test)"), "{page}");
    assert_eq!(open(&host, 1).await.len(), 1, "looking answers nothing");
    let forged = format!("{first}x");
    assert_eq!(post(&host, &forged, "choice=no").await.0, StatusCode::NOT_FOUND);
    let (status, page) = post(&host, &first, "choice=yes").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let ended = host.rest().succeeded(&job, PATIENCE).await;
    let result = &ended["result"];
    assert_eq!(result["answers"][0]["value"], "yes", "by the version that asked: {result:#}");
    assert_eq!(result["answers"][0]["who"], "link:ops");
    assert_eq!(result["settings"]["tone"], "dry", "as it read them when it began");
    assert_eq!(ended["plugin_digest"], waits["plugin_digest"]);
    assert_eq!(ended["calls"], 1, "what was paid for came from its journal");
    let (status, page) = post(&host, &first, "choice=no").await;
    assert_eq!(status, StatusCode::CONFLICT, "{page}");
    assert!(page.contains("This question is answered"), "{page}");

    let mut tokens = vec![first.rsplit('/').next().expect("a token").to_owned()];
    while receiver.heard_so_far() > 0 {
        let sent = receiver.next().await.json();
        if sent["data"]["questions"].is_array() {
            tokens.extend(links(&sent).iter().filter_map(|link| link.rsplit('/').next()).map(str::to_owned));
        }
    }
    assert!(tokens.len() > 1, "the message came again, with a link of its own");
    assert!(stands_in(&host.data(), "Ship it?"), "what is there is found");
    let file = host.folder().join("jobs.jsonl");
    let exported = host.anvil(&["jobs", "export", "--files", "--out", &file.display().to_string()]).await;
    assert!(exported.status.success(), "{exported:?}");
    let mut told = fs::read_to_string(&file).expect("an export");
    assert!(told.contains("What is paid for"), "{told}");
    for path in [
        "/api/v1/audit?limit=500".to_owned(),
        "/api/v1/deliveries?limit=500".to_owned(),
        "/api/v1/alerts?limit=500".to_owned(),
        "/api/v1/questions?limit=500".to_owned(),
        format!("/api/v1/jobs/{job}"),
        format!("/api/v1/jobs/{job}/log"),
    ] {
        told += &host.rest().get(&path).await.to_string();
    }
    // A back-up is a copy of the folder: of a host that runs, and of one that does not.
    let running = tokens.iter().find(|token| stands_in(&host.data(), token)).cloned();
    said += &host.stop().await.1;
    assert!(said.contains("/login?token="), "its outputs are read");
    for token in tokens {
        assert!(token.len() > 40, "{token}");
        assert_eq!(running, None, "the host keeps no token");
        assert!(!stands_in(&host.data(), &token), "the host keeps no token");
        assert!(!said.contains(&token), "nor does its log");
        assert!(!told.contains(&token), "nor what it tells and exports");
    }
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
    assert!(list.contains(" 11m "), "an age is told by the host's clock: {list}");
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
    let before = calm(&host).await;
    submit(1_000, 1_500).await;
    let after = calm(&host).await;
    println!("1,000 open questions: {} KiB", after.saturating_sub(before));
    assert!(after.saturating_sub(before) < 5 * 1024, "{before} KiB, then {after} KiB");
}

/// The memory of the host once it has been the same for a second.
async fn calm(host: &Host) -> u64 {
    let mut last = 0;
    until("its memory stays as it is", PATIENCE, async || {
        let (before, now) = (last, host.resident_kib());
        last = now;
        tokio::time::sleep(Duration::from_secs(1)).await;
        (now.abs_diff(before) < 64).then_some(now)
    })
    .await
}
