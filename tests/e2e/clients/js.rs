//! The client for JavaScript, in Node and on a page of the panel.

use crate::harness::{Browser, Host, Setup, program, skip};
use fantoccini::Client;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::task::LocalSet;

/// How long a script may take.
const SCRIPT: Duration = Duration::from_mins(1);

/// What the seed document writes, as a program of CommonJS; then what else the client does, as a module.
const AS_WRITTEN: &str = include_str!("js/as_written.js");
const CHECKS: &str = include_str!("js/checks.mjs");
/// The same in a page: `import()` is what a page of somebody's own would do.
const IN_A_PAGE: &str = r#"
  const done = arguments[arguments.length - 1];
  (async () => {
    const { Anvil } = await import("/static/anvil-client.js");
    const anvil = new Anvil();
    await anvil.initialize();
    const before = anvil.getStatus().costTracker.dailySpend;
    const states = [];
    const result = await anvil.submitJob(
      { agentType: "code-generator", action: "generate", payload: { requirements: "Build a login form" } },
      { onChange: (job) => states.push(job.state) },
    );
    const files = await anvil.artifacts(result.id);
    const bytes = await anvil.artifact(result.id, files[0].name);
    anvil.close();
    done({ before, after: anvil.getStatus().costTracker.dailySpend, result, states, size: bytes.length, file: files[0] });
  })().catch((error) => done({ error: String(error) }));
"#;

async fn node(host: &Host, name: &str, script: &str, args: &[&str]) -> Option<Value> {
    let Some(node) = program("node") else {
        skip(name, "there is no node (apt-get install nodejs)");
        return None;
    };
    let folder = host.folder().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/static/anvil-client.js");
    // As somebody who has taken the file along: once as a module, once as its text stands.
    std::fs::copy(client, folder.join("anvil-client.mjs")).expect("copied");
    std::fs::copy(client, folder.join("anvil-client.js")).expect("copied");
    let file = folder.join(if script.contains("require(") { "script.cjs" } else { "script.mjs" });
    std::fs::write(&file, script).expect("written");
    let mut command = Command::new(node);
    command
        .arg(&file)
        .args(args)
        .env("ANVIL_URL", host.rest().url())
        .env("ANVIL_TOKEN", host.rest().token())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(SCRIPT, command.output()).await.expect("in time").expect("node runs");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    let last = said.lines().last().unwrap_or_default();
    Some(serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said}")))
}

/// Whether this Node lets a program of CommonJS require a module: from 20.19 on.
async fn requires_modules() -> bool {
    let Some(node) = program("node") else { return true };
    let asked = Command::new(node).args(["-p", "process.features.require_module === true"]).output().await;
    asked.is_ok_and(|output| output.stdout.starts_with(b"true"))
}

#[tokio::test]
async fn what_the_seed_writes_works_in_node() {
    if !requires_modules().await {
        skip("client_js", "this node is older than 20.19");
        return;
    }
    let host = Setup::new().agent("code-generator").start().await;
    let Some(said) = node(&host, "as_written", AS_WRITTEN, &[]).await else { return };
    let job = host.rest().job(said["id"].as_str().expect("an id")).await;
    assert_eq!((&said["state"], &job["state"]), (&json!("succeeded"), &json!("succeeded")));
    let status = host.rest().status().await;
    assert_eq!(said["daily"], status["spend"]["day"]["spent_usd"], "what the host itself says");
    assert_eq!(said["hourly"], status["spend"]["hour"]["spent_usd"]);
    assert!(said["daily"].as_f64().is_some_and(|spent| spent > 0.0), "{said}");
    assert_eq!(said["daily"], job["cost_usd"], "it is all that was spent");
}

#[tokio::test]
async fn the_client_says_what_is_wrong_waits_and_gives_up_when_told() {
    let host = Setup::new()
        .agent("code-generator")
        .agent("asker")
        .set("ANVIL_SIMULATOR_LATENCY_MS", 300)
        .start()
        .await;
    let Some(said) = node(&host, "checks", CHECKS, &[]).await else { return };
    assert_eq!(said, json!({ "checked": 13 }), "each check of the script has run");
    let keys = host.rest().jobs().await.len();
    assert_eq!(keys, 7, "no job was made twice, and none that was refused");
}

#[tokio::test]
async fn the_client_works_on_a_page_of_the_panel() {
    let Some(browser) = Browser::start("client_js").await else { return };
    let host = Setup::new().agent("code-generator").start().await;
    let page = browser.client().clone();
    let visit = async move {
        let said = in_page(&page, &host).await;
        (host, said)
    };
    let outcome = LocalSet::new().run_until(async { tokio::task::spawn_local(visit).await }).await;
    browser.close().await;
    let (host, said) = outcome.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    assert_eq!(said["error"], Value::Null, "{said}");
    assert_eq!((&said["before"], &said["result"]["state"]), (&json!(0), &json!("succeeded")), "{said}");
    assert_eq!(said["after"], host.rest().status().await["spend"]["day"]["spent_usd"]);
    assert_eq!(said["size"], said["file"]["size"], "{said}");
    let states = said["states"].as_array().expect("a list");
    assert_eq!(states.last(), Some(&json!("succeeded")));
}

async fn in_page(page: &Client, host: &Host) -> Value {
    let rest = host.rest();
    page.goto(&format!("{}/login?token={}", rest.url(), rest.token())).await.expect("the link works");
    let script = tokio::time::timeout(SCRIPT, page.execute_async(IN_A_PAGE, Vec::new()));
    script.await.expect("in time").expect("the script runs")
}
