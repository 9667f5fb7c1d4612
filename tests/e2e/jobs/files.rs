//! What a job hands over: exactly the files that a person would expect.

use crate::harness::{Host, Setup, Upstream, until};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(45);

/// The plan that comes before every answer.
const PLAN: &str = "1. Write the files.";

async fn code_generator(upstream: &Upstream) -> Host {
    Setup::new().agent("code-generator").simulated_by(upstream).start().await
}

/// Every file and folder below a folder, by its path from there.
fn below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            found.insert(path.strip_prefix(folder).expect("below it").display().to_string());
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn the_seeds_own_call_posted_as_it_stands_succeeds() {
    let host = Setup::new().agent("code-generator").start().await;
    let rest = host.rest();
    let agents = rest.get("/api/v1/agents").await;
    assert_eq!(
        (&agents["items"][0]["name"], &agents["items"][0]["state"]),
        (&json!("code-generator"), &json!("ready"))
    );
    assert!(rest.text("/agents").await.contains("code-generator"), "the panel lists the agent");
    let call: Value = serde_json::from_str(
        r#"{"agentType":"code-generator","action":"generate","payload":{"requirements":"Build a login form"}}"#,
    )
    .expect("JSON");
    let job = rest.post("/api/v1/jobs", &call).await;
    let id = job["id"].as_str().expect("an id");
    let job = rest.succeeded(id, PATIENCE).await;
    let files = rest.artifacts(id).await;
    assert!(
        files.keys().any(|name| name.rsplit('.').next() == Some("html")),
        "a login form is a page: {:?}",
        files.keys()
    );
    assert_eq!(job["upstream"], "simulated");
    assert!(job["cost_usd"].as_f64().is_some_and(|cost| cost > 0.0), "{job:#}");
    assert_eq!(rest.status().await["upstream"]["kind"], "simulated");
}

/// An answer, and the files that a person would take from it.
struct Example {
    name: &'static str,
    answers: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
    left_out: &'static [&'static str],
}

/// Answers with their stop reasons; more than one where the first is cut and continued.
const EXAMPLES: &[Example] = &[
    Example {
        name: "several files",
        answers: &[(
            "Here it is.\n\n```html login.html\n<form>\n</form>\n```\n\nThe style:\n\n```css css/style.css\nform {}\n```\n\
             ### `src/app.js`\n\n```js\nlet a = `x`;\n```\nDone.",
            "end_turn",
        )],
        files: &[
            ("login.html", "<form>\n</form>\n"),
            ("css/style.css", "form {}\n"),
            ("src/app.js", "let a = `x`;\n"),
        ],
        left_out: &[],
    },
    Example {
        name: "nested fences",
        answers: &[(
            "````markdown README.md\n# Run\n\n```bash\nnpm i\n```\n\n```js example.js\nrun()\n```\n````\n\n\
             ```js app.js\nreal()\n```\n",
            "end_turn",
        )],
        files: &[
            ("README.md", "# Run\n\n```bash\nnpm i\n```\n\n```js example.js\nrun()\n```\n"),
            ("app.js", "real()\n"),
        ],
        left_out: &[],
    },
    Example {
        name: "the same name twice",
        answers: &[("```js app.js\nold()\n```\nBetter:\n```js ./app.js\nnew()\n```\n", "end_turn")],
        files: &[("app.js", "new()\n")],
        left_out: &[],
    },
    Example {
        name: "names that lead outside",
        answers: &[(
            "```text ../outside.txt\nx\n```\n```text a/../../outside.txt\nx\n```\n```text /tmp/anvil-outside.txt\nx\n```\n\
             ```text ~/outside.txt\nx\n```\n```text ..\\outside.txt\nx\n```\n```text ok.txt\ny\n```\n",
            "end_turn",
        )],
        files: &[("ok.txt", "y\n")],
        left_out: &["../outside.txt", "a/../../outside.txt", "/tmp/anvil-outside.txt", "~/outside.txt"],
    },
    Example {
        name: "a block that is cut and never goes on",
        answers: &[
            ("```html a.html\n<p>\n```\n\n```js app.js\nfunction half() {", "end_turn"),
            ("I have nothing to add.", "end_turn"),
        ],
        files: &[("a.html", "<p>\n")],
        left_out: &["app.js"],
    },
    Example {
        name: "a block that is cut and goes on",
        answers: &[
            ("```html a.html\n<p>\n```\n\n```js app.js\nfunction whole() {\n", "max_tokens"),
            ("  return 1;\n}\n```\n", "end_turn"),
        ],
        files: &[("a.html", "<p>\n"), ("app.js", "function whole() {\n  return 1;\n}\n")],
        left_out: &[],
    },
];

#[tokio::test]
async fn fenced_blocks_become_exactly_the_files_that_a_person_would_expect_and_nothing_outside() {
    let upstream = Upstream::start().await;
    let host = code_generator(&upstream).await;
    let rest = host.rest();
    let folder = host.folder().to_owned();
    let outside =
        || below(&folder).into_iter().filter(|path| !path.starts_with("data/")).collect::<BTreeSet<_>>();
    let before = outside();
    for example in EXAMPLES {
        let answers = example.answers.iter().map(|(text, stop)| json!({"text": text, "stop_reason": stop}));
        // Who is told what cannot be used has nothing better.
        let nothing = json!({"text": "I have nothing to add.", "repeat": 9});
        let script: Vec<Value> = std::iter::once(json!(PLAN)).chain(answers).chain([nothing]).collect();
        upstream.script(&json!(script)).await;
        let id = rest.submit("code-generator", "generate", json!({"requirements": example.name})).await;
        let job = rest.succeeded(&id, PATIENCE).await;
        let files: BTreeMap<String, String> = rest
            .artifacts(&id)
            .await
            .into_iter()
            .map(|(name, bytes)| (name, String::from_utf8(bytes).expect("text")))
            .collect();
        let expected: BTreeMap<String, String> =
            example.files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(files, expected, "{}", example.name);
        let skipped = job["result"]["skipped"].to_string();
        for name in example.left_out {
            assert!(skipped.contains(name), "{}: {name} is not named in {skipped}", example.name);
        }
    }
    assert_eq!(outside(), before, "something new stands outside of the data folder");
    assert!(!Path::new("/tmp/anvil-outside.txt").exists());
    let escaped = below(&folder).into_iter().find(|path| path.contains("outside"));
    assert_eq!(escaped, None, "not within the data folder either");
}

#[tokio::test]
async fn an_answer_without_a_whole_file_fails_the_job_and_says_why() {
    let upstream = Upstream::start().await;
    let host = code_generator(&upstream).await;
    let rest = host.rest();
    upstream.script(&json!({"items": [PLAN, "Sorry, no code today."], "repeat": true})).await;
    let id = rest.submit("code-generator", "generate", json!({"requirements": "anything"})).await;
    let job = until("the job fails", PATIENCE, async || {
        Some(rest.job(&id).await).filter(|job| job["state"] == "failed")
    })
    .await;
    assert_eq!((&job["error"]["kind"], &job["attempts"]), (&json!("bad-reply"), &json!(3)), "{job:#}");
    assert!(rest.artifacts(&id).await.is_empty());
    assert_eq!(upstream.bill().await.requests, 5, "three repairs; the plan and the answer are paid once");
}
