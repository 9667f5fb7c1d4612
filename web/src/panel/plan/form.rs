//! The planner's form: what its address says, as a question.

use crate::ask::Query;
use crate::panel::kit::address::encode;
use anvil_api::{PlanQuestion, PlannedJobs};
use anvil_types::{Limits, Tier};
use serde_json::{Map, Number, Value};

/// What the page is asked by.
pub(super) const QUERY: [&str; 24] = [
    "preset",
    "measured",
    "days",
    "what_if",
    "format",
    "per_day",
    "hours",
    "weekdays",
    "calls",
    "tier",
    "input_tokens",
    "shared_tokens",
    "output_tokens",
    "call_s",
    "varies",
    "hour_usd",
    "day_usd",
    "month_usd",
    "week_hours",
    "requests_per_minute",
    "input_tokens_per_minute",
    "output_tokens_per_minute",
    "agents_max",
    "seed",
];
const LIMITS: std::ops::Range<usize> = 15..23;
const WORK: std::ops::Range<usize> = 5..15;

/// A field of the form.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
    /// What counts where it is empty.
    pub(crate) usual: String,
}

/// What was asked, as the form shows it again.
pub(crate) struct Form {
    pub(crate) preset: String,
    pub(crate) presets: Vec<String>,
    pub(crate) measured: bool,
    pub(crate) what_if: bool,
    pub(crate) days: Field,
    pub(crate) tier: Tier,
    pub(crate) work: Vec<Field>,
    pub(crate) limits: Vec<Field>,
    /// Where the same is as CSV.
    pub(crate) csv: String,
}

/// What an address asks, or what of it makes no sense.
pub(super) fn question(query: &Query) -> Result<PlanQuestion, String> {
    let number = |name: &str, text: &str| {
        text.parse::<Number>().map(Value::Number).map_err(|_| format!("`{name}={text}` is no number"))
    };
    let mut jobs = Map::new();
    for name in &QUERY[WORK] {
        let Some(text) = query.text(name) else { continue };
        let is_text = ["hours", "weekdays", "tier"].contains(name);
        let value = if is_text { Value::String(text.to_owned()) } else { number(name, text)? };
        jobs.insert((*name).to_owned(), value);
    }
    let mut limits = Map::new();
    for name in &QUERY[LIMITS] {
        if let Some(text) = query.text(name) {
            limits.insert((*name).to_owned(), number(name, text)?);
        }
    }
    let whole = |name: &str| {
        let text = query.text(name);
        text.map(|text| text.parse::<u32>().map_err(|_| format!("`{name}={text}` is no whole number")))
            .transpose()
    };
    let measured = query.text("measured").is_some();
    let jobs =
        serde_json::from_value::<PlannedJobs>(Value::Object(jobs)).map_err(|error| error.to_string())?;
    Ok(PlanQuestion {
        preset: query.text("preset").map(str::to_owned),
        limits: serde_json::from_value(Value::Object(limits)).map_err(|error| error.to_string())?,
        jobs: if measured { Vec::new() } else { vec![jobs] },
        measured,
        days: Some(whole("days")?.unwrap_or(30)),
        from: None,
        seed: whole("seed")?.map(u64::from),
        what_if: query.text("what_if").is_some(),
    })
}

impl Form {
    /// From an address; `limits` are those that were planned with, where anything was.
    pub(super) fn new(query: &Query, presets: Vec<String>, limits: Option<&Limits>) -> Self {
        let text = |name: &str| query.text(name).unwrap_or_default().to_owned();
        let field = |name, label, usual: String| Field { name, label, value: text(name), usual };
        let usual = PlannedJobs::default();
        let limit = |name: &'static str, label| {
            let usual = limits.and_then(|limits| serde_json::to_value(limits).ok());
            let usual = usual.map(|limits| limits[name].to_string()).unwrap_or_default();
            field(name, label, usual)
        };
        let pairs = query.pairs(&QUERY);
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={}&", encode(value)));
        Self {
            preset: text("preset"),
            presets,
            measured: query.text("measured").is_some(),
            what_if: query.text("what_if").is_some(),
            days: field("days", "Days", "30".to_owned()),
            tier: query.text("tier").and_then(|tier| tier.parse().ok()).unwrap_or(usual.tier),
            work: vec![
                field("per_day", "Jobs a day", usual.per_day.to_string()),
                field("hours", "In the hours", usual.hours),
                field("weekdays", "On the days", usual.weekdays),
                field("calls", "Calls of a job", usual.calls.to_string()),
                field("input_tokens", "Input tokens of a call", usual.input_tokens.to_string()),
                field("shared_tokens", "The same in every call", usual.shared_tokens.to_string()),
                field("output_tokens", "Output tokens of a call", usual.output_tokens.to_string()),
                field("call_s", "Seconds of a call", usual.call_s.to_string()),
                field("varies", "More or less, %", usual.varies.to_string()),
            ],
            limits: vec![
                limit("hour_usd", "Dollars an hour"),
                limit("day_usd", "Dollars a day"),
                limit("month_usd", "Dollars a month"),
                limit("week_hours", "Hours of use a week"),
                limit("requests_per_minute", "Requests a minute"),
                limit("input_tokens_per_minute", "Input tokens a minute"),
                limit("output_tokens_per_minute", "Output tokens a minute"),
                limit("agents_max", "Agent slots"),
            ],
            csv: format!(
                "/plan?{}format=csv",
                pairs.filter(|pair| !pair.starts_with("format=")).collect::<String>()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::kit::samples::query;
    use anvil_types::Nanodollars;

    #[test]
    fn an_address_is_a_question_and_what_makes_no_sense_is_named() {
        let asked = question(&query("per_day=300&tier=opus&hour_usd=20&days=7&what_if=on")).expect("sense");
        assert_eq!((asked.jobs[0].per_day, asked.jobs[0].tier), (300.0, Tier::Opus));
        assert_eq!((asked.limits.hour_usd, asked.days), (Some(Nanodollars::from_dollars(20)), Some(7)));
        assert!(asked.what_if && !asked.measured);
        assert!(question(&query("measured=on&per_day=3")).expect("sense").jobs.is_empty());
        for (bad, named) in
            [("per_day=many", "per_day"), ("days=1.5", "days"), ("tier=gpt", "gpt"), ("calls=1.5", "1.5")]
        {
            assert!(question(&query(bad)).expect_err(bad).contains(named), "{bad}");
        }
    }
}
