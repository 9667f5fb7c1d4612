//! Jobs of one kind, as the command line tells of them.

use anvil_api::PlannedJobs;
use serde_json::{Map, Value};

/// Reads `name=value,…`: members of the API's kinds of jobs. A part without `=` goes on with the one before it, so that
/// `hours=8-12,13-18` is one.
pub(super) fn jobs(text: &str) -> Result<PlannedJobs, String> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in text.split(',') {
        match (part.split_once('='), parts.last_mut()) {
            (Some((name, value)), _) => parts.push((name.trim().to_owned(), value.trim().to_owned())),
            (None, Some((_, value))) => *value = format!("{value},{part}"),
            (None, None) => return Err("names and values are expected, as in per_day=200,calls=3".to_owned()),
        }
    }
    let mut members = Map::new();
    for (name, value) in parts {
        // What reads as a number is one, but for what is text whatever it looks like.
        let texts = ["name", "hours", "weekdays", "tier", "floor", "priority"].contains(&name.as_str());
        let number = value.replace('_', "").parse::<serde_json::Number>().ok().filter(|_| !texts);
        if members.insert(name.clone(), number.map_or(Value::String(value), Value::Number)).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    for (name, value) in &members {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let Err(error) = serde_json::from_value::<PlannedJobs>(Value::Object(alone)) else { continue };
        let said = error.to_string();
        return Err(match said.rsplit_once("expected ") {
            Some((_, "f64")) => format!("`{name}` has to be a number, not {value}"),
            Some((_, "u32" | "u64")) => format!("`{name}` has to be a whole number, not {value}"),
            _ => said,
        });
    }
    serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Tier;

    #[test]
    fn a_kind_is_read_by_its_members_and_what_is_none_is_named() {
        let read = jobs("per_day=1_000,hours=8-12,13-18,tier=opus,call_s=2.5,name=7").expect("a kind");
        assert_eq!((read.per_day, read.hours.as_str(), read.tier), (1_000.0, "8-12,13-18", Tier::Opus));
        assert_eq!((read.call_s, read.name.as_str(), read.calls), (2.5, "7", PlannedJobs::default().calls));
        assert!(jobs("per_days=3").expect_err("none").contains("per_day"));
        assert!(jobs("9-17").is_err() && jobs("calls=few").is_err() && jobs("calls=1,calls=2").is_err());
        assert!(jobs("tier=gpt").is_err());
        let said = |text| jobs(text).expect_err("none");
        assert_eq!(said("calls=2,per_day=x"), "`per_day` has to be a number, not \"x\"");
        assert_eq!(said("calls=2.5"), "`calls` has to be a whole number, not 2.5");
        assert!(said("max_output_tokens=much").starts_with("`max_output_tokens` has to be"));
    }
}
