//! `/_sim/…`: what the simulator adds to the API. Needs no key: it listens on loopback.

use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};
use std::time::Duration;

use crate::clock::{FASTEST, LATEST_MS};
use crate::error::SimError;
use crate::fault::FaultRule;
use crate::latency::Latency;
use crate::script::{Player, Script};
use crate::state::Shared;
use crate::wire::{Body, json_reply, query, read};

/// Entries of the log that one answer has, unless `limit` says otherwise.
const PAGE: usize = 1_000;

/// Answers a control request.
pub(crate) async fn control(
    shared: &Shared,
    method: &Method,
    what: &str,
    request: Request<Incoming>,
) -> Response<Body> {
    match (method, what) {
        (&Method::GET, "bill") => {
            let bill = shared.state().bill.clone();
            json_reply(200, &json!(bill))
        }
        (&Method::GET, "limits") => {
            let items = shared.state().limiter.usage();
            json_reply(200, &json!({"items": items}))
        }
        (&Method::GET, "log") => {
            let number = |name| query(request.uri().query(), name).and_then(|v| v.parse::<u64>().ok());
            let after = number("after").unwrap_or(0);
            let limit = number("limit").map_or(PAGE, |n| usize::try_from(n).unwrap_or(PAGE));
            let items = shared.state().log.after(after, limit);
            let next = items.last().map_or(after, |entry| entry.index);
            json_reply(200, &json!({"items": items, "next": next}))
        }
        (&Method::POST, "reset") => {
            shared.reset();
            json_reply(200, &json!({"ok": true}))
        }
        (&Method::GET, "clock") => json_reply(200, &json!({"now_ms": shared.clock.now_ms()})),
        (&Method::POST, "clock") => {
            let text = match read(request.into_body()).await {
                Ok(body) => String::from_utf8_lossy(&body).into_owned(),
                Err(refusal) => return json_reply(400, &json!({"error": refusal.message})),
            };
            match drive(shared, &text) {
                Ok(now_ms) => json_reply(200, &json!({"now_ms": now_ms})),
                Err(error) => json_reply(400, &json!({"error": error})),
            }
        }
        (&Method::GET, "batches") => {
            let shelf = shared.shelf();
            json_reply(200, &json!({"settings": shelf.settings(), "items": shelf.usage()}))
        }
        (&Method::POST, "script" | "faults" | "latency" | "batches") => {
            let toml = request.headers().get("content-type").is_some_and(|v| v.as_bytes().ends_with(b"toml"));
            let done = match read(request.into_body()).await {
                Ok(body) => set(shared, what, &String::from_utf8_lossy(&body), toml),
                Err(refusal) => Err(SimError::Config(refusal.message)),
            };
            match done {
                Ok(()) => json_reply(200, &json!({"ok": true})),
                Err(e) => json_reply(400, &json!({"error": e.to_string()})),
            }
        }
        _ => json_reply(
            404,
            &json!({"error": "there are GET /_sim/bill, /_sim/limits, /_sim/log and /_sim/batches, POST /_sim/script, \
                              /_sim/faults, /_sim/latency, /_sim/batches, /_sim/reset and /_sim/clock"}),
        ),
    }
}

fn set(shared: &Shared, what: &str, text: &str, toml: bool) -> Result<(), SimError> {
    match what {
        "script" => {
            let script = if toml { Script::from_toml(text)? } else { Script::from_json(text)? };
            shared.state().set_player(Player::new(script));
        }
        "faults" => shared.state().set_faults(rules(text)?),
        "batches" => {
            shared.set_batches(serde_json::from_str(text).map_err(|e| SimError::Config(e.to_string()))?);
        }
        _ => {
            let latency: Latency = serde_json::from_str(text).map_err(|e| SimError::Config(e.to_string()))?;
            shared.state().latency = latency;
        }
    }
    Ok(())
}

/// How the clock is to be driven.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Drive {
    #[serde(default)]
    advance_s: f64,
    rate: Option<f64>,
}

fn drive(shared: &Shared, text: &str) -> Result<i64, String> {
    let drive: Drive = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let by = Duration::try_from_secs_f64(drive.advance_s).map_err(|error| format!("advance_s: {error}"))?;
    let most = (LATEST_MS.saturating_sub(shared.clock.now_ms()) / 1_000).max(0).cast_unsigned();
    if by.as_secs() > most {
        return Err(format!("advance_s: at most {most}, to the year 8970"));
    }
    if drive.rate.is_some_and(|rate| !(1.0..=FASTEST).contains(&rate)) {
        return Err(format!("rate: from 1 to {FASTEST}"));
    }
    if !shared.clock.drive(by, drive.rate) {
        return Err("this simulator runs on its host's clock; drive that one: POST /api/v1/clock".to_owned());
    }
    Ok(shared.clock.now_ms())
}

/// A list of rules; a bare text is a fault that always happens.
fn rules(text: &str) -> Result<Vec<FaultRule>, SimError> {
    let bad = |e: serde_json::Error| SimError::Config(e.to_string());
    let list: Vec<Value> = serde_json::from_str(text).map_err(bad)?;
    list.into_iter()
        .map(|rule| match rule {
            Value::String(fault) => serde_json::from_value(json!({"fault": fault})).map_err(bad),
            rule => serde_json::from_value(rule).map_err(bad),
        })
        .collect()
}
