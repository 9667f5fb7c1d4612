//! What the page of limits says of each limit.

use anvil_api::{LimitsView, Status, WindowStatus};
use anvil_store::LimitSource;
use anvil_types::{Limits, Nanodollars, Timestamp};
use serde_json::{Map, Value};

use crate::panel::kit::when::When;

/// Name, label and meaning of each limit, in the order in which they are shown.
const WORDS: [(&str, &str, &str); 13] = [
    ("hour_usd", "Dollars in 60 minutes", "Settled, unknown and held money in any 60 minutes."),
    ("day_usd", "Dollars a day", "At 95 % of it the brake engages."),
    ("month_usd", "Dollars a month", "A calendar month."),
    ("week_hours", "Hours of use a week", "Hours with any call in flight, Monday to Monday."),
    ("job_usd", "Dollars a job", "What a job may spend that does not say."),
    ("requests_per_minute", "Requests a minute", "No 60 seconds ever see more."),
    ("input_tokens_per_minute", "Input tokens a minute", "Reads from the prompt cache do not count."),
    ("output_tokens_per_minute", "Output tokens a minute", ""),
    ("max_input_tokens", "Input tokens a call", "Judged by the estimate."),
    ("max_output_tokens", "Output tokens a call", ""),
    ("agents_min", "Slots always on", "Agents that can run at once, at the least."),
    ("agents_max", "Slots at most", ""),
    ("queue_max", "Unfinished jobs", "One more is refused at submission."),
];

/// One limit on the page.
#[derive(Clone)]
pub(crate) struct LimitRow {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) money: bool,
    /// As it stands in its field.
    pub(crate) value: String,
    pub(crate) source: String,
    pub(crate) changed: Option<When>,
    pub(crate) reset: bool,
    pub(crate) error: Option<String>,
}

/// A change on its way, for a person to confirm.
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
    /// What is sent again; empty where the limit is reset.
    pub(crate) value: String,
    pub(crate) reset: bool,
    pub(crate) effect: String,
}

/// The limits as numbers by name.
pub(crate) fn values(limits: &Limits) -> Map<String, Value> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// All rows.
pub(crate) fn rows(view: &LimitsView, now: Timestamp) -> Vec<LimitRow> {
    let values = values(&view.limits);
    let row = |(name, label, hint): (&'static str, &'static str, &'static str)| {
        let source = view.sources.get(name);
        LimitRow {
            name,
            label,
            hint,
            money: name.ends_with("_usd"),
            value: field(name, values.get(name)),
            source: match source {
                Some(LimitSource::Settings { name }) => name.clone(),
                Some(LimitSource::RunTime { by, .. }) => by.clone(),
                None => String::new(),
            },
            changed: match source {
                Some(LimitSource::RunTime { at, .. }) => Some(When::relative(*at, now)),
                _ => None,
            },
            reset: false,
            error: None,
        }
    };
    WORDS.into_iter().map(row).collect()
}

/// A value as its field shows it.
pub(crate) fn field(name: &str, value: Option<&Value>) -> String {
    let Some(value) = value else { return String::new() };
    if !name.ends_with("_usd") {
        return value.to_string();
    }
    let amount = value.as_f64().and_then(Nanodollars::from_usd).unwrap_or_default();
    amount.to_string().replace('$', "")
}

/// What a person typed as a value; an error says what it should be.
pub(crate) fn parse(row: &LimitRow, text: &str) -> Result<Value, String> {
    let text = text.trim();
    if row.money {
        let plain = text.trim_start_matches('$').replace(',', "");
        let usd = plain.parse::<f64>().ok().filter(|usd| *usd >= 0.0);
        let amount = usd.and_then(Nanodollars::from_usd);
        return amount
            .map(|amount| amount.usd().into())
            .ok_or_else(|| format!("`{text}` is no amount of dollars"));
    }
    text.parse::<u32>().map(Value::from).map_err(|_| format!("`{text}` is no whole number from 0 on"))
}

/// What the values of a form would change, and how that would show.
pub(crate) fn changes(rows: &[LimitRow], patch: &Map<String, Value>, status: &Status) -> Vec<Change> {
    let change = |row: &LimitRow| {
        let shown = |value: &str| if row.money { format!("${value}") } else { value.to_owned() };
        let new = patch.get(row.name);
        (row.reset || new.is_some()).then(|| {
            let value = field(row.name, new);
            Change {
                name: row.name,
                label: row.label,
                from: shown(&row.value),
                to: if row.reset { "the settings' value".to_owned() } else { shown(&value) },
                effect: effect(row, new, status),
                value,
                reset: row.reset,
            }
        })
    };
    rows.iter().filter_map(change).collect()
}

fn effect(row: &LimitRow, new: Option<&Value>, status: &Status) -> String {
    let window: Option<(&WindowStatus, &str)> = match row.name {
        "hour_usd" => Some((&status.spend.hour, "in the last 60 minutes")),
        "day_usd" => Some((&status.spend.day, "today")),
        "month_usd" => Some((&status.spend.month, "this month")),
        _ => None,
    };
    let new = new.and_then(Value::as_f64);
    let old = row.value.parse::<f64>().ok();
    match (window, new) {
        (Some((window, when)), Some(new)) => {
            let limit = Nanodollars::from_usd(new).unwrap_or_default();
            let used = window.spent_usd + window.held_usd;
            if used >= limit {
                format!(
                    "{} are spent or held {when}: no new call goes out until that is below the limit",
                    used.rounded()
                )
            } else if old.is_some_and(|old| new > old) {
                format!(
                    "{} become free at once; what waits for this limit goes on",
                    limit.less(used).rounded()
                )
            } else {
                format!("{} are left {when}", limit.less(used).rounded())
            }
        }
        (Some(_), None) => "takes the value of the settings at once".to_owned(),
        (None, _) if row.name == "job_usd" => "jobs submitted from now on have it".to_owned(),
        (None, _) if row.name == "queue_max" => "nothing that was accepted is dropped".to_owned(),
        (None, _) => "applies at once; calls and jobs under way finish as they began".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::LimitsPatch;

    #[test]
    fn every_limit_has_its_words() {
        let names: Vec<_> = WORDS.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, LimitsPatch::NAMES);
    }
}
