//! Figures in Prometheus' text format.

use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{PaceStatus, PluginsStatus, Status};
use anvil_budget::CircuitReport;
use anvil_types::{AgentUse, Bucket, BucketReport};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::fmt::{Display, Write as _};

pub(super) async fn show(State(state): State<WebState>) -> Result<Response, Problem> {
    let mut text = render(&state.control.status.get().await?);
    agents(&mut text, &state.control.agents.uses().await?);
    tasks(&mut text, tokio::runtime::Handle::current().metrics().num_alive_tasks());
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

/// Money by window.
fn windows(text: &mut String, status: &Status) {
    let (hour, day, month) = (&status.spend.hour, &status.spend.day, &status.spend.month);
    let windows = [("window=\"hour\"", hour), ("window=\"day\"", day), ("window=\"month\"", month)];
    let money = |pick: fn(&anvil_api::WindowStatus) -> anvil_types::Nanodollars| {
        windows.map(|(label, window)| (label, pick(window).usd()))
    };
    for (name, help, values) in [
        ("anvil_spent_usd", "Settled and unknown dollars by window.", money(|w| w.spent_usd)),
        ("anvil_held_usd", "Dollars held by calls under way.", money(|w| w.held_usd)),
        ("anvil_unknown_usd", "The part of spent whose outcome is unknown.", money(|w| w.unknown_usd)),
        ("anvil_limit_usd", "The limit of the window.", money(|w| w.limit_usd)),
    ] {
        let values = values.each_ref().map(|(label, value)| (*label, value as &dyn Display));
        family(text, name, help, &values);
    }
}

fn render(status: &Status) -> String {
    let mut text = String::new();
    let queue = &status.queue;
    family(
        &mut text,
        "anvil_jobs",
        "Jobs by state.",
        &[
            ("state=\"scheduled\"", &queue.scheduled as &dyn Display),
            ("state=\"queued\"", &queue.queued),
            ("state=\"running\"", &queue.running),
            ("state=\"parked\"", &queue.parked),
            ("state=\"succeeded\"", &queue.succeeded),
            ("state=\"failed\"", &queue.failed),
            ("state=\"cancelled\"", &queue.cancelled),
        ],
    );
    family(
        &mut text,
        "anvil_oldest_wait_seconds",
        "How long the oldest queued job has waited.",
        &[("", &queue.oldest_wait_s)],
    );
    let questions = status.questions.open;
    family(
        &mut text,
        "anvil_questions_open",
        "Questions to people that nobody has answered yet.",
        &[("", &questions)],
    );
    windows(&mut text, status);
    let week = &status.spend.week;
    family(&mut text, "anvil_week_hours", "Hours with a call in flight this week.", &[("", &week.hours)]);
    family(&mut text, "anvil_week_limit_hours", "Their limit.", &[("", &week.limit_hours)]);
    let total = status.spend.total.usd();
    family(
        &mut text,
        "anvil_spent_total_usd",
        "All that was ever spent under this upstream.",
        &[("", &total)],
    );
    let broken = status.spend.bounds_broken;
    family(
        &mut text,
        "anvil_bounds_broken_total",
        "Calls that cost more than their hold: a bug.",
        &[("", &broken)],
    );
    let pace = &status.pace;
    family(
        &mut text,
        "anvil_requests_last_minute",
        "Requests in the last 60 seconds.",
        &[("", &pace.requests_last_minute)],
    );
    family(
        &mut text,
        "anvil_calls",
        "Calls under way and waiting.",
        &[
            ("state=\"in_flight\"", &pace.calls_in_flight as &dyn Display),
            ("state=\"waiting\"", &pace.waiting_calls),
        ],
    );
    rates(&mut text, pace);
    family(
        &mut text,
        "anvil_slots",
        "Agent slots.",
        &[
            ("state=\"running\"", &status.agents.running as &dyn Display),
            ("state=\"all\"", &status.agents.slots),
        ],
    );
    if let Some(ceiling) = &status.agents.scaling.ceiling {
        family(
            &mut text,
            "anvil_slots_ceiling",
            "How many agents the pace can feed.",
            &[("", ceiling as &dyn Display)],
        );
    }
    plugins(&mut text, &status.plugins);
    family(
        &mut text,
        "anvil_pressure",
        "How full the fullest window is, from 0 to 1.",
        &[("", &status.pressure)],
    );
    family(
        &mut text,
        "anvil_brake_engaged",
        "Whether no new call goes out.",
        &[("", &u8::from(status.brake.engaged))],
    );
    text
}

/// What is set aside, and what compiled code takes.
fn plugins(text: &mut String, plugins: &PluginsStatus) {
    family(
        text,
        "anvil_quarantined_agents",
        "Agents whose file's version is in quarantine.",
        &[("", &plugins.quarantined)],
    );
    family(
        text,
        "anvil_compiled_code_bytes",
        "Compiled code that is kept.",
        &[("", &plugins.compiled_bytes)],
    );
    family(
        text,
        "anvil_compiled_code_limit_bytes",
        "The most of it beside what is needed.",
        &[("", &plugins.compiled_limit_bytes)],
    );
}

/// What the attempts of each agent have used: what it computed apart from what it waited.
fn agents(text: &mut String, uses: &[AgentUse]) {
    let label = |used: &AgentUse| format!("agent=\"{}\"", escaped(&used.agent));
    #[expect(clippy::cast_precision_loss, reason = "a microsecond more or less in centuries")]
    let seconds = |micros: u64| micros as f64 / 1e6;
    let told = |pick: fn(&AgentUse) -> u64| {
        uses.iter().map(|used| (label(used), seconds(pick(used)))).collect::<Vec<_>>()
    };
    let runs: Vec<_> = uses.iter().map(|used| (label(used), used.runs)).collect();
    let runs: Vec<_> = runs.iter().map(|(label, runs)| (label.as_str(), runs as &dyn Display)).collect();
    family(
        text,
        "anvil_agent_runs_total",
        "Runs of attempts; one that waited and went on is another.",
        &runs,
    );
    for (name, help, values) in [
        (
            "anvil_agent_processor_seconds_total",
            "Seconds on a processor, of agents and of the host's code that serves them.",
            told(|used| used.cpu_us),
        ),
        (
            "anvil_agent_wall_seconds_total",
            "Seconds by the wall that count against an attempt's limit.",
            told(|used| used.wall_us),
        ),
        (
            "anvil_agent_waited_seconds_total",
            "Seconds that agents waited for Claude, pace or money.",
            told(|used| used.waited_us),
        ),
    ] {
        let values: Vec<_> =
            values.iter().map(|(label, value)| (label.as_str(), value as &dyn Display)).collect();
        family(text, name, help, &values);
    }
}

/// What the host is at: a number that only grows is a leak.
fn tasks(text: &mut String, alive: usize) {
    let help = "Tasks of the host that have not ended; agents run on threads of their own.";
    family(text, "anvil_tasks", help, &[("", &alive)]);
}

/// Each rate's bucket, the circuit, and how far off the estimates are.
fn rates(text: &mut String, pace: &PaceStatus) {
    let label = |bucket: &BucketReport| {
        let name = match bucket.bucket {
            Bucket::Requests => "requests",
            Bucket::InputTokens => "input_tokens",
            Bucket::OutputTokens => "output_tokens",
        };
        format!("pool=\"{}\",bucket=\"{name}\"", escaped(bucket.pool.as_deref().unwrap_or_default()))
    };
    let told = |pick: fn(&BucketReport) -> Option<u64>| {
        let values = pace.buckets.iter().filter_map(|bucket| Some((label(bucket), pick(bucket)?)));
        values.collect::<Vec<_>>()
    };
    for (name, help, values) in [
        ("anvil_rate_taken", "Taken of each rate in the last 60 seconds.", told(|b| Some(b.taken))),
        ("anvil_rate_limit", "The rate's limit a minute.", told(|b| Some(b.limit))),
        ("anvil_rate_upstream_remaining", "What is left by Claude's latest word.", told(|b| b.remaining)),
        ("anvil_rate_shared", "Whether others take from it too.", told(|b| Some(b.shared.into()))),
    ] {
        let values: Vec<_> =
            values.iter().map(|(label, value)| (label.as_str(), value as &dyn Display)).collect();
        family(text, name, help, &values);
    }
    let open = u8::from(!matches!(pace.circuit, CircuitReport::Closed { .. }));
    family(text, "anvil_circuit_open", "Whether calls are held back since Claude fails.", &[("", &open)]);
    let errors = [("of=\"input\"", pace.input_error_percent), ("of=\"output\"", pace.output_error_percent)];
    let errors: Vec<_> =
        errors.iter().filter_map(|(label, error)| Some((*label, error.as_ref()? as &dyn Display))).collect();
    family(text, "anvil_estimate_error_percent", "How far off the estimates of tokens are.", &errors);
}

/// A label's value as the format has it: a line end in one would be the end of the whole scrape.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn family(text: &mut String, name: &str, help: &str, values: &[(&str, &dyn Display)]) {
    // By its name: what only grows, over restarts too, is called so, and nothing else is.
    let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in values {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_from_outside_stays_on_its_line() {
        assert_eq!(escaped("we\"ird\\id\nx"), "we\\\"ird\\\\id\\nx");
    }

    #[test]
    fn what_agents_compute_is_told_apart_from_what_they_wait() {
        let mut text = String::new();
        let used = AgentUse {
            agent: "writer".into(),
            runs: 2,
            cpu_us: 1_500_000,
            wall_us: 2_000_000,
            ..Default::default()
        };
        agents(&mut text, &[AgentUse { waited_us: 90_000_000, ..used }]);
        for line in [
            "anvil_agent_runs_total{agent=\"writer\"} 2",
            "anvil_agent_processor_seconds_total{agent=\"writer\"} 1.5",
            "anvil_agent_wall_seconds_total{agent=\"writer\"} 2",
            "anvil_agent_waited_seconds_total{agent=\"writer\"} 90",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
    }

    #[test]
    fn what_only_grows_is_a_counter() {
        let mut text = String::new();
        family(&mut text, "anvil_bounds_broken_total", "Help.", &[("", &5)]);
        family(&mut text, "anvil_jobs", "Help.", &[("state=\"queued\"", &1)]);
        assert!(
            text.contains("# TYPE anvil_bounds_broken_total counter\nanvil_bounds_broken_total 5\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE anvil_jobs gauge\nanvil_jobs{state=\"queued\"} 1\n"), "{text}");
    }
}
