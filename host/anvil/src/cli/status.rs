//! `anvil status`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, clean, elapsed, some, word};
use anvil_api::{AgentsStatus, PaceStatus, PluginsStatus, QueueStatus, Status};
use anvil_budget::CircuitReport;
use anvil_types::{Bucket, UpstreamKind};
use std::fmt::Write as _;
use std::time::Duration;

pub(crate) async fn run(client: &Client, globals: &Globals) -> Result<Exit, Failure> {
    client
        .get::<Status>(&["status"], &[])
        .await?
        .show(globals.json, |status| show(status, &client.base()))?;
    Ok(Exit::Done)
}

/// ` (SIMULATED)` where the money is not real.
pub(super) fn mark(upstream: UpstreamKind) -> &'static str {
    if upstream == UpstreamKind::Simulated { " (SIMULATED)" } else { "" }
}

fn show(status: &Status, base: &str) -> String {
    let moment = Moment::at(status.now);
    let mut out = format!("Anvil {} at {base}\n\n", clean(&status.version));
    let kind = match status.upstream.kind {
        UpstreamKind::Simulated => "SIMULATED: nothing costs money".to_owned(),
        kind @ UpstreamKind::Live => kind.to_string(),
    };
    line(&mut out, "Claude", &[kind, clean(&status.upstream.base_url)]);
    slots(&mut out, &status.agents, &status.plugins);
    jobs(&mut out, &status.queue, &moment);
    pace(&mut out, &status.pace, &moment);
    let pressure = format!("{:.0} %", status.pressure * 100.0);
    line(&mut out, "Pressure", &[pressure, word(status.effect).replace('_', " ")]);
    line(&mut out, "Brake", &[super::brake::show(&status.brake, &moment)]);
    if let Some(why) = &status.why_idle {
        line(&mut out, "Waits", &[clean(why)]);
    }
    let _ = write!(out, "\n{}", super::spend::gauges(&status.spend, &moment));
    out
}

fn slots(out: &mut String, agents: &AgentsStatus, plugins: &PluginsStatus) {
    let busy = format!("{} of {} slots busy", agents.running, agents.slots);
    line(out, "Agents", &[busy, format!("{} to {}", agents.min, agents.max)]);
    about_plugins(out, plugins);
    let fed = agents.scaling.ceiling.map_or_else(
        || "what the pace can feed is not measured yet".to_owned(),
        |ceiling| format!("{} feed up to {ceiling}", some(agents.scaling.ceiling_limit.as_deref())),
    );
    line(out, "Slots", &[clean(&agents.scaling.reason), fed]);
}

/// A line where something is to be known of the plugins themselves.
fn about_plugins(out: &mut String, plugins: &PluginsStatus) {
    let count = |count: u32, what: &str| if count == 0 { String::new() } else { format!("{count} {what}") };
    let facts = [
        some(plugins.trouble.as_deref()),
        count(plugins.compiling, "being compiled"),
        count(plugins.waiting, "still to be looked at"),
        count(plugins.delayed, "could not be loaded and are tried again"),
    ];
    if facts.iter().any(|fact| !fact.is_empty()) {
        line(out, "Plugins", &facts);
    }
}

fn jobs(out: &mut String, queue: &QueueStatus, moment: &Moment) {
    let waited = if queue.oldest_wait_s > 0 {
        format!("the oldest waits for {}", elapsed(Duration::from_secs(queue.oldest_wait_s)))
    } else {
        String::new()
    };
    let unfinished = [
        format!("{} running", queue.running),
        format!("{} queued", queue.queued),
        format!("{} parked", queue.parked),
        format!("{} scheduled", queue.scheduled),
        waited,
        format!("at most {}", queue.limit),
    ];
    line(out, "Jobs", &unfinished);
    if queue.paused.is_some() {
        line(out, "Queue", &[super::queue::show(queue.paused.as_ref(), moment)]);
    }
    let done = [
        format!("{} succeeded", queue.succeeded),
        format!("{} failed", queue.failed),
        format!("{} cancelled", queue.cancelled),
    ];
    line(out, "Done", &done);
}

fn pace(out: &mut String, pace: &PaceStatus, moment: &Moment) {
    let requests =
        format!("{} of {} requests in the last minute", pace.requests_last_minute, pace.requests_per_minute);
    let in_flight = format!("{} calls under way", pace.calls_in_flight);
    line(out, "Pace", &[requests, in_flight, format!("{} waiting", pace.waiting_calls)]);
    tokens(out, pace);
    let circuit = match pace.circuit {
        CircuitReport::Closed { .. } => return,
        CircuitReport::Open { until } => {
            ("open: Claude failed again and again, no call goes out; one tries again", until)
        }
        CircuitReport::HalfOpen { until } => {
            ("half open: one call tries whether Claude is back; should it stay silent, another", until)
        }
    };
    line(out, "Circuit", &[format!("{} {}", circuit.0, moment.relative(circuit.1))]);
}

/// A line for each pool of models in use: what was taken of its tokens.
fn tokens(out: &mut String, pace: &PaceStatus) {
    let mut pools: Vec<&str> = pace.buckets.iter().filter_map(|bucket| bucket.pool.as_deref()).collect();
    pools.dedup();
    for pool in pools {
        let of_pool = || pace.buckets.iter().filter(|bucket| bucket.pool.as_deref() == Some(pool));
        let mut facts = vec![format!("{} in the last minute", clean(pool))];
        for (kind, word) in [(Bucket::InputTokens, "input"), (Bucket::OutputTokens, "output")] {
            for bucket in of_pool().filter(|bucket| bucket.bucket == kind) {
                facts.push(format!("{} of {} {word}", bucket.taken, bucket.limit));
            }
        }
        if of_pool().any(|bucket| bucket.shared) {
            facts.push("others share these limits".to_owned());
        }
        line(out, "Tokens", &facts);
    }
}

fn line(out: &mut String, name: &str, facts: &[String]) {
    let facts: Vec<_> = facts.iter().filter(|fact| !fact.is_empty()).map(String::as_str).collect();
    let _ = writeln!(out, "{name:<8} {}", facts.join(" · "));
}
