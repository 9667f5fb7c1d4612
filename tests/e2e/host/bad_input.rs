//! Bad input: what a person is told, word by word, and that nothing is lost by it.

use crate::harness::{Answer, Host, Process, Rest, Setup};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

/// A start that fails does so at once; the machine may be busy with other tests.
const REFUSAL: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_mins(1);

async fn host() -> Host {
    Setup::new().agent("code-generator").start().await
}

fn good_job() -> Value {
    json!({"agent": "code-generator", "action": "generate", "payload": {"requirements": "A clock"}})
}

async fn submit(rest: &Rest, job: &Value) -> Answer {
    rest.send(Method::POST, "/api/v1/jobs", Some(job)).await.expect("the host answers")
}

/// A body that the harness would not send.
async fn submit_text(rest: &Rest, body: String) -> String {
    let request = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = request.post(format!("{}/api/v1/jobs", rest.url())).bearer_auth(rest.token());
    let answer = request.header("content-type", "application/json").body(body).send().await;
    let answer = answer.expect("the host answers, also to a body that it does not read to its end");
    let status = answer.status();
    format!("{status}\n{}", answer.text().await.expect("a problem"))
}

fn told(answer: &Answer) -> String {
    format!("{}\n{}", answer.status, answer.text())
}

/// After whatever went wrong before: the host takes a job and does it, and has no job that it should not have.
async fn still_works(rest: &Rest, jobs_before: usize) {
    let job = rest.submit("code-generator", "generate", json!({"requirements": "A clock"})).await;
    rest.succeeded(&job, PATIENCE).await;
    assert_eq!(
        rest.jobs().await.len(),
        jobs_before + 1,
        "what was refused has left a job behind, or one is lost"
    );
}

#[tokio::test]
async fn a_job_that_makes_no_sense_is_refused_with_what_would() {
    let host = host().await;
    let rest = host.rest();
    let changed = |field: &str, value: Value| {
        let mut job = good_job();
        job[field] = value;
        job
    };
    for (name, job) in [
        ("unknown_agent", changed("agent", json!("code-genrator"))),
        ("unknown_action", changed("action", json!("generat"))),
        ("payload_without_a_field", changed("payload", json!({}))),
        ("payload_with_a_wrong_field", changed("payload", json!({"requirements": 5}))),
        ("unknown_field", changed("priorty", json!("high"))),
        ("unknown_priority", changed("priority", json!("urgent"))),
        ("negative_cost", changed("max_cost_usd", json!(-1))),
    ] {
        let answer = submit(rest, &job).await;
        insta::assert_snapshot!(name, told(&answer));
    }
    still_works(rest, 0).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused_with_the_place_or_the_limit() {
    let host = host().await;
    let rest = host.rest();
    let mut cut = good_job().to_string();
    cut.pop();
    for (name, body) in [
        ("malformed_json", cut),
        ("json_that_is_no_object", "[]".to_owned()),
        ("empty_body", String::new()),
        ("body_over_the_limit", good_job().to_string().replace("A clock", &"x".repeat(1_100_000))),
    ] {
        insta::assert_snapshot!(name, submit_text(rest, body).await);
    }
    still_works(rest, 0).await;
}

#[tokio::test]
async fn a_full_queue_refuses_the_next_job_and_loses_none() {
    let setup = Setup::new().agent("code-generator").set("ANVIL_LIMITS_QUEUE_MAX", 2);
    let host = setup.set("ANVIL_SIMULATOR_LATENCY_MS", 2_000).start().await;
    let rest = host.rest();
    let mut taken = Vec::new();
    for _ in 0..2 {
        taken.push(rest.submit("code-generator", "generate", json!({"requirements": "A clock"})).await);
    }
    let refused = submit(rest, &good_job()).await;
    insta::assert_snapshot!("full_queue", told(&refused));
    for job in &taken {
        rest.succeeded(job, PATIENCE).await;
    }
    still_works(rest, 2).await;
}

/// Runs a command that must fail, and gives its exit code and what it said, without what differs each time.
async fn refused(host: &Host, mut command: Command, replace: &[(&str, &str)]) -> String {
    // What it says to a person, without the log's times beside it.
    command.env("ANVIL_LOG", "off");
    let (status, said) = Process::start(command).end(REFUSAL).await;
    assert!(!status.success(), "it should have failed:\n{said}");
    let folder = host.folder().display().to_string();
    let said =
        replace.iter().fold(said, |said, (from, to)| said.replace(from, to)).replace(&folder, "[FOLDER]");
    format!("exit code {}\n{said}", status.code().expect("an exit code"))
}

/// `anvil serve` with these flags beside the running host, in the same folder but with other data.
fn second(host: &Host, flags: &[&str]) -> Command {
    let mut command = host.command(["serve"]);
    command.env("ANVIL_DATA_DIR", host.folder().join("other")).args(flags);
    command
}

#[tokio::test]
async fn a_second_host_says_what_is_in_its_way_and_leaves_the_first_alone() {
    let host = host().await;
    let rest = host.rest();

    let address = rest.url().trim_start_matches("http://").to_owned();
    let port: u16 = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let next = format!(":{}", port.wrapping_add(1).max(1024));
    let port = format!(":{port}");
    let ports = [(port.as_str(), ":[PORT]"), (next.as_str(), ":[NEXT PORT]")];
    let said = refused(&host, second(&host, &["--listen", &address]), &ports).await;
    insta::assert_snapshot!("port_in_use", said);
    assert!(!host.folder().join("other").exists(), "who finds no port makes no data folder");

    let file = host.folder().join("file");
    fs::write(&file, "not a folder").expect("a file is written");
    let said = refused(&host, second(&host, &["--data", path(&file)]), &[]).await;
    insta::assert_snapshot!("data_folder_that_is_a_file", said);
    assert_eq!(fs::read_to_string(&file).expect("the file is still there"), "not a folder");

    let holder = fs::read_to_string(host.data().join("anvil.lock")).expect("the lock says who holds it");
    let said = refused(&host, host.command(["serve"]), &[(holder.trim(), "[PID]")]).await;
    insta::assert_snapshot!("second_host_on_the_same_data", said);

    still_works(rest, 0).await;
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

#[tokio::test]
async fn a_misspelt_setting_is_an_error_that_names_the_nearest() {
    let host = host().await;
    let mut command = second(&host, &[]);
    command.env("ANVIL_LIMITS_DAY_US", "20");
    insta::assert_snapshot!("misspelt_variable", refused(&host, command, &[]).await);

    let command = second(&host, &["--set", "limits.day_us=20"]);
    insta::assert_snapshot!("misspelt_setting_by_flag", refused(&host, command, &[]).await);

    let command = second(&host, &["--lisen", "127.0.0.1:0"]);
    insta::assert_snapshot!("misspelt_flag", refused(&host, command, &[]).await);

    let file = host.folder().join("misspelt.toml");
    fs::write(&file, "[limits]\nhour_usd = 4\nday_us = 20\n\n[servr]\nlisten = \"127.0.0.1:0\"\n")
        .expect("a file");
    let command = second(&host, &["--config", path(&file)]);
    insta::assert_snapshot!("misspelt_in_the_file", refused(&host, command, &[]).await);

    fs::write(&file, "[limits]\nday_usd = \"much\"\nqueue_max = 0\n").expect("a file");
    let command = second(&host, &["--config", path(&file)]);
    insta::assert_snapshot!("wrong_values_in_the_file", refused(&host, command, &[]).await);

    still_works(host.rest(), 0).await;
}
