//! A plan on a terminal.

use crate::show::Table;
use anvil_api::{PlanAnswer, PlanFull, PlanRun, PlanTimes};
use anvil_types::Timestamp;
use std::fmt::Write as _;

pub(super) fn plan(answer: &PlanAnswer) -> String {
    let PlanAnswer { basis, from, days, run, full, .. } = answer;
    let mut out = format!("{days} days from {}, limits of {basis}\n\n", minute(*from));
    out += &work(run);
    let _ = write!(out, "\nAT FULL DEMAND\n{}", at_full_demand(full));
    let mut tiers = Table::new(&["TIER", "CALLS", "LOWERED TO IT", "COST"]).right(&[1, 2, 3]);
    for tier in &run.tiers {
        let (calls, lowered) = (tier.calls.to_string(), tier.lowered.to_string());
        tiers.row([tier.tier.name(), &calls, &lowered, &tier.cost.rounded()]);
    }
    let _ = write!(out, "\n{tiers}");
    if !run.waits.is_empty() {
        let mut waits = Table::new(&["JOBS WAIT FOR", "HOURS TOGETHER"]).right(&[1]);
        for wait in &run.waits {
            waits.row([wait.limit.as_str(), &format!("{:.1}", wait.hours)]);
        }
        let _ = write!(out, "\n{waits}");
    }
    if !run.alerts.is_empty() {
        let mut alerts = Table::new(&["ALERT", "TIMES", "FIRST"]).right(&[1]);
        for alert in &run.alerts {
            let name = format!("{} at {} %", alert.window, alert.percent);
            alerts.row([name, alert.times.to_string(), minute(alert.first_at)]);
        }
        let _ = write!(out, "\n{alerts}");
    }
    out += &changes(answer);
    let _ = write!(out, "\nLeft out: {}.\n", answer.leaves_out.join("; "));
    out
}

fn work(run: &PlanRun) -> String {
    let mut table = Table::new(&[]);
    let mut row = |name: &str, text: String| table.row([name.to_owned(), text]);
    let mut jobs = format!("{} of {} done", run.finished, run.submitted);
    for (count, word) in [(run.refused, "refused"), (run.failed, "failed"), (run.left, "left at the end")] {
        if count > 0 {
            let _ = write!(jobs, ", {count} {word}");
        }
    }
    if let Some(limit) = &run.failed_by {
        let _ = write!(jobs, "; most that failed fail by {limit}");
    }
    row("jobs", jobs);
    row(
        "a minute",
        format!("{:.2} while any work is done; {:.0} an hour", run.jobs_per_minute, run.jobs_per_hour),
    );
    row(
        "response",
        format!("p50 {}, p95 {}", PlanTimes::shown(run.response.p50_s), PlanTimes::shown(run.response.p95_s)),
    );
    let call = &run.call_response;
    row("a call", format!("p50 {}, p95 {}", PlanTimes::shown(call.p50_s), PlanTimes::shown(call.p95_s)));
    row("agents", format!("{:.1} busy on average, {} slots at most", run.agents_busy, run.most_slots));
    row(
        "cost",
        format!(
            "{}; {} a day, {} an hour with any spend",
            run.total.rounded(),
            run.day.rounded(),
            run.hour.rounded()
        ),
    );
    row(
        "at most",
        format!(
            "{} in a day, {} in an hour of the clock",
            run.dearest_day.rounded(),
            run.dearest_hour.rounded()
        ),
    );
    row("week", format!("{:.1} hours of use in the fullest", run.week_hours));
    row("binds", run.binds.clone().unwrap_or_else(|| "nothing: jobs hardly wait".to_owned()));
    row(
        "brake",
        match run.brake_at {
            Some(at) => format!("on {} days, first at {}", run.brakes, minute(at)),
            None => "never".to_owned(),
        },
    );
    table.to_string().trim_start_matches('\n').to_owned()
}

fn at_full_demand(full: &PlanFull) -> String {
    let mut table = Table::new(&[]);
    let mut row = |name: &str, text: String| table.row([name.to_owned(), text]);
    let limit = full.fed_limit.as_deref().unwrap_or("nothing");
    row(
        "agents fed",
        match full.agents_fed {
            Some(agents) => format!("{agents}, by {limit}"),
            None => "too little work was done to tell".to_owned(),
        },
    );
    row("agents working", format!("{:.1}", full.agents_working));
    row(
        "first hour",
        format!(
            "{:.0} jobs ({:.2} a minute), {}; binds: {}",
            full.jobs_per_hour,
            full.jobs_per_minute,
            full.hour.rounded(),
            full.binds_hour.as_deref().unwrap_or("nothing")
        ),
    );
    row(
        "24 hours",
        format!(
            "{:.0} jobs, {}; binds: {}",
            full.jobs_per_day,
            full.day.rounded(),
            full.binds_day.as_deref().unwrap_or("nothing")
        ),
    );
    if let Some(days) = full.month_lasts_days {
        row("the month's limit", format!("lasts {days:.1} such days"));
    }
    row(
        "brake",
        full.brake_at.map_or_else(|| "not in 24 hours".to_owned(), |at| format!("at {}", minute(at))),
    );
    table.to_string().trim_start_matches('\n').to_owned()
}

fn changes(answer: &PlanAnswer) -> String {
    let mut out = String::new();
    if !answer.savings.is_empty() {
        let mut table = Table::new(&["SAVING", "SAVES", "JOBS MORE"]).right(&[1, 2]);
        for saving in &answer.savings {
            table.row([saving.name.clone(), saving.saved.rounded(), saving.jobs.to_string()]);
        }
        let _ = write!(out, "\n{table}");
    }
    if !answer.others.is_empty() {
        let mut table = Table::new(&["WITH", "JOBS", "P95", "COST", "BINDS"]).right(&[1, 2, 3]);
        for other in &answer.others {
            table.row([
                other.change.clone(),
                other.finished.to_string(),
                PlanTimes::shown(other.p95_s),
                other.cost.rounded(),
                other.binds.clone().unwrap_or_else(|| "nothing".to_owned()),
            ]);
        }
        let _ = write!(out, "\n{table}");
    }
    out
}

/// A time to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..16).unwrap_or(&text))
}
