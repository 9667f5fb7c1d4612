//! Jobs, their logs and files, as a person sees them.

use crate::host::{Answer, Host};
use crate::samples::{ID, job, settled};
use serde_json::{Value, json};

#[test]
fn jobs_are_listed_and_filtered() {
    let host = Host::start().on("GET /api/v1/jobs", &json!({ "items": [job("parked")], "next": ID }));
    let ran = host
        .anvil(&["jobs", "list", "--state", "parked", "--state", "queued", "--agent", "a b", "--limit", "5"]);
    assert_eq!(host.asked()[0].target, "/api/v1/jobs?limit=5&state=parked&state=queued&agent=a+b");
    assert!(ran.out.contains("the day's limit has no room"), "{ran:?}");
    assert_eq!(ran.err, format!("next: --after {ID}\n"));
    let none = Host::start().on("GET /api/v1/jobs", &json!({ "items": [], "next": null }));
    assert_eq!(none.anvil(&["jobs", "list"]).out, "There are no such jobs.\n");
}

#[test]
fn a_job_is_shown_with_all_there_is_to_know() {
    let host = Host::start()
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("parked"))
        .on(&format!("GET /api/v1/jobs/{ID}/calls"), &json!({ "items": [], "next": null }))
        .on(
            &format!("GET /api/v1/jobs/{ID}/artifacts"),
            &json!({ "items": [{ "name": "a.txt", "size": 5, "media_type": "text/plain", "created_at": "2026-11-23T12:00:00Z" }], "next": null }),
        );
    insta::assert_snapshot!(settled(&host.anvil(&["jobs", "show", ID]).out), @r###"
    01JD9Z6W3NQ8Y5R2K7M4T1X0VB parked code-generator/generate · $0.0042 · 2 calls
      priority    high
      attempts    2 of 3
      may spend   $2.00
      unknown     $0.001
      tags        a, b
      submitted   2026-11-23 12:00:00 (… ago)
      started     2026-11-23 12:00:01 (… ago)
      progress    40 % planning
      waits for   the day's limit has no room
      attempt 1   bad-reply: no files

    FILE   SIZE  TYPE
    a.txt   5 B  text/plain

    payload
    {
      "requirements": "a form"
    }
    "###);
}

#[test]
fn a_jobs_calls_say_what_the_prompt_cache_saved_and_which_were_misses() {
    let call = |id: u8, saved: f64, miss: Value| {
        json!({
            "id": format!("01JD9Z6W3NQ8Y5R2K7M4T1X0V{id}"), "state": "settled", "held_at": "2026-11-23T11:59:00Z",
            "agent": "code-generator", "tags": [], "tier_asked": "haiku", "tier_given": "haiku", "price_row": "claude-haiku-5-5",
            "model": "claude-haiku-5-5", "usage": { "input_tokens": 100, "output_tokens": 50 }, "hold_usd": 0.01,
            "cost_usd": 0.0042, "detail": "end_turn", "saved_usd": saved, "miss": miss,
            "early": (id == 3).then_some("its prompt would have left its model's cache"),
        })
    };
    let changed = json!({ "reason": "prefix_changed", "at": 812, "tokens": 2_048, "cost_usd": 0.004_915_2 });
    let mut detail = job("parked");
    detail["saved_usd"] = json!(0.0011);
    let host = Host::start()
        .on(&format!("GET /api/v1/jobs/{ID}"), &detail)
        .on(
            &format!("GET /api/v1/jobs/{ID}/calls"),
            &json!({ "items": [call(1, -0.0005, changed), call(2, 0.0016, Value::Null), call(3, 0.0016, Value::Null)], "next": null }),
        )
        .on(&format!("GET /api/v1/jobs/{ID}/artifacts"), &json!({ "items": [], "next": null }));
    let out = host.anvil(&["jobs", "show", ID]).out;
    assert!(out.contains("saved       $0.0011\n"), "{out}");
    let calls: Vec<&str> = out.lines().filter(|line| line.contains("claude-haiku-5-5")).collect();
    assert!(
        calls[0].ends_with("-$0.0005  end_turn  it changed at byte 812: 2048 tokens, $0.0049152"),
        "{out}"
    );
    assert!(calls[1].ends_with(" $0.0016  end_turn"), "{out}");
    let early = "went out before its turn: its prompt would have left its model's cache";
    assert!(calls[2].ends_with(&format!(" $0.0016  end_turn  {early}")), "{out}");
}

#[test]
fn several_jobs_are_stopped_and_one_that_cannot_be_is_said() {
    let other = "01JD9Z6W3NQ8Y5R2K7M4T1X0VD";
    let host = Host::start().on(&format!("POST /api/v1/jobs/{ID}/cancel"), &job("cancelled")).problem(
        &format!("POST /api/v1/jobs/{other}/cancel"),
        409,
        "wrong-state",
        "The job's state does not allow it",
        "the job is succeeded",
    );
    let ran = host.anvil(&["jobs", "cancel", other, ID]);
    assert_eq!(ran.code, 5);
    assert!(ran.out.contains("cancelled"), "{ran:?}");
    assert_eq!(ran.err, "error: The job's state does not allow it: the job is succeeded\n");
}

#[test]
fn a_log_is_shown_line_by_line_and_harmless() {
    let line = |seq: u64, text: &str| json!({ "seq": seq, "at": "2026-11-23T12:00:01Z", "attempt": 1, "level": "info", "source": "guest", "line": text });
    let page = json!({ "items": [line(1, "one"), line(2, "two \u{1b}]0;title\u{7}")], "next": null });
    let host = Host::start().on(&format!("GET /api/v1/jobs/{ID}/log"), &page);
    insta::assert_snapshot!(host.anvil(&["jobs", "logs", ID]).out, @r###"
    12:00:01 INFO  guest  one
    12:00:01 INFO  guest  two �]0;title�
    "###);
}

#[test]
fn a_log_is_followed_until_the_job_is_done() {
    let line = |seq: u64| json!({ "seq": seq, "at": "2026-11-23T12:00:01Z", "attempt": 1, "level": "info", "source": "guest", "line": seq.to_string() });
    let page = |items: Value| json!({ "items": items, "next": null });
    let log = format!("GET /api/v1/jobs/{ID}/log");
    let host = Host::start()
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("running"))
        .on(&format!("GET /api/v1/jobs/{ID}"), &job("succeeded"))
        .events(
            &format!("GET /api/v1/jobs/{ID}/events"),
            "id: 1\ndata: {\"seq\":1,\"at\":\"2026-11-23T12:00:01Z\",\"type\":\"logged\",\"last_seq\":2}\n\n",
        )
        .on(&log, &page(json!([line(1)])))
        .on(&log, &page(json!([line(2)])));
    let ran = host.anvil(&["jobs", "logs", "--follow", ID]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 2), "{ran:?}");
    let after: Vec<_> = host
        .asked()
        .into_iter()
        .filter(|asked| asked.target.contains("/log"))
        .map(|asked| asked.target)
        .collect();
    assert!(after[1].contains("after=1"), "{after:?}");
}

#[test]
fn a_followed_log_ends_as_its_job_did() {
    for (state, code) in [("succeeded", 0), ("failed", 1), ("cancelled", 3)] {
        let host = Host::start()
            .on(&format!("GET /api/v1/jobs/{ID}"), &job(state))
            .on(&format!("GET /api/v1/jobs/{ID}/log"), &json!({ "items": [], "next": null }));
        assert_eq!(host.anvil(&["jobs", "logs", "-f", ID]).code, code, "{state}");
    }
}

#[test]
fn a_watched_list_says_what_changes() {
    let list = |state: &str| json!({ "items": [job(state)], "next": null });
    let host = Host::start()
        .on("GET /api/v1/jobs", &list("queued"))
        .on("GET /api/v1/jobs", &list("queued"))
        .on("GET /api/v1/jobs", &list("succeeded"))
        .events("GET /api/v1/events", "id: 1\ndata: {\"seq\":1,\"at\":\"2026-11-23T12:00:00Z\",\"type\":\"job\",\"state\":\"queued\",\"agent\":\"a\"}\n\n");
    let mut child = crate::host::anvil()
        .args(["jobs", "list", "--watch", "--tag", "a"])
        .env("ANVIL_URL", &host.url)
        .env("ANVIL_TOKEN", "secret")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("anvil runs");
    let out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let lines: Vec<String> = std::io::BufRead::lines(out).take(2).map(|line| line.expect("text")).collect();
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(lines[0].contains("queued") && lines[1].contains("succeeded"), "{lines:?}");
    let asked = host.asked();
    assert!(asked.iter().any(|asked| asked.target == "/api/v1/jobs?limit=20&tag=a"), "{asked:?}");
    assert!(asked.iter().any(|asked| asked.target == "/api/v1/events"), "{asked:?}");
}

#[test]
fn an_action_on_many_asks_first_and_says_what_it_did() {
    let plan = json!({ "action": "cancel", "filter": {}, "touched": 2, "left": { "finished already": 5 }, "at_least": false });
    let run = |state: &str, touched: u32| {
        json!({ "id": ID, "action": "cancel", "filter": {}, "by": "ann", "state": state, "planned": 2, "touched": touched, "left": {}, "waits": null,
        "started_at": "2026-11-23T12:00:00Z", "ended_at": null })
    };
    let host = Host::start()
        .on("POST /api/v1/jobs/actions", &plan)
        .on("POST /api/v1/jobs/actions", &run("running", 0))
        .on(&format!("GET /api/v1/jobs/actions/{ID}"), &run("running", 1))
        .on(&format!("GET /api/v1/jobs/actions/{ID}"), &run("done", 2));
    let ran =
        host.anvil(&["jobs", "cancel", "--agent", "a b", "--search", "x y", "--state", "queued", "--yes"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "cancel done: 2 jobs touched.\n"), "{ran:?}");
    let asked = host.asked();
    let filter = json!({ "agent": "a b", "q": "x y", "state": ["queued"] });
    assert_eq!(asked[0].body, json!({ "action": "cancel", "filter": filter, "dry_run": true }));
    assert_eq!(asked[1].body, json!({ "action": "cancel", "filter": filter, "dry_run": false }));
    let host = Host::start().on("POST /api/v1/jobs/actions", &plan);
    let ran = host.anvil(&["jobs", "delete", "--all"]);
    assert_eq!((ran.code, host.asked().len()), (2, 1), "nobody was there to ask: {ran:?}");
    assert!(
        ran.err.contains("2 jobs would be touched") && ran.err.contains("5 jobs left as they are"),
        "{ran:?}"
    );
    let ran = host.anvil(&["jobs", "prioritise", "--to", "high", "--tag", "a", "--dry-run"]);
    assert!(ran.out.starts_with("2 jobs would be touched"), "{ran:?}");
    assert_eq!(host.asked()[1].body["priority"], "high");
    for bad in [
        &["jobs", "cancel"][..],
        &["jobs", "cancel", ID, "--all"],
        &["jobs", "delete", "--all", "--tag", "a"],
    ] {
        assert_eq!(host.anvil(bad).code, 2, "{bad:?}");
    }
    assert_eq!(host.asked().len(), 2);
}

#[test]
fn files_are_written_into_the_folder_and_nowhere_else() {
    let list = format!("GET /api/v1/jobs/{ID}/artifacts");
    let named = |name: &str| json!({ "items": [{ "name": name, "size": 5, "media_type": "text/plain", "created_at": "2026-11-23T12:00:00Z" }], "next": null });
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out");
    let into = ["jobs", "artifacts", ID, "--out", out.to_str().expect("text")];
    let host = Host::start().on(&list, &named("src/ü b.txt")).answers(
        &format!("GET /api/v1/jobs/{ID}/artifacts/src/%C3%BC%20b.txt"),
        Answer(200, "text/plain", "hello".to_owned()),
    );
    let ran = host.anvil(&into);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(std::fs::read_to_string(out.join("src/ü b.txt")).expect("the file"), "hello");
    let again = host.anvil(&into);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("--force"), "{again:?}");
    assert_eq!(host.anvil(&[&into[..], &["--force"]].concat()).code, 0);

    let evil = Host::start().on(&list, &named("../evil.txt"));
    assert_eq!(evil.anvil(&into).code, 1);
    assert!(!dir.path().join("evil.txt").exists());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path(), out.join("link")).expect("a link");
        let linked = Host::start().on(&list, &named("link/evil.txt")).answers(
            &format!("GET /api/v1/jobs/{ID}/artifacts/link/evil.txt"),
            Answer(200, "text/plain", "x".to_owned()),
        );
        assert_eq!(linked.anvil(&into).code, 1);
        assert!(!dir.path().join("evil.txt").exists());
    }
}

#[test]
fn a_file_beside_a_folder_of_its_name_and_one_that_is_there_keep_no_other_from_being_written() {
    let file = |name: &str| json!({ "name": name, "size": 5, "media_type": "text/plain", "created_at": "2026-11-23T12:00:00Z" });
    let files = ["a", "a/b", "there", "z"].map(file);
    let mut host = Host::start()
        .on(&format!("GET /api/v1/jobs/{ID}/artifacts"), &json!({ "items": files, "next": null }));
    for name in ["a", "a/b", "there", "z"] {
        let path = format!("GET /api/v1/jobs/{ID}/artifacts/{name}");
        host = host.answers(&path, Answer(200, "text/plain", format!("this is {name}")));
    }
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("there"), "before").expect("written");
    let ran = host.anvil(&["jobs", "artifacts", ID, "--out", dir.path().to_str().expect("text")]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("is there already; --force"), "{ran:?}");
    assert!(ran.err.contains("`a` is a folder of other files too: it is written as `a.file`"), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect(name);
    assert_eq!(
        [read("a.file"), read("a/b"), read("there"), read("z")],
        ["this is a", "this is a/b", "before", "this is z"]
    );
}
