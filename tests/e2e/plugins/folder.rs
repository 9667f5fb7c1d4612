//! The plugins folder of a running host: what is dropped into it, however slowly and whatever it is.

use crate::harness::{Host, Setup, agent, until};
use anvil_sandbox::testing::{GuestBuilder, hostile, of_another_interface};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// How long the slow copy takes.
const COPY: Duration = Duration::from_secs(5);
/// How many pieces it comes in.
const PIECES: u32 = 50;
/// From the last byte until jobs are taken.
const USABLE: Duration = Duration::from_secs(5);
/// Bound of everything that has no bound of its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// The agent that is there from the start.
const GOOD: &str = "asks-claude";

/// A host with one good agent whose jobs take a second or more.
async fn host() -> Host {
    Setup::new()
        .plugin("good.wasm", &hostile(GOOD).component())
        .set("ANVIL_SIMULATOR_LATENCY_MS", 1_000)
        .start()
        .await
}

async fn agents(host: &Host) -> Vec<Value> {
    host.rest().get("/api/v1/agents").await["items"].as_array().expect("a list of agents").clone()
}

/// The state of a file, where it is shown at all.
async fn state_of(host: &Host, file: &str) -> Option<String> {
    let agents = agents(host).await;
    let shown = agents.iter().find(|agent| agent["file"] == file)?;
    Some(shown["state"].as_str().expect("a state").to_owned())
}

#[tokio::test]
async fn an_agent_that_is_copied_slowly_takes_jobs_soon_after_its_last_byte() {
    let host = host().await;
    let bytes = agent("code-generator");
    let meanwhile = host.rest().submit(GOOD, "run", json!({})).await;

    let mut copy = File::create(host.plugins().join("code-generator.wasm")).expect("the copy begins");
    let mut clock = tokio::time::interval(COPY / PIECES);
    for piece in bytes.chunks(bytes.len().div_ceil(PIECES as usize)) {
        clock.tick().await;
        copy.write_all(piece).expect("a piece is written");
        let state = state_of(&host, "code-generator.wasm").await;
        assert_eq!(state, None, "half a file is neither loaded nor called bad while it grows");
    }
    drop(copy);
    let last_byte = Instant::now();

    let body =
        json!({"agent": "code-generator", "action": "generate", "payload": {"requirements": "A clock"}});
    let job = until("the new agent takes a job", PATIENCE, async || {
        let answer = host.rest().send(reqwest::Method::POST, "/api/v1/jobs", Some(&body)).await;
        let answer = answer.expect("the host answers");
        answer.status.is_success().then(|| answer.json())
    })
    .await;
    let took = last_byte.elapsed();
    println!("the copied agent took its first job {took:?} after its last byte");
    assert!(took <= USABLE, "it took {took:?} from the last byte until the agent was usable");

    host.rest().succeeded(job["id"].as_str().expect("an id"), PATIENCE).await;
    host.rest().succeeded(&meanwhile, PATIENCE).await;
    assert_eq!(state_of(&host, "good.wasm").await.as_deref(), Some("ready"));
}

#[tokio::test]
async fn a_job_that_begins_on_a_version_that_does_not_take_its_payload_fails_before_its_guest_starts() {
    let host = Setup::new().plugin("quiet.wasm", &GuestBuilder::quiet("quiet").component()).start().await;
    let ran = host.rest().submit("quiet", "run", json!({})).await;
    host.rest().succeeded(&ran, PATIENCE).await;
    let run_at = jiff::Timestamp::now() + Duration::from_mins(30);
    let body = json!({"agent": "quiet", "action": "run", "payload": {"n": 1}, "run_at": run_at.to_string()});
    let waits = host.rest().post("/api/v1/jobs", &body).await["id"].as_str().expect("an id").to_owned();
    let stricter = r#"{"type":"object","required":["asked"]}"#;
    let bytes = GuestBuilder::quiet("quiet").version("2.0.0").input_schema(stricter).component();
    fs::write(host.plugins().join("quiet-2.wasm"), bytes).expect("a plugin is written");
    until("the new version is ready", PATIENCE, async || {
        let agents = agents(&host).await;
        agents.iter().any(|agent| agent["version"] == "2.0.0" && agent["state"] == "ready").then_some(())
    })
    .await;
    host.rest().drive(Duration::from_mins(31), 1.0).await;
    let job = host.rest().ended(&waits, PATIENCE).await;
    assert_eq!(job["error"]["kind"], "invalid-input", "{job:#}");
    let message = job["error"]["message"].as_str().expect("a message");
    assert!(message.contains("version 2.0.0") && message.contains("/asked"), "{message}");
    // So does one that is run again, and one that fits runs.
    host.rest().post(&format!("/api/v1/jobs/{waits}/retry"), &json!({})).await;
    let job = host.rest().ended(&waits, PATIENCE).await;
    assert_eq!((&job["state"], &job["attempts"]), (&json!("failed"), &json!(2)), "{job:#}");
    let fits = host.rest().submit("quiet", "run", json!({"asked": 1})).await;
    host.rest().succeeded(&fits, PATIENCE).await;
}

#[tokio::test]
async fn files_that_are_no_agents_are_shown_with_the_reason_and_disturb_nothing() {
    let host = host().await;
    let whole = agent("code-generator");
    let bad: [(&str, &[u8]); 4] = [
        ("x.wasm", b"Dear host, this is a text."),
        ("half.wasm", &whole[..whole.len() / 2]),
        ("core.wasm", b"\0asm\x01\0\0\0"),
        ("greeter.wasm", &of_another_interface()),
    ];
    let meanwhile = host.rest().submit(GOOD, "run", json!({})).await;
    for (file, bytes) in bad {
        fs::write(host.plugins().join(file), bytes).expect("a file is dropped into the folder");
    }

    let shown = until("all four are shown as rejected", PATIENCE, async || {
        let agents = agents(&host).await;
        assert!(agents.iter().any(|agent| agent["name"] == GOOD && agent["state"] == "ready"), "{agents:#?}");
        let rejected: Vec<_> = agents.into_iter().filter(|agent| agent["state"] == "rejected").collect();
        (rejected.len() == bad.len()).then_some(rejected)
    })
    .await;
    let reasons: Vec<_> = shown.iter().map(|file| file["reason"].as_str().expect("a reason")).collect();
    // Where half of a plugin ends depends on the compiler that built it, and why no component can be made is a library's word.
    insta::with_settings!({filters => [
        (r"damaged: .*", "damaged: [WHERE]"), (r"can be made: .*", "can be made: [WHY]"),
    ]}, {
        insta::assert_snapshot!("files_that_are_no_agents", reasons.join("\n"));
    });

    host.rest().succeeded(&meanwhile, PATIENCE).await;
    let after = host.rest().submit(GOOD, "run", json!({})).await;
    host.rest().succeeded(&after, PATIENCE).await;
}
