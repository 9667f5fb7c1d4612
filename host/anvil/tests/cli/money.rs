//! What is spent, and what limits and stops it, as a person sees it.

use crate::host::{Answer, Host};
use crate::samples::{status, timeless};
use axum::http::Method;
use serde_json::{Value, json};

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
fn misses_of_the_prompt_cache_are_told_by_agent_and_reason_with_what_was_saved() {
    let item = |agent: Value, key: Value, reason: &str, calls: u64, cost: f64| json!({ "agent": agent, "api_key": key, "reason": reason, "calls": calls, "tokens": calls * 2_048, "cost_usd": cost });
    let misses = json!({
        "from": "2026-11-22T23:00:00Z", "to": "2026-11-23T23:00:00Z", "by": null, "upstream": "simulated", "saved_usd": 1.25,
        "items": [
            item(json!("code-generator"), Value::Null, "expired", 12, 0.058_982_4),
            item(json!("code-generator"), Value::Null, "prefix_changed", 3, 0.014_745_6),
            item(Value::Null, json!("ci"), "below_minimum", 1, 0.0),
        ],
        "total": { "calls": 16, "tokens": 32_768, "cost_usd": 0.073_728 },
    });
    let host = Host::start().on("GET /api/v1/spend/misses", &misses);
    insta::assert_snapshot!(host.anvil(&["spend", "--misses", "--from", "2026-11-23"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    AGENT           REASON                       CALLS  TOKENS   COST MORE
    code-generator  it had expired                  12   24576  $0.0589824
    code-generator  its beginning had changed        3    6144  $0.0147456
    key ci          it was too short to be kept      1    2048       $0.00
    together                                        16   32768   $0.073728

    the prompt cache saved $1.25
    "###);
    assert_eq!(host.asked()[0].target, "/api/v1/spend/misses?from=2026-11-23");
    let json = host.anvil(&["--json", "spend", "--misses"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).expect("JSON"), misses);
    assert_eq!(host.asked()[1].target, "/api/v1/spend/misses");
    assert_eq!(host.anvil(&["spend", "--misses", "--by", "agent"]).code, 2);
    let mut none = misses.clone();
    none["items"] = json!([]);
    none["saved_usd"] = json!(-0.002);
    let host = Host::start().on("GET /api/v1/spend/misses", &none);
    insta::assert_snapshot!(host.anvil(&["spend", "--misses"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    no prompt is known to have missed the cache; what was written to the prompt cache cost $0.002 more than was saved
    "###);
}

#[test]
fn outcomes_are_told_by_agent_action_and_tier() {
    let (from, to) = ("2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z");
    let item = |tier: &str, jobs: u64, succeeded: u64, success: Value| {
        json!({
            "agent": "code-generator", "action": "generate", "tier": tier, "jobs": jobs, "succeeded": succeeded,
            "retries": 2, "calls": 2 * jobs, "output_tokens": 700 * jobs, "cost_usd": 1.5, "success_usd": success,
        })
    };
    let items = [item("haiku", 31, 29, json!(0.051_724_137)), item("sonnet", 2, 0, Value::Null)];
    let outcomes = json!({ "from": from, "to": to, "upstream": "simulated", "items": items });
    let host = Host::start().on("GET /api/v1/spend/tiers", &outcomes);
    insta::assert_snapshot!(host.anvil(&["spend", "--tiers", "--from", "2026-11-23"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    AGENT           ACTION    TIER    JOBS  SUCCEEDED  RETRIES  CALLS  OUTPUT TOKENS   COST     A SUCCESS
    code-generator  generate  haiku     31  29 (93 %)        2     62          21700  $1.50  $0.051724137
    code-generator  generate  sonnet     2    0 (0 %)        2      4           1400  $1.50             -
    "###);
    assert_eq!(host.asked()[0].target, "/api/v1/spend/tiers?from=2026-11-23");
    let json = host.anvil(&["--json", "spend", "--tiers"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).expect("JSON"), outcomes);
    assert_eq!(host.anvil(&["spend", "--tiers", "--misses"]).code, 2);
    let mut none = outcomes.clone();
    none["items"] = json!([]);
    let host = Host::start().on("GET /api/v1/spend/tiers", &none);
    insta::assert_snapshot!(host.anvil(&["spend", "--tiers"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    no job that ended in this time was answered by a model
    "###);
}

#[test]
fn kept_replies_are_shown_and_purged() {
    let size = |entries: u64| json!({ "entries": entries, "bytes": entries * 7_412 });
    let cache = json!({
        "enabled": true, "upstream": "simulated", "ttl_s": 86_400, "kept": size(1_292),
        "most": { "entries": 10_000, "bytes": 268_435_456 }, "hits_today": 41, "saved_today_usd": 0.602_118_4,
        "agents": [
            { "agent": "code-generator", "entries": 1_204, "bytes": 8_924_048 },
            { "agent": "test-automator", "entries": 88, "bytes": 652_256 },
        ],
    });
    let host = Host::start().on("GET /api/v1/cache", &cache).on("DELETE /api/v1/cache", &size(1));
    insta::assert_snapshot!(host.anvil(&["cache"]).out, @r###"
    kept: 1292 replies, 9.1 MiB (SIMULATED); at most 10000 replies, 256.0 MiB
    a reply answers for 1d 00h
    today: 41 answered, $0.6021184 saved

    PAID FOR BY     REPLIES       SIZE
    code-generator     1204    8.5 MiB
    test-automator       88  636.9 KiB
    "###);
    let json = host.anvil(&["--json", "cache", "status"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).expect("JSON"), cache);
    assert_eq!(host.anvil(&["cache", "purge", "--agent", "a b"]).out, "purged 1 reply, 7.2 KiB\n");
    assert_eq!(host.anvil(&["cache", "purge"]).code, 0);
    let empty = host.anvil(&["cache", "purge", "--agent", ""]);
    assert_eq!(empty.code, 2, "a variable that is not set is not all agents: {}", empty.err);
    let targets: Vec<_> = host.asked().into_iter().skip(2).map(|asked| asked.target).collect();
    assert_eq!(targets, ["/api/v1/cache?agent=a+b", "/api/v1/cache"]);
    let mut off = cache.clone();
    (off["enabled"], off["agents"], off["kept"]) = (json!(false), json!([]), size(1));
    let host = Host::start().on("GET /api/v1/cache", &off);
    insta::assert_snapshot!(host.anvil(&["cache"]).out, @r###"
    kept: 1 reply, 7.2 KiB (SIMULATED); at most 10000 replies, 256.0 MiB
    switched off (saving.reply_cache): no new reply is kept, and none answers
    today: 41 answered, $0.6021184 saved
    "###);
}

#[test]
fn what_compression_saved_is_told_with_what_it_is_worth_to_each_agent() {
    let item = |agent: &str, calls: u64, tokens: u64, saved: f64| json!({ "agent": agent, "calls": calls, "tokens": tokens, "saved_usd": saved });
    let latest = |agent: &str, calls: u64, saved: f64, off: bool| json!({ "agent": agent, "calls": calls, "saved_usd": saved, "off": off });
    let report = json!({
        "from": "2026-11-22T23:00:00Z", "to": "2026-11-23T23:00:00Z", "upstream": "simulated",
        "items": [item("code-generator", 212, 188_412, 0.376_824), item("writer", 3, 412, 0.000_041_2)],
        "total": { "calls": 215, "tokens": 188_824, "saved_usd": 0.376_865_2 },
        "latest": [latest("code-generator", 200, 0.341_208, false), latest("translator", 200, -0.041_118, true)],
    });
    let host = Host::start().on("GET /api/v1/spend/compression", &report);
    insta::assert_snapshot!(host.anvil(&["spend", "--compression", "--from", "2026-11-23"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    AGENT           CALLS  TOKENS FEWER       SAVED
    code-generator    212        188412   $0.376824
    writer              3           412  $0.0000412
    together          215        188824  $0.3768652

    tokens are an estimate: no model counts what it was not sent

    AGENT           LATEST CALLS  WOULD HAVE COST MORE
    code-generator           200             $0.341208
    translator               200            -$0.041118  off by itself
    "###);
    assert_eq!(host.asked()[0].target, "/api/v1/spend/compression?from=2026-11-23");
    let json = host.anvil(&["--json", "spend", "--compression"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).expect("JSON"), report);
    assert_eq!(host.anvil(&["spend", "--compression", "--misses"]).code, 2);
    let mut none = report.clone();
    (none["items"], none["latest"]) = (json!([]), json!([]));
    let host = Host::start().on("GET /api/v1/spend/compression", &none);
    insta::assert_snapshot!(host.anvil(&["spend", "--compression"]).out, @r###"
    2026-11-22T23:00:00Z to 2026-11-23T23:00:00Z (SIMULATED)

    no prompt was sent shorter in this time
    "###);
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
