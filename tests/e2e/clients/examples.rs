//! The examples of `docs/examples`, as somebody who reads them runs them.

use crate::harness::{Host, Process, Setup, program, skip};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_mins(1);
const WISH: &str = r#"Build a "login" form"#;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples").join(name)
}

/// The program that an example needs; the test is skipped where it is not there.
fn needs(example: &str, name: &str) -> Option<PathBuf> {
    let found = program(name);
    if found.is_none() {
        skip(example, &format!("there is no {name} (apt-get install {name})"));
    }
    found
}

async fn run(host: &Host, mut command: Command) -> Output {
    command.env("ANVIL_URL", host.rest().url()).env("ANVIL_TOKEN", host.rest().token());
    command.stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.output()).await.expect("in time").expect("it runs")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}\n{err}")
}

#[tokio::test]
async fn a_job_is_submitted_by_curl() {
    let Some(_) = needs("submit.sh", "curl") else { return };
    let host = Setup::new().agent("code-generator").start().await;
    let mut command = Command::new("bash");
    command.arg(example("submit.sh")).arg(WISH);
    let output = run(&host, command).await;
    assert!(output.status.success(), "{}", said(&output));
    let jobs = host.rest().jobs().await;
    let id = jobs[0]["id"].as_str().expect("an id");
    let payload = host.rest().get(&format!("/api/v1/jobs/{id}/payload")).await;
    assert_eq!(payload, json!({"requirements": WISH}), "the text came whole");
    let files = host.rest().all(&format!("/api/v1/jobs/{id}/artifacts")).await;
    let names: Vec<_> = files.iter().map(|file| file["name"].as_str().expect("a name")).collect();
    assert!(!names.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().collect::<Vec<_>>(), names);
}

#[tokio::test]
async fn a_job_is_submitted_and_followed_by_python() {
    let Some(python) = needs("submit.py", "python3") else { return };
    let host = Setup::new().agent("code-generator").start().await;
    let mut command = Command::new(&python);
    command.arg(example("submit.py")).arg(WISH);
    let output = run(&host, command).await;
    assert!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let job = host.rest().job(told["id"].as_str().expect("an id")).await;
    assert_eq!((&told["state"], &told["cost_usd"]), (&json!("succeeded"), &job["cost_usd"]));
    // A refusal is told in the host's words.
    let mut command = Command::new(&python);
    command.arg(example("submit.py")).arg("");
    let output = run(&host, command).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("requirements"), "{}", said(&output));
}

#[tokio::test]
async fn a_webhook_is_received_and_only_what_the_host_signed_is_believed() {
    let Some(python) = needs("webhook_receiver.py", "python3") else { return };
    let host = Setup::new().start().await;
    let hook = async |url: &str| {
        host.rest().put("/api/v1/webhooks/ops", &json!({"url": url, "allow_private": true})).await
    };
    // The secret is told when the webhook is made; where the receiver listens is known when it has it.
    let secret = hook("http://127.0.0.1:9/").await["secret"].as_str().expect("a secret").to_owned();
    let mut command = Command::new(python);
    command.arg(example("webhook_receiver.py")).arg("0").env("WEBHOOK_SECRET", &secret);
    let mut receiver = Process::start(command);
    let line = receiver.line("listening on ", PATIENCE).await;
    let url = line.trim_start_matches("listening on ").trim().to_owned();
    hook(&url).await;
    let forged = reqwest::Client::new()
        .post(&url)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", jiff::Timestamp::now().as_second().to_string())
        .header("webhook-signature", "v1,AAAA")
        .body(r#"{"type": "alert.fired", "data": {"title": "forged"}}"#)
        .send()
        .await
        .expect("it answers");
    assert_eq!(forged.status(), 401);
    host.rest().post("/api/v1/webhooks/ops/test", &json!({})).await;
    let line = receiver.line("alert.fired", PATIENCE).await;
    assert!(line.contains("A test of the webhook `ops`"), "{line}");
    assert!(!receiver.said().contains("forged"), "{}", receiver.said());
}
