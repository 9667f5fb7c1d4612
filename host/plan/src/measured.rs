//! Kinds of jobs as a host's own ledger has them.

use anvil_api::PlannedJobs;
use anvil_budget::Windows;
use anvil_types::{CallRecord, CallState, JobId, Tier, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The most calls that are looked at, the newest.
pub const MOST_MEASURED: usize = 20_000;
/// What of an agent's name is its kind's, in characters.
pub(crate) const LONGEST_NAME: usize = 60;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Fewer days than this say nothing of the others of a week.
const WEEK: usize = 7;

/// What jobs of one agent took.
#[derive(Default)]
struct Seen<'c> {
    calls: Vec<&'c CallRecord>,
    jobs: BTreeSet<JobId>,
    hours: [bool; 24],
    weekdays: [bool; 7],
    dates: BTreeSet<String>,
}

/// The kinds of jobs that these settled calls were of: a kind for each agent, by what it took on average.
pub fn measured(calls: &[CallRecord], windows: &Windows) -> Vec<PlannedJobs> {
    let mut agents: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for call in calls.iter().take(MOST_MEASURED) {
        // What a kept reply answered took nothing, and the cache of replies is not planned.
        let (Some(agent), Some(job), CallState::Settled, None) =
            (call.agent.as_deref(), call.job, call.state, call.reply_of)
        else {
            continue;
        };
        let seen = agents.entry(agent).or_default();
        seen.calls.push(call);
        seen.jobs.insert(job);
        let local = windows.local(call.held_at);
        if let Some(hour) = local.get(11..13).and_then(|hour| hour.parse::<usize>().ok()) {
            seen.hours[hour.min(23)] = true;
        }
        seen.weekdays[weekday(windows, call.held_at)] = true;
        seen.dates.insert(local.chars().take(10).collect());
    }
    agents.into_iter().map(|(agent, seen)| seen.kind(agent)).collect()
}

impl Seen<'_> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "means of what calls took, clamped to what is planned"
    )]
    fn kind(&self, agent: &str) -> PlannedJobs {
        let count = self.calls.len().max(1) as f64;
        let mean = |of: fn(&CallRecord) -> f64| self.calls.iter().map(|call| of(call)).sum::<f64>() / count;
        let input = mean(|call| call.usage.prompt_tokens() as f64);
        let output = mean(|call| call.usage.output_tokens as f64);
        let cached = mean(|call| call.usage.cached_tokens() as f64);
        let squares = self.calls.iter().map(|call| (call.usage.output_tokens as f64 - output).powi(2));
        let spread = (squares.sum::<f64>() / count).sqrt() / output.max(1.0);
        let tier = Tier::ALL
            .into_iter()
            .max_by_key(|tier| self.calls.iter().filter(|call| call.tier_asked == *tier).count());
        let whole = |value: f64, most: u32| (value.round().max(1.0) as u32).min(most);
        let input_tokens = whole(input, 1_000_000);
        PlannedJobs {
            name: agent.chars().take(LONGEST_NAME).collect(),
            per_day: (self.jobs.len() as f64 / self.dates.len().max(1) as f64).min(100_000.0),
            hours: ranges(&self.hours, |hour| hour.to_string(), 1),
            weekdays: if self.dates.len() < WEEK {
                "mon-sun".to_owned()
            } else {
                ranges(&self.weekdays, |day| DAYS[day].to_owned(), 0)
            },
            calls: whole(count / self.jobs.len().max(1) as f64, 200),
            tier: tier.unwrap_or(Tier::Sonnet),
            input_tokens,
            shared_tokens: (cached.round() as u32).min(input_tokens),
            output_tokens: whole(output, 128_000),
            call_s: mean(|call| call.duration_ms.unwrap_or(0) as f64 / 1_000.0).clamp(0.05, 3_600.0),
            // Evenly spread, by as much as what was seen deviates.
            varies: ((spread * 3_f64.sqrt() * 100.0).round() as u32).min(90),
            ..PlannedJobs::default()
        }
    }
}

fn weekday(windows: &Windows, at: Timestamp) -> usize {
    // Two hours more, for the day on which clocks go back.
    let days = (at.since(windows.week(at).start).as_secs() + 7_200) / 86_400;
    usize::try_from(days).unwrap_or(0).min(6)
}

// Runs of what is so as `from-to`, the end `more` behind the last.
fn ranges(all: &[bool], name: impl Fn(usize) -> String, more: usize) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let length = all[at..].iter().take_while(|is_so| **is_so).count();
        if length > 0 {
            parts.push(format!("{}-{}", name(at), name(at + length - 1 + more)));
        }
        at += length.max(1);
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_hours_and_days_are_told_as_they_are_read() {
        let mut hours = [false; 24];
        hours[8..12].fill(true);
        hours[23] = true;
        assert_eq!(ranges(&hours, |hour| hour.to_string(), 1), "8-12,23-24");
        let days = [true, true, true, true, true, false, true];
        assert_eq!(ranges(&days, |day| DAYS[day].to_owned(), 0), "mon-fri,sun-sun");
    }
}
