//! The other commands, as a person sees them.

use crate::host::{Answer, Host, Ran, anvil};
use axum::http::Method;
use serde_json::{Value, json};

const ID: &str = "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";

fn status() -> Value {
    let window = |spent: f64, limit: f64, resets: &str| json!({ "spent_usd": spent, "held_usd": 0.05, "unknown_usd": 0.0, "limit_usd": limit, "resets_at": resets, "forecast": { "outcome": "too_little" } });
    let mut day = window(152.0, 160.0, "2026-11-24T00:00:00Z");
    day["unknown_usd"] = json!(12.5);
    day["forecast"] = json!({ "outcome": "at", "at": "2026-11-23T16:40:00Z" });
    json!({
        "now": "2026-11-23T12:00:00Z", "version": "0.1.0",
        "upstream": { "kind": "simulated", "base_url": "http://127.0.0.1:9" },
        "agents": { "running": 2, "slots": 3, "min": 3, "max": 10, "scaling": {
            "reason": "as many as the work needs", "ceiling": 7, "ceiling_limit": "requests a minute", "changed": null } },
        "plugins": { "folder": "plugins", "trouble": null, "compiling": 0, "delayed": 0 },
        "queue": { "queued": 4, "scheduled": 0, "parked": 1, "running": 2, "oldest_wait_s": 75, "limit": 200,
                   "succeeded": 10, "failed": 1, "cancelled": 0 },
        "spend": { "hour": window(0.0123, 8.0, "2026-11-23T12:32:00Z"), "day": day,
                   "month": window(152.0, 200.0, "2026-12-01T00:00:00Z"), "total_usd": 152.0, "bounds_broken": 0,
                   "week": { "hours": 12.5, "limit_hours": 80, "resets_at": "2026-11-30T00:00:00Z" } },
        "pace": { "requests_last_minute": 12, "requests_per_minute": 45, "input_tokens_per_minute": 50_000,
                  "output_tokens_per_minute": 10_000, "waiting_calls": 1, "calls_in_flight": 2,
                  "circuit": { "state": "open", "until": "2026-11-23T12:01:00Z" },
                  "buckets": [
                      { "pool": null, "bucket": "requests", "taken": 12, "limit": 45, "shared": false },
                      { "pool": "opus-4", "bucket": "input_tokens", "taken": 12_000, "limit": 50_000, "shared": true },
                      { "pool": "opus-4", "bucket": "output_tokens", "taken": 900, "limit": 10_000, "shared": false },
                  ] },
        "pressure": 0.95, "effect": "braked",
        "brake": { "engaged": true, "causes": [{ "kind": "day", "reason": "95 % is reached", "by": null,
                   "since": "2026-11-23T11:59:00Z", "until": "2026-11-24T00:00:00Z" }] },
        "alerts": { "firing": 0 }, "why_idle": "the brake is engaged",
    })
}

fn job(state: &str) -> Value {
    json!({
        "id": ID, "agent": "code-generator", "action": "generate", "payload": { "requirements": "a form" },
        "state": state, "priority": "high", "attempts": 2, "max_attempts": 3, "cost_usd": 0.0042, "unknown_usd": 0.001,
        "held_usd": 0.0, "max_cost_usd": 2.0, "calls": 2, "upstream": "live", "tags": ["a", "b"], "after": [],
        "created_at": "2026-11-23T12:00:00Z", "started_at": "2026-11-23T12:00:01Z", "finished_at": null,
        "waiting_for": { "reason": "money", "detail": "the day's limit has no room", "until": null },
        "result": null, "error": null, "progress": 0.4, "progress_line": "planning",
        "followed_by": [], "attempt_history": [{ "number": 1, "started_at": "2026-11-23T12:00:01Z", "error": { "kind": "bad-reply", "message": "no files" } }],
    })
}

/// Output without the parts that depend on the present.
fn settled(text: &str) -> String {
    text.lines()
        .map(|line| {
            let words = line.split_inclusive(' ').collect::<String>();
            let cut = |line: &str, sign: &str| line.find(sign).map(|at| line[..at].to_owned());
            match cut(&words, " (") {
                Some(start) if words.contains("2026-11-23 ") => format!("{start} (… ago)"),
                _ => words,
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Output without how long ago things were, and without the widths of columns, which go by that.
fn timeless(text: &str) -> String {
    let is_length = |word: &str| {
        word.trim_end_matches(['d', 'h', 'm', 's']).len() + 1 == word.len()
            && word.starts_with(|first: char| first.is_ascii_digit())
    };
    let line = |line: &str| {
        let mut words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            while word == "ago" && words.last().is_some_and(|word| is_length(word)) {
                words.pop();
            }
            words.push(if word == "ago" { "… ago" } else { word });
        }
        words.join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn status_says_what_runs_what_waits_and_what_is_spent() {
    let host = Host::start().on("GET /api/v1/status", &status());
    insta::assert_snapshot!(host.anvil(&["status"]).out, @r###"
    Anvil 0.1.0 at http://HOST

    Claude   SIMULATED: nothing costs money · http://127.0.0.1:9
    Agents   2 of 3 slots busy · 3 to 10
    Slots    as many as the work needs · requests a minute feed up to 7
    Jobs     2 running · 4 queued · 1 parked · 0 scheduled · the oldest waits for 1m 15s · at most 200
    Done     10 succeeded · 1 failed · 0 cancelled
    Pace     12 of 45 requests in the last minute · 2 calls under way · 1 waiting
    Tokens   opus-4 in the last minute · 12000 of 50000 input · 900 of 10000 output · others share these limits
    Circuit  open: Claude failed again and again, no call goes out; one tries again in 1m 00s
    Pressure 95 % · braked
    Brake    ON: no new call goes out
             day, 1m 00s ago: 95 % is reached; ends in 12h 00m
    Waits    the brake is engaged

    hour   [#.......................]   0.2 %  $0.0123 of $8.00 · $0.05 held · oldest minute leaves in 32m 00s
    day    [####################??..]  95.0 %  $152.00 of $160.00 · $0.05 held · $12.50 unknown · resets in 12h 00m · 95 % at 16:40:00 (in 4h 40m) at this rate
    month  [##################......]  76.0 %  $152.00 of $200.00 · $0.05 held · resets in 7d 12h
    week   [###.....................]  15.6 %  12.5 h of 80 h of use · resets in 6d 12h
    "###);
    let json = host.anvil(&["--json", "status"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).expect("JSON"), status());
}

#[test]
fn spend_shows_windows_and_calls() {
    let call = json!({
        "id": "01JD9Z6W3NQ8Y5R2K7M4T1X0VC", "state": "settled", "held_at": "2026-11-23T11:59:00Z", "agent": "code-generator",
        "tags": [], "tier_asked": "haiku", "tier_given": "haiku", "price_row": "claude-haiku-5-5", "model": "claude-haiku-5-5", "usage": { "input_tokens": 100, "cache_read_tokens": 20, "output_tokens": 50 },
        "hold_usd": 0.01, "cost_usd": 0.0042, "detail": "end_turn",
    });
    let mut held = call.clone();
    held["state"] = json!("held");
    held["detail"] = Value::Null;
    let host = Host::start()
        .on("GET /api/v1/status", &status())
        .on("GET /api/v1/ledger", &json!({ "items": [call, held], "next": null, "total": {
            "calls": 2, "settled_usd": 0.0042, "unknown_usd": 0.0, "held_usd": 0.01, "input_tokens": 200, "output_tokens": 100,
            "cache_read_tokens": 40, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0,
        } }));
    insta::assert_snapshot!(host.anvil(&["spend", "--calls"]).out, @r###"
    WINDOW    SPENT  UNKNOWN   HELD    LIMIT    USED  RESETS
    hour    $0.0123    $0.00  $0.05    $8.00   0.2 %  in 32m 00s
    day     $152.00   $12.50  $0.05  $160.00  95.0 %  in 12h 00m
    month   $152.00    $0.00  $0.05  $200.00  76.0 %  in 7d 12h
    week     12.5 h                     80 h

    in all  $152.00 (SIMULATED)

    CALL                        WHEN        STATE    AGENT           MODEL              IN  OUT     COST  DETAIL
    01JD9Z6W3NQ8Y5R2K7M4T1X0VC  1m 00s ago  settled  code-generator  claude-haiku-5-5  120   50  $0.0042  end_turn
    01JD9Z6W3NQ8Y5R2K7M4T1X0VC  1m 00s ago  held     code-generator  claude-haiku-5-5  120   50  ≤ $0.01
    "###);
    assert_eq!(host.asked()[1].target, "/api/v1/ledger?limit=20");
}

#[test]
fn spend_is_told_apart_with_a_total() {
    let sum = |calls: u64, spent: f64, unknown: f64| {
        json!({ "calls": calls, "spent_usd": spent, "unknown_usd": unknown,
        "input_tokens": 1_000, "output_tokens": 200, "cache_read_tokens": 0, "cache_write_5m_tokens": 30, "cache_write_1h_tokens": 4 })
    };
    let named = |name: Value, mut sum: Value| {
        sum["name"] = name;
        sum
    };
    let spend = json!({
        "from": "2026-11-22T23:00:00Z", "to": "2026-11-23T23:00:00Z", "by": "agent", "upstream": "simulated", "estimated": false,
        "items": [named(json!("code-generator"), sum(12, 1.204_000_001, 0.1)), named(Value::Null, sum(1, 0.5, 0.0))],
        "total": sum(13, 1.704_000_001, 0.1),
    });
    let csv = "agent,calls\r\ncode-generator,12\r\n";
    let host = Host::start()
        .on("GET /api/v1/spend", &spend)
        .answers("GET /api/v1/spend", Answer(200, "text/csv", csv.to_owned()));
    insta::assert_snapshot!(host.anvil(&["spend", "--by", "agent", "--from", "2026-11-23"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    AGENT           CALLS  INPUT  OUTPUT  CACHE READ  CACHE WRITTEN  UNKNOWN         SPENT
    code-generator     12   1000     200                         34    $0.10  $1.204000001
    -                   1   1000     200                         34                  $0.50
    together           13   1000     200                         34    $0.10  $1.704000001
    "###);
    assert_eq!(host.asked()[0].target, "/api/v1/spend?by=agent&from=2026-11-23");
    assert_eq!(host.anvil(&["spend", "--csv", "--by", "day", "--to", "2026-11-23"]).out, csv);
    assert_eq!(host.asked()[1].target, "/api/v1/spend?by=day&to=2026-11-23&format=csv");
    assert_eq!(host.anvil(&["spend", "--csv", "--json"]).code, 2);
}

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

#[test]
fn limits_are_shown_changed_and_reset() {
    let view = json!({
        "limits": { "hour_usd": 8.0, "day_usd": 20.5, "week_hours": 80, "new_thing": 3 },
        "sources": { "hour_usd": { "from": "settings", "name": "preset max-200" },
                     "day_usd": { "from": "run_time", "by": "token", "at": "2026-11-23T12:00:00Z" } },
    });
    let host = Host::start().on("GET /api/v1/limits", &view).on("PUT /api/v1/limits", &view);
    insta::assert_snapshot!(timeless(&host.anvil(&["limits"]).out), @r###"
    LIMIT VALUE FROM
    hour_usd $8.00 preset max-200
    day_usd $20.50 changed by token, … ago
    week_hours 80
    new_thing 3
    "###);
    host.anvil(&["limits", "set", "day_usd=$20.5", "queue_max=1_000"]);
    host.anvil(&["limits", "reset", "day_usd"]);
    host.anvil(&["limits", "reset", "--all"]);
    let bodies: Vec<_> = host
        .asked()
        .into_iter()
        .filter(|asked| asked.method == Method::PUT)
        .map(|asked| asked.body)
        .collect();
    assert_eq!(bodies[0], json!({ "day_usd": 20.5, "queue_max": 1_000 }));
    assert_eq!(bodies[1], json!({ "reset": ["day_usd"] }));
    assert_eq!(bodies[2]["reset"].as_array().map(Vec::len), Some(13));
}

#[test]
fn limits_of_an_agent_are_shown_changed_and_taken_away() {
    let writer = json!({ "scope": "agent:writer", "windows": [
        { "window": "day", "limit_usd": 5.0, "spent_usd": 1.25, "held_usd": 0.05, "unknown_usd": 0.0,
          "left_usd": 3.7, "resets_at": "2026-11-24T00:00:00Z", "by": "ann", "at": "2026-11-23T12:00:00Z" },
    ] });
    let host = Host::start()
        .on("GET /api/v1/limits/scopes", &json!({ "items": [writer], "next": null }))
        .on("PUT /api/v1/limits/scopes/agent:writer", &writer);
    insta::assert_snapshot!(timeless(&host.anvil(&["limits", "scopes"]).out), @r###"
    OF LIMIT VALUE SPENT HELD LEFT RESETS FROM
    agent:writer day_usd $5.00 $1.25 $0.05 $3.70 … ago set by ann, … ago
    "###);
    insta::assert_snapshot!(timeless(&host.anvil(&["limits", "agent", "writer"]).out), @r###"
    OF LIMIT VALUE SPENT HELD LEFT RESETS FROM
    agent:writer day_usd $5.00 $1.25 $0.05 $3.70 … ago set by ann, … ago
    "###);
    insta::assert_snapshot!(host.anvil(&["limits", "agent", "ci"]).out, @"agent:ci has no limits of its own; everything's hold for it too.");
    host.anvil(&["limits", "agent", "writer", "day_usd=$5", "hour_usd=0.5", "--reset", "month_usd"]);
    let bodies = host.asked().into_iter().filter(|asked| asked.method == Method::PUT);
    let bodies: Vec<_> = bodies.map(|asked| asked.body).collect();
    assert_eq!(bodies, [json!({ "day_usd": 5, "hour_usd": 0.5, "reset": ["month_usd"] })]);
}

#[test]
fn agents_are_listed_shown_and_switched() {
    let agent = json!({
        "name": "code-generator", "version": "1.0.0", "summary": "Writes code.", "file": "code-generator.wasm",
        "digest": "abc", "size": 1_048_576, "state": "ready", "reason": null, "model_floor": null, "effort": "standard",
        "loaded_at": "2026-11-23T12:00:00Z", "time_limit_s": null,
        "actions": [{ "name": "generate", "summary": "Writes files.", "input_schema": { "type": "object" }, "output_schema": {} }],
    });
    let mut off = agent.clone();
    off["state"] = json!("disabled");
    let bad = json!({
        "name": "x", "version": "", "summary": "", "file": "x.wasm", "digest": "def", "size": 5, "state": "rejected", "actions": [], "model_floor": null, "effort": "standard",
        "loaded_at": "2026-11-23T12:00:00Z", "time_limit_s": null, "reason": "x.wasm is no WebAssembly component",
    });
    let host = Host::start()
        .on("GET /api/v1/agents", &json!({ "items": [agent, bad], "next": null }))
        .on("GET /api/v1/agents/code-generator", &agent)
        .on("GET /api/v1/status", &status())
        .on("POST /api/v1/agents/code-generator/disable", &off);
    insta::assert_snapshot!(host.anvil(&["agents", "list"]).out, @r###"
    AGENT           VERSION  STATE     ACTIONS   FILE                 SUMMARY
    code-generator  1.0.0    ready     generate  code-generator.wasm  Writes code.
    x                        rejected            x.wasm               x.wasm is no WebAssembly component
    "###);
    insta::assert_snapshot!(settled(&host.anvil(&["agents", "show", "code-generator"]).out), @r###"
    code-generator 1.0.0: ready
                  Writes code.
      file        code-generator.wasm, 1.0 MiB
      digest      abc
      loaded      2026-11-23 12:00:00 (… ago)
      effort      standard

    generate: Writes files.
      payload {
        "type": "object"
      }
      result {}

    Try it: anvil submit code-generator generate --field NAME=VALUE --wait
    "###);
    assert_eq!(host.anvil(&["agents", "disable", "code-generator"]).out, "code-generator is disabled\n");
}

#[test]
fn the_brake_is_a_command_with_a_reason() {
    let host = Host::start().on("PUT /api/v1/brake", &json!({ "engaged": false, "causes": [] }));
    assert_eq!(host.anvil(&["brake", "off", "--reason", "looked at it"]).out, "off\n");
    assert_eq!(host.asked()[0].body, json!({ "engaged": false, "reason": "looked at it" }));
    assert_eq!(host.anvil(&["brake", "on"]).code, 2);
}

#[test]
fn the_brake_tells_what_it_did() {
    let line = |change: &str, kind: &str, reason: &str, by: Value| {
        json!({ "at": "2026-11-23T11:00:00Z", "change": change, "kind": kind,
        "upstream": null, "reason": reason, "by": by })
    };
    let history = json!([
        line("released", "day", "looked into", json!("ann")),
        line("engaged", "day", "95 % is reached \u{1b}[2J", Value::Null),
    ]);
    let host = Host::start().on(
        "GET /api/v1/brake",
        &json!({ "engaged": false, "causes": [], "history": history, "muted_until": "2999-01-01T00:00:00Z" }),
    );
    let out = host.anvil(&["brake", "history", "--limit", "5"]).out;
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[1].contains("released  day    ann  looked into"), "{out}");
    assert!(lines[2].contains("engaged   day         95 % is reached") && !out.contains('\u{1b}'), "{out}");
    assert_eq!(host.asked()[0].target, "/api/v1/brake?limit=5");
    let status = host.anvil(&["brake", "status"]).out;
    assert!(status.starts_with("off\nreleased for this day only"), "{status}");
    assert_eq!(
        serde_json::from_str::<Value>(&host.anvil(&["--json", "brake", "history"]).out).expect("JSON"),
        history
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = anvil()
        .args(["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("anvil runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("an end");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = anvil().args(["completions", shell]).output().expect("anvil runs");
        let script = String::from_utf8_lossy(&output.stdout);
        assert!(script.contains("submit") && !script.contains("compile-plugin --"), "{shell}");
    }
}

#[test]
fn alerts_are_listed_shown_and_acknowledged() {
    let alert = json!({
        "id": ID, "upstream": "simulated", "kind": "threshold", "state": "firing", "scope": "all", "window": "day",
        "start": "2026-11-23T00:00:00Z", "percent": 80, "title": "80 % of the day's $160.00 are spent",
        "detail": "$128.04 are spent.\nLook at \u{1b}[31mit", "raised_at": "2026-11-23T12:00:00Z",
        "acknowledged": { "by": "ann", "at": "2026-11-23T12:00:00Z", "note": "on it" }, "resolved_at": null,
    });
    let sent = json!({ "items": [{
        "id": "01JD9Z6W3NQ8Y5R2K7M4T1X0VE", "alert": ID, "news": "fired", "webhook": "ops", "state": "failed",
        "tries": 10, "next_at": null, "last_status": 503, "last_error": "HTTP 503: busy", "created_at": "2026-11-23T12:00:00Z", "message_id": "msg_1_fired", "ended_at": null,
    }], "next": null });
    let host = Host::start()
        .on("GET /api/v1/alerts", &json!({ "items": [alert], "next": ID }))
        .on(&format!("GET /api/v1/alerts/{ID}"), &alert)
        .on("GET /api/v1/deliveries", &sent)
        .on(&format!("POST /api/v1/alerts/{ID}/acknowledge"), &alert);
    let listed = host.anvil(&["alerts", "--state", "firing", "--state", "acknowledged", "--limit", "1"]);
    assert!(listed.out.contains("SIMULATED: 80 % of the day's $160.00 are spent"), "{listed:?}");
    assert_eq!(listed.err, format!("next: --after {ID}\n"));
    assert_eq!(host.anvil(&["alerts", "list"]).out.lines().count(), 2);
    insta::assert_snapshot!(timeless(&settled(&host.anvil(&["alerts", "show", ID]).out)), @r###"
    01JD9Z6W3NQ8Y5R2K7M4T1X0VB firing
    SIMULATED: 80 % of the day's $160.00 are spent
    $128.04 are spent.
    Look at �[31mit
    limit 80 % of the day, all
    fired 2026-11-23 12:00:00 (… ago)
    known to ann: on it

    DELIVERY STATE WEBHOOK ALERT NEWS TRIES WHEN NEXT TRY LAST ANSWER
    01JD9Z6W3NQ8Y5R2K7M4T1X0VE failed ops 01JD9Z6W3NQ8Y5R2K7M4T1X0VB fired 10 … ago HTTP 503: busy
    "###);
    host.anvil(&["alerts", "ack", ID, "--note", "on it"]);
    let asked = host.asked();
    assert_eq!(asked[0].target, "/api/v1/alerts?limit=1&state=firing&state=acknowledged");
    assert_eq!(asked[3].target, format!("/api/v1/deliveries?alert={ID}"));
    assert_eq!(asked[4].body, json!({ "note": "on it" }));
    assert_eq!(host.anvil(&["alerts", "--state", "loud"]).code, 2);
}

#[test]
fn webhooks_are_added_tested_and_removed() {
    let webhook = |secret: Value, disabled: Value| {
        json!({
            "name": "ops", "address": "https://ops.example/…", "format": "standard", "allow_private": false,
            "enabled": disabled.is_null(), "disabled": disabled, "created_at": "2026-11-23T12:00:00Z", "secret": secret,
        })
    };
    let delivery = json!({ "id": ID, "alert": ID, "news": "fired", "webhook": "ops", "message_id": "msg_1_fired", "state": "pending", "tries": 0,
        "created_at": "2026-11-23T12:00:00Z" });
    let host = Host::start()
        .on("GET /api/v1/webhooks", &json!({ "items": [webhook(Value::Null, json!("lunch"))], "next": null }))
        .on("PUT /api/v1/webhooks/ops", &webhook(json!("whsec_abc"), Value::Null))
        .on("PUT /api/v1/webhooks/ops", &webhook(Value::Null, json!("switched off by ann")))
        .answers("DELETE /api/v1/webhooks/ops", Answer(204, "text/plain", String::new()))
        .on("POST /api/v1/webhooks/ops/test", &delivery)
        .on(&format!("POST /api/v1/deliveries/{ID}/resend"), &delivery)
        .on("GET /api/v1/deliveries", &json!({ "items": [], "next": null }));
    insta::assert_snapshot!(host.anvil(&["webhooks", "list"]).out, @r###"
    WEBHOOK  ADDRESS                FORMAT    PRIVATE  STATE
    ops      https://ops.example/…  standard  refused  off: lunch
    "###);
    insta::assert_snapshot!(
        host.anvil(&["webhooks", "add", "ops", "https://ops.example/hook", "--format", "standard"]).out,
        @r###"
    ops at https://ops.example/…
      secret    whsec_abc
      It signs the messages, and is shown this once.
    Try it: anvil webhooks test ops
    "###
    );
    assert_eq!(host.anvil(&["webhooks", "disable", "ops"]).out, "ops is off: switched off by ann\n");
    assert_eq!(host.anvil(&["webhooks", "remove", "ops"]).out, "ops is deleted\n");
    let tested = host.anvil(&["webhooks", "test", "ops"]).out;
    assert_eq!(tested, "A test is on its way: anvil webhooks log --webhook ops\n");
    assert_eq!(host.anvil(&["webhooks", "resend", ID]).out, "msg_1_fired goes to ops once more\n");
    assert_eq!(
        host.anvil(&["webhooks", "log", "--webhook", "ops", "--state", "failed"]).out,
        "Nothing was sent.\n"
    );
    let asked = host.asked();
    let made = json!({ "url": "https://ops.example/hook", "format": "standard", "rotate_secret": false });
    assert_eq!(asked[1].body, made);
    assert_eq!(asked[2].body, json!({ "enabled": false }));
    assert_eq!(asked[6].target, "/api/v1/deliveries?limit=20&webhook=ops&state=failed");
}

#[test]
fn an_export_is_a_file_when_it_is_whole_and_an_import_tells_what_came() {
    let lines = "{\"anvil_export\":1}\n{\"id\":\"a\"}\n";
    let jsonl = "application/jsonl";
    let came = |line: u64, how: &str| json!({ "line": line, "came": how, "id": ID, "state": "succeeded", "status": 200 });
    let told = [
        came(2, "new"),
        came(3, "submitted"),
        came(4, "existing"),
        json!({ "line": 5, "status": 409, "title": "There is another job", "detail": "its agent differs" }),
    ];
    let told = format!("{}\n", told.map(|line| line.to_string()).join("\n"));
    let host = Host::start()
        .answers("GET /api/v1/jobs/export", Answer(200, jsonl, lines.to_owned()))
        .answers("POST /api/v1/jobs/import", Answer(200, jsonl, told));
    assert_eq!(host.anvil(&["jobs", "export", "--state", "failed", "--files"]).out, lines);
    assert_eq!(host.asked()[0].target, "/api/v1/jobs/export?state=failed&files=true");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("jobs.jsonl");
    let path = file.to_str().expect("a path");
    let ran = host.anvil(&["jobs", "export", "--out", path]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "1 jobs exported\n"));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), lines);
    let ran = host.anvil(&["jobs", "export", "--out", path]);
    assert!(ran.code == 2 && ran.err.contains("--force writes over it"), "{ran:?}");
    let ran = host.anvil(&["jobs", "import", path]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(ran.out, "1 came in as history, 1 submitted, 1 here already, 1 refused\n");
    assert_eq!(ran.err, "line 5: There is another job: its agent differs\n");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no part is left");
}

#[test]
fn the_doctor_probes_through_the_running_host_and_through_nothing_else() {
    let found = |ran: &Ran| {
        let lines: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let items = lines["items"].as_array().expect("a list").clone();
        items.into_iter().find(|item| item["about"] == "probe").unwrap_or_default()
    };
    let answered = json!({ "answered": true, "said": "claude-haiku-5-5 answered in 420 ms, for $0.0001", "took_ms": 420 });
    let host = Host::start().on("POST /api/v1/upstream/probe", &answered);
    assert_eq!(found(&host.anvil(&["--json", "doctor", "--probe"]))["state"], "good");
    assert_eq!(host.asked().iter().filter(|asked| asked.target.ends_with("/probe")).count(), 1);
    // Without the flag nothing is asked that costs.
    assert!(found(&host.anvil(&["--json", "doctor"])).is_null());
    assert_eq!(host.asked().iter().filter(|asked| asked.target.ends_with("/probe")).count(), 1);

    let kept = json!({ "answered": false, "said": "no answer: the brake is engaged: a look at the bill", "took_ms": 3 });
    let host = Host::start().on("POST /api/v1/upstream/probe", &kept);
    let ran = host.anvil(&["--json", "doctor", "--probe"]);
    assert_eq!((ran.code, &found(&ran)["state"]), (1, &json!("wrong")));

    let alone = anvil().args(["--json", "doctor", "--probe"]).env("ANVIL_URL", "http://127.0.0.1:1").output();
    let ran = Ran::of(&alone.expect("anvil runs"), "http://127.0.0.1:1");
    let said = found(&ran);
    assert_eq!((ran.code, &said["state"]), (1, &json!("wrong")));
    assert!(said["what"].as_str().is_some_and(|what| what.contains("through a running host")), "{said}");
}
