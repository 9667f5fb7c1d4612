//! What the played host answers, and output without what depends on the present.

use serde_json::{Value, json};

pub(crate) const ID: &str = "01JD9Z6W3NQ8Y5R2K7M4T1X0VB";

pub(crate) fn status() -> Value {
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

pub(crate) fn job(state: &str) -> Value {
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
pub(crate) fn settled(text: &str) -> String {
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
pub(crate) fn timeless(text: &str) -> String {
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
