//! `anvil jobs replay`: a past job against its journal, on its own build and on another.

use crate::harness::{Host, Setup, Upstream, agent, another_build};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// How the agent goes on in a conversation, and how another build of it does.
const THEN: &str = "Go on, and say what follows from it.";
const NOW: &str = "Go on, and say what leads back to it";

async fn scene(upstream: &Upstream) -> Host {
    let setup = Setup::new().agent("asker").simulated_by(upstream).set("ANVIL_PRESET", "unlimited-dev");
    setup.set("ANVIL_JOBS_BACKOFF_S", 0.05).start().await
}

/// A job of three calls that looks at its allowance between them.
fn payload() -> Value {
    json!({"prompt": "Once more", "calls": 3, "max_output_tokens": 100, "look": true, "conversation": true})
}

/// The agent as another hand may have built it: the last words of its question read otherwise.
fn asks_otherwise() -> Vec<u8> {
    let mut component = agent("asker");
    let (here, there) = (THEN.as_bytes(), NOW.as_bytes());
    assert_eq!(here.len(), there.len());
    let places: Vec<usize> = (0..component.len()).filter(|at| component[*at..].starts_with(here)).collect();
    let [place] = places[..] else { panic!("the words are in {} places", places.len()) };
    component[place..place + there.len()].copy_from_slice(there);
    component
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn replay(host: &Host, id: &str, plugin: Option<&PathBuf>) -> (i32, String) {
    let file = plugin.map(|file| file.to_str().expect("a path of letters"));
    let mut args = vec!["jobs", "replay", id];
    args.extend(file.iter().flat_map(|file| ["--plugin", file]));
    let output = host.anvil(&args).await;
    (output.status.code().expect("an exit"), said(&output) + &String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_replay_costs_nothing_and_shows_where_another_build_differs() {
    let upstream = Upstream::start().await;
    upstream.script(&json!({"matches": [{"contains": "(2 of", "items": ["a bad one"]}]})).await;
    let host = scene(&upstream).await;
    let rest = host.rest();
    let mut body = payload();
    body["reject"] = json!("bad");
    let id = rest.submit("asker", "ask", body).await;
    let job = rest.succeeded(&id, PATIENCE).await;
    assert_eq!(job["attempts"], 2, "the journal has been cut and written on");
    let (requests, ledger) = (upstream.bill().await.requests, rest.ledger().await.len());

    // On its own build, and on one with the same code: nothing differs.
    let (code, told) = replay(&host, &id, None).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("7 of 7 answers") && told.contains("No difference"), "{told}");
    let page = rest.send(Method::POST, &format!("/jobs/{id}/replay"), None).await.expect("an answer").text();
    assert!(page.contains("No difference.") && page.contains("7 of 7 answers"), "{page}");
    let same = host.folder().join("same.wasm");
    fs::write(&same, another_build(&agent("asker"))).expect("written");
    let (code, told) = replay(&host, &id, Some(&same)).await;
    assert_eq!(code, 0, "{told}");

    // On one that asks otherwise: the place, what was asked, and what is asked now.
    let other = host.folder().join("other.wasm");
    fs::write(&other, asks_otherwise()).expect("written");
    let (code, told) = replay(&host, &id, Some(&other)).await;
    assert_eq!(code, 1, "{told}");
    println!("{told}");
    for part in ["position 1", "1 of 7", "- ", THEN, "+ ", NOW, "asks nobody anything"] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
    let replayed = rest.send_bytes(&format!("/api/v1/jobs/{id}/replay"), asks_otherwise()).await;
    assert_eq!(replayed.status, StatusCode::OK, "{}", replayed.text());
    let replayed = replayed.json();
    assert_eq!(replayed["differences"].as_array().map(Vec::len), Some(1), "{replayed:#}");
    assert_eq!(replayed["same_end"], Value::Null);
    let words = |side: &str| replayed["differences"][0][side]["request"].to_string();
    assert!(words("then").contains(THEN) && words("now").contains(NOW), "{replayed:#}");

    // Nothing was sent, spent or written, and the build that was tried is no agent.
    assert_eq!((upstream.bill().await.requests, rest.ledger().await.len()), (requests, ledger));
    assert_eq!(rest.job(&id).await, job);
    let agents = rest.get("/api/v1/agents").await;
    assert_eq!(agents["items"].as_array().map(Vec::len), Some(1), "{agents:#}");
}

#[tokio::test]
async fn a_finished_job_is_kept_as_a_test_of_its_plugin() {
    let upstream = Upstream::start().await;
    let host = scene(&upstream).await;
    let rest = host.rest();
    let id = rest.submit("asker", "ask", payload()).await;
    let job = rest.succeeded(&id, PATIENCE).await;
    let requests = upstream.bill().await.requests;
    let path = |name: &str| host.folder().join(name).to_str().expect("a path of letters").to_owned();
    let (fixture, same, other) = (path("once-more.json"), path("same.wasm"), path("other.wasm"));
    fs::write(&same, another_build(&agent("asker"))).expect("written");
    fs::write(&other, asks_otherwise()).expect("written");
    let run = async |args: &[&str]| {
        let output = host.anvil(&[&["plugin"], args].concat()).await;
        (output.status.code().expect("an exit"), said(&output) + &String::from_utf8_lossy(&output.stderr))
    };

    let (code, told) = run(&["run", "--from-job", &id, "--save", &fixture]).await;
    assert_eq!(code, 0, "{told}");
    let (code, told) = run(&["run", "--from-job", &id, "--save", &fixture]).await;
    assert!(code == 2 && told.contains("--force writes over it"), "{told}");
    let kept: Value = serde_json::from_slice(&fs::read(&fixture).expect("it is there")).expect("JSON");
    assert_eq!((&kept["anvil_fixture"], &kept["job"]["result"]), (&json!(1), &job["result"]));
    assert!(kept["journal"].as_array().is_some_and(|answers| answers.len() > 3), "{kept:#}");
    assert!(kept["journal"].to_string().contains(THEN), "what was asked is told in words");

    // Without the host: the same, the same twice, and where another build differs first.
    let (code, told) = run(&["test", &same, &fixture, &fixture]).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.matches("same       ").count(), 2, "{told}");
    let (code, told) = run(&["test", &other, &fixture]).await;
    assert_eq!(code, 1, "{told}");
    for part in ["different  ", "first at position 1", THEN, NOW] {
        assert!(told.contains(part), "no `{part}` in\n{told}");
    }
    // The same questions, and another end than the one that is expected.
    let mut otherwise = kept.clone();
    otherwise["job"]["result"] = json!("another");
    let wrong = path("wrong.json");
    fs::write(&wrong, otherwise.to_string()).expect("written");
    let (code, told) = run(&["test", &same, &wrong]).await;
    assert!(code == 1 && told.contains("at its end"), "{told}");
    for broken in [json!({}), json!({"anvil_fixture": 9})] {
        fs::write(&wrong, broken.to_string()).expect("written");
        assert_eq!(run(&["test", &same, &wrong]).await.0, 2);
    }
    let mut later = kept;
    later["anvil_fixture"] = json!(2);
    fs::write(&wrong, later.to_string()).expect("written");
    let (code, told) = run(&["test", &same, &wrong]).await;
    assert!(code == 2 && told.contains("version 2"), "{told}");

    // A run of its own has the answers for as long as it asks the same, and the simulator's beyond.
    let (code, told) = run(&["run", &same, "--from-job", &id]).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.matches(", journal)").count(), 3, "{told}");
    let (code, told) = run(&["run", &other, "--from-job", &id]).await;
    assert_eq!(code, 0, "{told}");
    // Its first question is another already.
    assert_eq!((told.matches(", journal)").count(), told.matches(", live)").count()), (0, 3), "{told}");
    assert_eq!(upstream.bill().await.requests, requests, "nobody was asked");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_the_reason() {
    let upstream = Upstream::start().await;
    let host = scene(&upstream).await;
    let rest = host.rest();
    let mut later = json!({"agent": "asker", "action": "ask", "payload": payload()});
    later["run_at"] = json!("2100-01-01T00:00:00Z");
    let waits = rest.post("/api/v1/jobs", &later).await["id"].as_str().expect("an id").to_owned();
    let at = |id: &str| format!("/api/v1/jobs/{id}/replay");
    let told = rest.send(Method::POST, &at(&waits), None).await.expect("an answer");
    assert_eq!(
        (told.status, told.json()["type"].to_string().contains("not-finished")),
        (StatusCode::CONFLICT, true)
    );
    rest.post(&format!("/api/v1/jobs/{waits}/cancel"), &json!({})).await;
    let told = rest.send(Method::POST, &at(&waits), None).await.expect("an answer");
    assert!(told.text().contains("never ran"), "{}", told.text());

    let done = rest.submit("asker", "ask", payload()).await;
    rest.succeeded(&done, PATIENCE).await;
    let told = rest.send_bytes(&at(&done), b"no wasm".to_vec()).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.text().contains("not a WebAssembly file"), "{}", told.text());
    let told = rest.send_bytes(&at(&done), agent("code-generator")).await;
    assert!(told.text().contains("is the agent `code-generator`"), "{}", told.text());
    let told = rest.send(Method::POST, &at("01M86D423JHWFC1V78RS6DNBRM"), None).await.expect("an answer");
    assert_eq!(told.status, StatusCode::NOT_FOUND, "{}", told.text());
    assert_eq!(upstream.bill().await.requests, 3);
}
