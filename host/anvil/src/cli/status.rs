//! `anvil status`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, elapsed, print, print_json, text};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

pub(crate) async fn run(client: &Client, globals: &Globals) -> Result<Exit, Failure> {
    let status = client.get(&["status"], &[]).await?;
    if globals.json {
        print_json(&status)?;
    } else {
        print(&show(&status, client.base()))?;
    }
    Ok(Exit::Done)
}

/// ` (SIMULATED)` where the money is not real.
pub(super) fn mark(status: &Value) -> &'static str {
    if text(status, "/upstream/kind") == "simulated" { " (SIMULATED)" } else { "" }
}

fn show(status: &Value, base: &str) -> String {
    let moment = Moment::of(status);
    let at = |pointer: &str| text(status, pointer);
    let mut out = format!("Anvil {} at {base}\n\n", at("/version"));
    let kind = match at("/upstream/kind").as_str() {
        "simulated" => "SIMULATED: nothing costs money".to_owned(),
        kind => kind.to_owned(),
    };
    line(&mut out, "Claude", &[kind, at("/upstream/base_url")]);
    let busy = format!("{} of {} slots busy", at("/agents/running"), at("/agents/slots"));
    line(&mut out, "Agents", &[busy, format!("{} to {}", at("/agents/min"), at("/agents/max"))]);
    plugins(&mut out, status);
    let fed = status.pointer("/agents/scaling/ceiling").filter(|ceiling| !ceiling.is_null()).map_or_else(
        || "what the pace can feed is not measured yet".to_owned(),
        |ceiling| format!("{} feed up to {ceiling}", at("/agents/scaling/ceiling_limit")),
    );
    line(&mut out, "Slots", &[at("/agents/scaling/reason"), fed]);
    let waited = status.pointer("/queue/oldest_wait_s").and_then(Value::as_u64).unwrap_or(0);
    let waited = if waited > 0 {
        format!("the oldest waits for {}", elapsed(Duration::from_secs(waited)))
    } else {
        String::new()
    };
    let count = |name: &str| format!("{} {name}", at(&format!("/queue/{name}")));
    let unfinished = ["running", "queued", "parked", "scheduled"].map(count);
    line(&mut out, "Jobs", &[&unfinished[..], &[waited, format!("at most {}", at("/queue/limit"))]].concat());
    let pause = status.pointer("/queue/paused").cloned().unwrap_or_default();
    if !pause.is_null() {
        line(&mut out, "Queue", &[super::queue::show(&pause, &moment)]);
    }
    line(&mut out, "Done", &["succeeded", "failed", "cancelled"].map(count));
    let pace = format!(
        "{} of {} requests in the last minute",
        at("/pace/requests_last_minute"),
        at("/pace/requests_per_minute")
    );
    let in_flight = format!("{} calls under way", at("/pace/calls_in_flight"));
    line(&mut out, "Pace", &[pace, in_flight, format!("{} waiting", at("/pace/waiting_calls"))]);
    tokens(&mut out, status);
    let circuit = match at("/pace/circuit/state").as_str() {
        "open" => "open: Claude failed again and again, no call goes out; one tries again",
        "half_open" => "half open: one call tries whether Claude is back; should it stay silent, another",
        _ => "",
    };
    if !circuit.is_empty() {
        line(&mut out, "Circuit", &[format!("{circuit} {}", moment.relative(status, "/pace/circuit/until"))]);
    }
    if let Some(pressure) = status.get("pressure").and_then(Value::as_f64) {
        line(&mut out, "Pressure", &[format!("{:.0} %", pressure * 100.0), at("/effect").replace('_', " ")]);
    }
    let brake = status.get("brake").cloned().unwrap_or_default();
    line(&mut out, "Brake", &[super::brake::show(&brake, &moment)]);
    let why = at("/why_idle");
    if !why.is_empty() {
        line(&mut out, "Waits", &[why]);
    }
    let spend = status.get("spend").cloned().unwrap_or_default();
    let _ = write!(out, "\n{}", super::spend::gauges(&spend, &moment));
    out
}

/// A line where something is to be known of the plugins themselves.
fn plugins(out: &mut String, status: &Value) {
    let count = |pointer: &str, what: &str| {
        let number = status.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        if number == 0 { String::new() } else { format!("{number} {what}") }
    };
    let facts = [
        text(status, "/plugins/trouble"),
        count("/plugins/compiling", "being compiled"),
        count("/plugins/delayed", "could not be loaded and are tried again"),
    ];
    if facts.iter().any(|fact| !fact.is_empty()) {
        line(out, "Plugins", &facts);
    }
}

/// A line for each pool of models in use: what was taken of its tokens.
fn tokens(out: &mut String, status: &Value) {
    let buckets = status.pointer("/pace/buckets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut pools: Vec<String> = buckets.iter().map(|bucket| text(bucket, "/pool")).collect();
    pools.dedup();
    for pool in pools.iter().filter(|pool| !pool.is_empty()) {
        let of_pool = || buckets.iter().filter(|bucket| text(bucket, "/pool") == *pool);
        let mut facts = vec![format!("{pool} in the last minute")];
        for (name, word) in [("input_tokens", "input"), ("output_tokens", "output")] {
            for bucket in of_pool().filter(|bucket| text(bucket, "/bucket") == name) {
                facts.push(format!("{} of {} {word}", text(bucket, "/taken"), text(bucket, "/limit")));
            }
        }
        if of_pool().any(|bucket| bucket.get("shared").and_then(Value::as_bool) == Some(true)) {
            facts.push("others share these limits".to_owned());
        }
        line(out, "Tokens", &facts);
    }
}

fn line(out: &mut String, name: &str, facts: &[String]) {
    let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(String::as_str).collect();
    let _ = writeln!(out, "{name:<8} {}", facts.join(" · "));
}
