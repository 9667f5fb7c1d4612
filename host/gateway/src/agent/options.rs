//! Options of a request that the host looks into itself: what has a price of its own, and task budgets.

use crate::agent::body::BadRequest;
use anvil_budget::LEAST_TASK_BUDGET;
use anvil_types::{InferenceGeo, Request, RequestOption, ServiceTier, Speed, listed};
use serde_json::Value;

/// The service tier that a request may ask for: the only one whose price is known beforehand.
const STANDARD_ONLY: &str = "standard_only";

/// The speed that a request asks for.
pub(crate) fn speed(request: &Request) -> Result<Option<Speed>, BadRequest> {
    let Some(json) = request.option(RequestOption::Speed) else { return Ok(None) };
    let named = text(json).and_then(|name| Speed::named(&name));
    named.map(Some).ok_or_else(|| wrong(RequestOption::Speed, json, &quoted(Speed::NAMES)))
}

/// Refuses a value of an option that has no price, or none that could be told beforehand.
pub(crate) fn check(option: RequestOption, json: &str) -> Result<(), BadRequest> {
    match option {
        RequestOption::ServiceTier if text(json).as_deref() != Some(STANDARD_ONLY) => {
            let other = format!(
                "\"{STANDARD_ONLY}\", since no price is known of more than {}",
                ServiceTier::Standard
            );
            Err(wrong(option, json, &other))
        }
        RequestOption::InferenceGeo => {
            let places = [InferenceGeo::Global, InferenceGeo::Us];
            let named = text(json).and_then(|name| InferenceGeo::named(&name));
            if named.is_some_and(|place| places.contains(&place)) {
                return Ok(());
            }
            Err(wrong(option, json, &quoted(&places.map(InferenceGeo::name))))
        }
        RequestOption::TaskBudget => check_task_budget(json),
        _ => Ok(()),
    }
}

fn check_task_budget(json: &str) -> Result<(), BadRequest> {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let total = value["total"].as_u64().filter(|_| value["type"] == "tokens");
    if total.is_some_and(|total| total >= LEAST_TASK_BUDGET) {
        return Ok(());
    }
    let form = format!("{{\"type\":\"tokens\",\"total\":N}} with N of at least {LEAST_TASK_BUDGET}");
    Err(wrong(RequestOption::TaskBudget, json, &form))
}

/// The task budget within an output's configuration, where it has one.
pub(crate) fn task_budget_within(config: &str) -> Option<String> {
    let config: Value = serde_json::from_str(config).ok()?;
    let budget = config.get(RequestOption::TaskBudget.name()).filter(|budget| !budget.is_null())?;
    Some(budget.to_string())
}

/// An output's configuration with a task budget in it; what is there stays as it was given.
pub(crate) fn with_task_budget(config: Option<&str>, budget: &str) -> Result<String, BadRequest> {
    let name = RequestOption::TaskBudget;
    let Some(config) = config else { return Ok(format!("{{\"{name}\":{budget}}}")) };
    let rest = config.trim_start().strip_prefix('{').map(str::trim_start);
    let rest = rest.ok_or_else(|| wrong(RequestOption::OutputConfig, config, "an object"))?;
    let comma = if rest.starts_with('}') { "" } else { "," };
    Ok(format!("{{\"{name}\":{budget}{comma}{rest}"))
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

fn quoted(names: &[&str]) -> String {
    listed(names.iter().map(|name| format!("\"{name}\"")), "or")
}

fn wrong(option: RequestOption, json: &str, expected: &str) -> BadRequest {
    BadRequest::Value { option, found: json.chars().take(64).collect(), expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_of_an_outputs_configuration_stays_as_it_was_given() {
        let budget = r#"{"type":"tokens","total":20000}"#;
        for (config, whole) in [
            (None, r#"{"task_budget":B}"#),
            (Some("{ }"), r#"{"task_budget":B}"#),
            (Some(r#" { "effort": "low","x":1e2 }"#), r#"{"task_budget":B,"effort": "low","x":1e2 }"#),
        ] {
            assert_eq!(with_task_budget(config, budget).expect("an object"), whole.replace('B', budget));
        }
        assert!(with_task_budget(Some("[]"), budget).is_err());
        assert_eq!(task_budget_within(r#"{"task_budget":{"total":1}}"#).as_deref(), Some(r#"{"total":1}"#));
        assert_eq!(task_budget_within(r#"{"task_budget":null,"effort":"low"}"#), None);
    }

    #[test]
    fn what_has_no_price_beforehand_is_refused() {
        for (option, good, bad) in [
            (RequestOption::ServiceTier, &["\"standard_only\""][..], &["\"auto\"", "\"priority\"", "1"][..]),
            (
                RequestOption::InferenceGeo,
                &["\"us\"", "\"global\""],
                &["\"mars\"", "\"not_available\"", "null"],
            ),
            (
                RequestOption::TaskBudget,
                &[r#"{"type":"tokens","total":20000}"#],
                &[
                    r#"{"type":"tokens","total":19999}"#,
                    r#"{"total":20000}"#,
                    "20000",
                    r#"{"type":"tokens","total":-1}"#,
                ],
            ),
            (RequestOption::Temperature, &["0.5"], &[]),
        ] {
            for json in good {
                assert_eq!(check(option, json), Ok(()), "{option} {json}");
            }
            for json in bad {
                let said = check(option, json).expect_err(json).to_string();
                assert!(said.contains(&format!("`{option}`")), "{said}");
            }
        }
    }
}
