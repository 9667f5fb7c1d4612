//! The text and the exit code of every error that a person meets on the command line.

use crate::host::{Answer, Host, Ran, anvil};
use std::path::Path;

fn run_in(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Ran {
    let output = anvil().args(args).envs(env.iter().copied()).current_dir(dir).output().expect("anvil runs");
    let mut ran = Ran::of(&output, "http://HOST");
    ran.err = ran.err.replace(&dir.display().to_string(), "DIR");
    ran
}

#[test]
fn no_host() {
    let dir = tempfile::tempdir().expect("a folder");
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{free}");
    let mut ran = run_in(dir.path(), &["status", "--url", &url], &[]);
    ran.err = ran.err.replace(&url, "http://HOST");
    insta::assert_snapshot!(ran.shown(), @"");
}

#[test]
fn refusals() {
    let status = |status, slug, title, detail| {
        Host::start().problem("GET /api/v1/status", status, slug, title, detail).anvil(&["status"]).shown()
    };
    insta::assert_snapshot!(status(401, "unauthorized", "The token is missing or wrong", "send it"), @"");
    insta::assert_snapshot!(status(500, "internal", "The host failed", "see its log"), @"");
    let submit = |status, slug, title, detail| {
        Host::start()
            .problem("POST /api/v1/jobs", status, slug, title, detail)
            .anvil(&["submit", "a", "b"])
            .shown()
    };
    insta::assert_snapshot!(
        submit(422, "unknown-agent", "There is no such agent", "there is no agent `a`; the agents are: code-generator"),
        @""
    );
    insta::assert_snapshot!(submit(429, "queue-full", "The queue is full", "200 of 200 jobs are unfinished"), @"");
}

#[test]
fn something_else_answers() {
    let html = || Answer(200, "text/html", "<html>".to_owned());
    insta::assert_snapshot!(Host::start().answers("GET /api/v1/status", html()).anvil(&["status"]).shown(), @"");
    let gateway = Answer(502, "text/html", "<h1>\u{1b}[2JBad gateway</h1>".to_owned());
    insta::assert_snapshot!(Host::start().answers("GET /api/v1/status", gateway).anvil(&["status"]).shown(), @"");
}

#[test]
fn wrong_words() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| run_in(dir.path(), args, &[]).shown();
    insta::assert_snapshot!(run(&["submit", "a", "b", "--payload", "{"]), @"");
    insta::assert_snapshot!(run(&["submit", "a", "b", "--payload", "@nowhere.json"]), @"");
    insta::assert_snapshot!(run(&["submit", "a", "b", "--priority", "urgent"]), @"");
    insta::assert_snapshot!(run(&["submit", "a", "b", "--field", "requirements"]), @"");
    insta::assert_snapshot!(run(&["submit", "a", "b", "--run-at", "soon"]), @"");
    insta::assert_snapshot!(run(&["jobs", "list", "--state", "done"]), @"");
    insta::assert_snapshot!(run(&["limits", "set", "day_usd=lots"]), @"");
    insta::assert_snapshot!(run(&["status", "--url", "localhost:8787"]), @"");
    insta::assert_snapshot!(run(&["statsu"]), @"");
}

#[test]
fn wrong_settings() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("anvil.toml"), "[limits]\nday_us = 20\nqueue_max = 0\n").expect("written");
    insta::assert_snapshot!(run_in(dir.path(), &["serve"], &[]).shown(), @"");
    std::fs::remove_file(dir.path().join("anvil.toml")).expect("removed");
    let serve =
        |args: &[&str], env: &[(&str, &str)]| run_in(dir.path(), &[&["serve"], args].concat(), env).shown();
    insta::assert_snapshot!(serve(&["--set", "limits.day_us=20"], &[]), @"");
    insta::assert_snapshot!(serve(&["--preset", "max-20"], &[]), @"");
    insta::assert_snapshot!(serve(&["--listen", "here"], &[]), @"");
    insta::assert_snapshot!(serve(&["--config", "nowhere.toml"], &[]), @"");
    insta::assert_snapshot!(serve(&[], &[("ANVIL_LIMITS_DAYUSD", "5")]), @"");
    insta::assert_snapshot!(serve(&["--preset", "unlimited-dev"], &[("ANTHROPIC_API_KEY", "sk-secret")]), @"");
}

#[test]
fn the_simulator_says_what_is_wrong_with_what_it_is_given() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("script.json"), "[{\"txet\": \"x\"}]").expect("written");
    std::fs::write(dir.path().join("faults.json"), "[{\"fault\": \"boom\"}]").expect("written");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").to_string();
    let run =
        |args: &[&str]| run_in(dir.path(), &[&["sim"], args].concat(), &[]).shown().replace(&port, "PORT");
    insta::assert_snapshot!(run(&["--script", "script.json"]), @"");
    insta::assert_snapshot!(run(&["--faults", "faults.json"]), @"");
    insta::assert_snapshot!(run(&["--listen", &port]), @"");
}

#[test]
fn the_token_of_the_data_folder_is_sent_to_this_machine() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("anvil-data")).expect("a folder");
    std::fs::write(dir.path().join("anvil-data/token"), "from-the-folder\n").expect("written");
    let host = Host::start().on("GET /api/v1/brake", &serde_json::json!({ "engaged": false, "causes": [] }));
    assert_eq!(run_in(dir.path(), &["brake", "--url", &host.url], &[]).code, 0);
    let listen = host.url.trim_start_matches("http://").to_owned();
    assert_eq!(run_in(dir.path(), &["brake"], &[("ANVIL_SERVER_LISTEN", &listen)]).code, 0);
    assert_eq!(run_in(dir.path(), &["brake", "--url", &host.url], &[("ANVIL_TOKEN", "mine")]).code, 0);
    let tokens: Vec<_> = host.asked().into_iter().filter_map(|asked| asked.token).collect();
    assert_eq!(tokens, ["Bearer from-the-folder", "Bearer from-the-folder", "Bearer mine"]);
}
