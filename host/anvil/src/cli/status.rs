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
    let waited = status.pointer("/queue/oldest_wait_s").and_then(Value::as_u64).unwrap_or(0);
    let waited = if waited > 0 {
        format!("the oldest waits for {}", elapsed(Duration::from_secs(waited)))
    } else {
        String::new()
    };
    let count = |name: &str| format!("{} {name}", at(&format!("/queue/{name}")));
    let unfinished = ["running", "queued", "parked", "scheduled"].map(count);
    line(&mut out, "Jobs", &[&unfinished[..], &[waited, format!("at most {}", at("/queue/limit"))]].concat());
    line(&mut out, "Done", &["succeeded", "failed", "cancelled"].map(count));
    let pace = format!(
        "{} of {} requests in the last minute",
        at("/pace/requests_last_minute"),
        at("/pace/requests_per_minute")
    );
    let in_flight = format!("{} calls under way", at("/pace/calls_in_flight"));
    line(&mut out, "Pace", &[pace, in_flight, format!("{} waiting", at("/pace/waiting_calls"))]);
    if let Some(pressure) = status.get("pressure").and_then(Value::as_f64) {
        line(&mut out, "Pressure", &[format!("{:.0} %", pressure * 100.0), at("/effect")]);
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

fn line(out: &mut String, name: &str, facts: &[String]) {
    let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(String::as_str).collect();
    let _ = writeln!(out, "{name:<8} {}", facts.join(" · "));
}
