//! Files that a job is submitted with reach its guest, over a crash and on another host.

use crate::harness::{Setup, Upstream, until};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

fn stdout(said: &std::process::Output) -> String {
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout.clone()).expect("text")
}

#[tokio::test]
async fn a_resumed_job_reads_the_files_that_it_was_submitted_with() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    let script = json!({"matches": [
        {"contains": "What of it? (1 of 2)", "items": [{"text": "first"}]},
        {"contains": "What of it? (2 of 2)", "items": [hangs, {"text": "second"}]},
    ]});
    upstream.script(&script).await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .start()
        .await;
    let folder = host.folder().join("work");
    std::fs::create_dir(&folder).expect("a folder");
    let long = "word ".repeat(200_000);
    for (name, text) in [("brief.md", "# Brief\n"), ("main.rs", &*long), ("empty", "")] {
        std::fs::write(folder.join(name), text).expect("a file is written");
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let payload =
        json!({"prompt": "What of it?", "calls": 2, "max_output_tokens": 100, "inputs": true}).to_string();
    let (source, empty) = (format!("src/main.rs={}", path("main.rs")), path("empty"));
    let (brief, args) = (path("brief.md"), ["submit", "asker", "ask", "--payload", &payload, "--json"]);
    let files = ["--file", &brief, "--file", &source, "--file", &empty];
    let job: Value =
        serde_json::from_str(&stdout(&host.anvil(&[&args[..], &files[..]].concat()).await)).expect("JSON");
    let id = job["id"].as_str().expect("an id").to_owned();
    let names: Vec<_> = job["inputs"].as_array().expect("files").iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["brief.md", "empty", "src/main.rs"]);

    until("the second call is under way", PATIENCE, async || {
        (host.rest().job(&id).await["calls"] == 2).then_some(())
    })
    .await;
    host.kill().await;
    until("upstream sees that nobody listens", PATIENCE, async || {
        (upstream.bill().await.in_flight == 0).then_some(())
    })
    .await;
    host.start().await;
    let done = host.rest().succeeded(&id, PATIENCE).await;
    let given: Vec<_> = done["result"]["inputs"].as_array().expect("files").clone();
    let text = |at: usize| given[at]["text"].as_str().expect("text").to_owned();
    assert_eq!((text(0), text(1), text(2) == long), ("# Brief\n".to_owned(), String::new(), true));
    for (given, told) in given.iter().zip(job["inputs"].as_array().expect("files")) {
        assert_eq!((&given["digest"], &given["media_type"]), (&told["digest"], &told["media_type"]));
    }
    let replies = &done["result"]["replies"];
    assert_eq!((&replies[0]["origin"], &replies[1]["text"]), (&json!("journal"), &json!("second")));

    // A run against its journal reads the same, and so does one of its duplicate.
    let replay = format!("/api/v1/jobs/{id}/replay");
    let replayed = host.rest().send(Method::POST, &replay, None).await.expect("an answer").json();
    assert_eq!((&replayed["same_end"], &replayed["differences"]), (&json!(true), &json!([])), "{replayed:#}");
    let copy = stdout(&host.anvil(&["jobs", "duplicate", &id, "--json"]).await);
    let copy: Value = serde_json::from_str(&copy).expect("JSON");
    assert_eq!(copy["inputs"], job["inputs"]);
    let fetched = host.folder().join("fetched");
    stdout(&host.anvil(&["jobs", "inputs", &id, "--out", &fetched.display().to_string()]).await);
    assert_eq!(std::fs::read_to_string(fetched.join("src/main.rs")).expect("it is there"), long);
    let shown = stdout(&host.anvil(&["jobs", "show", &id]).await);
    assert!(shown.contains("SUBMITTED WITH") && shown.contains("src/main.rs"), "{shown}");
}

#[tokio::test]
async fn files_that_a_host_does_not_take_are_refused_by_the_name_of_the_setting() {
    let host = Setup::new()
        .agent("asker")
        .set("ANVIL_JOBS_INPUT_FILES", 2)
        .set("ANVIL_JOBS_INPUT_FILE_BYTES", 1_000_000)
        .set("ANVIL_JOBS_INPUT_BYTES", 1_500_000)
        .start()
        .await;
    let folder = host.folder().join("work");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, size) in
        [("small", 3), ("other", 800_000), ("again", 800_000), ("large", 1_000_001), ("huge", 200_000_000)]
    {
        let file = std::fs::File::create(folder.join(name)).expect("a file is made");
        file.set_len(size).expect("it has its length");
    }
    for (files, says) in [
        (vec!["small", "other", "again"], "jobs.input_files"),
        (vec!["large"], "jobs.input_file_bytes"),
        (vec!["other", "again"], "jobs.input_bytes"),
        (vec!["huge"], "jobs.input_bytes"),
    ] {
        let paths: Vec<String> = files
            .iter()
            .flat_map(|name| ["--file".to_owned(), folder.join(name).display().to_string()])
            .collect();
        let mut args = vec!["submit", "asker", "ask", "--field", "prompt=x"];
        args.extend(paths.iter().map(String::as_str));
        let said = host.anvil(&args).await;
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(!said.status.success() && told.contains(says), "{files:?}: {told}");
    }
    assert_eq!(host.rest().jobs().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_file_without_end_is_refused_by_the_setting_that_bounds_it() {
    let host = Setup::new().agent("asker").set("ANVIL_JOBS_INPUT_FILE_BYTES", 1_000_000).start().await;
    for _ in 0..5 {
        let said =
            host.anvil(&["submit", "asker", "ask", "--field", "prompt=What?", "--file", "z=/dev/zero"]).await;
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(5), "{told}");
        assert!(told.contains("jobs.input_file_bytes"), "{told}");
    }
}
