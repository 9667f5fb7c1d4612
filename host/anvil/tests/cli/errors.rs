//! The text and the exit code of every error that a person meets on the command line.

use crate::host::{Answer, Host, Ran, anvil};
use crate::samples::{ID, job};
use serde_json::json;
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
    insta::assert_snapshot!(ran.shown(), @r###"
    exit 4
    --- out
    --- err
    error: cannot reach the host at http://HOST: Connection refused (os error 111)
    next: start the host with `anvil serve`, or say where it is with --url or ANVIL_URL
    "###);
}

#[test]
fn refusals() {
    let status = |status, slug, title, detail| {
        Host::start().problem("GET /api/v1/status", status, slug, title, detail).anvil(&["status"]).shown()
    };
    insta::assert_snapshot!(status(401, "unauthorized", "The token is missing or wrong", "send it"), @r###"
    exit 5
    --- out
    --- err
    error: The token is missing or wrong: send it
    next: set ANVIL_TOKEN, or name the host's data folder with --data (its token is in DIR/token)
    "###);
    insta::assert_snapshot!(status(500, "internal", "The host failed", "see its log"), @r###"
    exit 6
    --- out
    --- err
    error: The host failed: see its log
    "###);
    let submit = |status, slug, title, detail| {
        Host::start()
            .problem("POST /api/v1/jobs", status, slug, title, detail)
            .anvil(&["submit", "a", "b"])
            .shown()
    };
    insta::assert_snapshot!(
        submit(422, "unknown-agent", "There is no such agent", "there is no agent `a`; the agents are: code-generator"),
        @r###"
    exit 5
    --- out
    --- err
    error: There is no agent `a`; the agents are: code-generator
    next: `anvil agents list` shows the agents
    "###
    );
    insta::assert_snapshot!(submit(429, "queue-full", "The queue is full", "200 of 200 jobs are unfinished"), @r###"
    exit 5
    --- out
    --- err
    error: The queue is full: 200 of 200 jobs are unfinished
    next: `anvil jobs list --state queued` shows what waits; `anvil status` shows why
    "###);
}

#[test]
fn something_else_answers() {
    let html = || Answer(200, "text/html", "<html>".to_owned());
    insta::assert_snapshot!(Host::start().answers("GET /api/v1/status", html()).anvil(&["status"]).shown(), @r###"
    exit 1
    --- out
    --- err
    error: what answers at http://HOST is not the API of an Anvil host: no JSON came
    "###);
    let gateway = Answer(502, "text/html", "<h1>\u{1b}[2JBad gateway</h1>".to_owned());
    insta::assert_snapshot!(Host::start().answers("GET /api/v1/status", gateway).anvil(&["status"]).shown(), @r###"
    exit 6
    --- out
    --- err
    error: the host answered 502: <h1>�[2JBad gateway</h1>
    "###);
}

#[test]
fn a_word_of_a_newer_host_keeps_nothing_back() {
    let mut odd = job("queued");
    odd["state"] = "\u{1b}]0;resting\u{7}".into();
    let listed = json!({ "items": [job("parked"), odd], "next": null });
    let ran = Host::start().on("GET /api/v1/jobs", &listed).anvil(&["jobs", "list"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("cannot read all that the host says (unknown variant"), "{ran:?}");
    assert!(ran.out.contains("the day's limit has no room") && ran.out.contains("resting"), "{ran:?}");
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn json_is_shown_to_the_digit() {
    let text = r#"{"z":1000000000000000000000000000007,"a":[0.1000000000000000055511151231257827,1E2,{}]}"#;
    let answer = Answer(200, "application/json", text.to_owned());
    let ran = Host::start().answers("GET /api/v1/status", answer).anvil(&["status", "--json"]);
    let bare: String = ran.out.split_whitespace().collect();
    assert_eq!((bare.as_str(), ran.code), (text, 0), "{ran:?}");
}

#[test]
fn who_was_never_there_is_not_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://user:SECRET@{free}");
    for args in [&["jobs", "list", "-w"][..], &["jobs", "logs", "-f", ID]] {
        let ran = run_in(dir.path(), &[args, &["--url", &url]].concat(), &[]);
        assert_eq!(ran.code, 4, "{ran:?}");
        assert!(ran.err.contains("cannot reach the host") && !ran.err.contains("SECRET"), "{ran:?}");
    }
    let long = "x".repeat(100_000);
    let ran = run_in(dir.path(), &["jobs", "list", "--tag", &long, "--url", &url], &[]);
    assert!(
        ran.code == 2 && ran.err.contains("it has 60000 at most"),
        "{}",
        &ran.err[..200.min(ran.err.len())]
    );
}

#[test]
fn wrong_words() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| run_in(dir.path(), args, &[]).shown();
    insta::assert_snapshot!(run(&["submit", "a", "b", "--payload", "{"]), @r###"
    exit 2
    --- out
    --- err
    error: the payload is not valid JSON: EOF while parsing an object at line 1 column 1
    "###);
    insta::assert_snapshot!(run(&["submit", "a", "b", "--payload", "@nowhere.json"]), @r###"
    exit 2
    --- out
    --- err
    error: cannot read the payload from nowhere.json: No such file or directory (os error 2)
    "###);
    insta::assert_snapshot!(run(&["submit", "a", "b", "--priority", "urgent"]), @r###"
    exit 2
    --- out
    --- err
    error: invalid value 'urgent' for '--priority <PRIORITY>': `urgent` is no priority; there are critical, high, normal and low

    For more information, try '--help'.
    "###);
    insta::assert_snapshot!(run(&["submit", "a", "b", "--field", "requirements"]), @r###"
    exit 2
    --- out
    --- err
    error: invalid value 'requirements' for '--field <NAME=VALUE>': a name, `=` and a value are expected, as in requirements="Build a login form"

    For more information, try '--help'.
    "###);
    insta::assert_snapshot!(run(&["submit", "a", "b", "--run-at", "soon"]), @r###"
    exit 2
    --- out
    --- err
    error: invalid value 'soon' for '--run-at <TIME>': a time such as 2026-12-01T08:00:00Z, or a length such as 90s or 2h 30m, is expected

    For more information, try '--help'.
    "###);
    insta::assert_snapshot!(run(&["jobs", "list", "--state", "done"]), @r###"
    exit 2
    --- out
    --- err
    error: invalid value 'done' for '--state <STATE>': `done` is no state; there are scheduled, queued, running, parked, succeeded, failed, cancelled

    For more information, try '--help'.
    "###);
    insta::assert_snapshot!(run(&["limits", "set", "day_usd=lots"]), @r###"
    exit 2
    --- out
    --- err
    error: `day_usd=lots`: the value of a limit is a number, as in day_usd=20
    "###);
    insta::assert_snapshot!(run(&["status", "--url", "localhost:8787"]), @r###"
    exit 2
    --- out
    --- err
    error: `localhost:8787` is no address of a host (it begins with http:// or https://); it looks like http://127.0.0.1:8787
    "###);
    insta::assert_snapshot!(run(&["statsu"]), @r###"
    exit 2
    --- out
    --- err
    error: unrecognized subcommand 'statsu'

      tip: a similar subcommand exists: 'status'

    Usage: anvil [OPTIONS] <COMMAND>

    For more information, try '--help'.
    "###);
}

#[test]
fn wrong_settings() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("anvil.toml"), "[limits]\nday_us = 20\nqueue_max = 0\n").expect("written");
    insta::assert_snapshot!(run_in(dir.path(), &["serve"], &[]).shown(), @r###"
    exit 2
    --- out
    --- err
    error: unknown setting `day_us` in [limits] (anvil.toml line 2); did you mean `day_usd`?
    "###);
    std::fs::remove_file(dir.path().join("anvil.toml")).expect("removed");
    let serve =
        |args: &[&str], env: &[(&str, &str)]| run_in(dir.path(), &[&["serve"], args].concat(), env).shown();
    insta::assert_snapshot!(serve(&["--set", "limits.day_us=20"], &[]), @r###"
    exit 2
    --- out
    --- err
    error: unknown setting `limits.day_us` (--set); did you mean `limits.day_usd`?
    "###);
    insta::assert_snapshot!(serve(&["--preset", "max-20"], &[]), @r###"
    exit 2
    --- out
    --- err
    error: `preset` (--preset) is max-20, but must be one of max-100, max-200, api-start, api-build, unlimited-dev; did you mean `max-200`?
    "###);
    insta::assert_snapshot!(serve(&["--listen", "here"], &[]), @r###"
    exit 2
    --- out
    --- err
    error: `server.listen` (--listen) is here, but must be an address and a port such as 127.0.0.1:8787 (port 0: any that is free)
    "###);
    insta::assert_snapshot!(serve(&["--config", "nowhere.toml"], &[]), @r###"
    exit 2
    --- out
    --- err
    error: cannot read the settings file nowhere.toml: No such file or directory (os error 2)
    "###);
    insta::assert_snapshot!(serve(&[], &[("ANVIL_LIMITS_DAYUSD", "5")]), @r###"
    exit 2
    --- out
    --- err
    error: unknown environment variable `ANVIL_LIMITS_DAYUSD`; did you mean `ANVIL_LIMITS_DAY_USD`?
    "###);
    insta::assert_snapshot!(serve(&["--preset", "unlimited-dev"], &[("ANTHROPIC_API_KEY", "sk-secret")]), @r###"
    exit 2
    --- out
    --- err
    error: the preset unlimited-dev is for the simulator only, but ANTHROPIC_API_KEY is set: choose another preset, unset the key, or declare the upstream (`upstream.kind = "simulated"`)
    "###);
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
    insta::assert_snapshot!(run(&["--script", "script.json"]), @r###"
    exit 2
    --- out
    --- err
    error: script.json: the script cannot be read: item 0: unknown field `txet`, expected one of `text`, `content`, `stop_reason`, `usage`, `fault`, `latency`, `repeat`
    "###);
    insta::assert_snapshot!(run(&["--faults", "faults.json"]), @r###"
    exit 2
    --- out
    --- err
    error: the faults in faults.json cannot be read: `boom` is no fault: one of 429, 429:SECONDS, 429-bare, acceleration, acceleration:SECONDS, spend-cap, org-limit, 400, 401, 402, 403, 404, 413, 500, 502, 503, 504, 529, close, cut:start, cut:EVENTS, cut:delta, cut:stop, error:EVENTS, no-usage, no-usage:final, dup-delta, hang:SECONDS, drip:SECONDS, batch-DOOR:FAULT at line 1 column 18
    "###);
    insta::assert_snapshot!(run(&["--listen", &port]), @r###"
    exit 1
    --- out
    --- err
    error: cannot listen on PORT: Address already in use (os error 98)
    "###);
}

#[test]
fn the_token_of_the_data_folder_is_sent_to_this_machine() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(dir.path().join("anvil-data")).expect("a folder");
    std::fs::write(dir.path().join("anvil-data/token"), "from-the-data-folder\n").expect("written");
    let host = Host::start().on(
        "GET /api/v1/brake",
        &serde_json::json!({ "engaged": false, "causes": [], "history": [], "muted_until": null }),
    );
    assert_eq!(run_in(dir.path(), &["brake", "--url", &host.url], &[]).code, 0);
    let listen = host.url.trim_start_matches("http://").to_owned();
    assert_eq!(run_in(dir.path(), &["brake"], &[("ANVIL_SERVER_LISTEN", &listen)]).code, 0);
    assert_eq!(run_in(dir.path(), &["brake", "--url", &host.url], &[("ANVIL_TOKEN", "mine")]).code, 0);
    let tokens: Vec<_> = host.asked().into_iter().filter_map(|asked| asked.token).collect();
    assert_eq!(tokens, ["Bearer from-the-data-folder", "Bearer from-the-data-folder", "Bearer mine"]);
}
