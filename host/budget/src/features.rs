//! Which fields of a request which model rejects, so that no downgrade ends in an error.

use crate::models::{Rejection, rejects};
use crate::price::PriceRow;
use anvil_types::{Request, RequestOption, RequestPart};
use serde_json::Value;

/// What a request has that some model rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFields(Vec<Rejection>);

impl RequestFields {
    /// The fields of a request.
    pub fn of(request: &Request) -> Self {
        let option = |option: RequestOption| {
            let json = request.option(option);
            json.and_then(|json| serde_json::from_str::<Value>(json).ok()).unwrap_or_default()
        };
        let thinking = option(RequestOption::Thinking);
        let thinks = |how: &str| thinking["type"] == how;
        let forced = &option(RequestOption::ToolChoice)["type"];
        let effort = thinks("adaptive") || !option(RequestOption::OutputConfig)["effort"].is_null();
        // The default is said by number as well as by silence.
        let strays = |name: RequestOption, default: Option<f64>| {
            let value = option(name);
            !value.is_null() && (default.is_none() || value.as_f64() != default)
        };
        let samples = strays(RequestOption::Temperature, Some(1.0))
            || strays(RequestOption::TopP, Some(1.0))
            || strays(RequestOption::TopK, None);
        let found = [
            (forced == "any" || forced == "tool", Rejection::ForcedTool),
            (thinks("disabled"), Rejection::ThinkingDisabled),
            (thinks("enabled"), Rejection::ThinkingBudget),
            (effort, Rejection::Effort),
            (samples, Rejection::Sampling),
            (asks_for_task_budget(request), Rejection::TaskBudget),
        ];
        Self(found.into_iter().filter_map(|(there, field)| there.then_some(field)).collect())
    }

    /// The field that the model of this row rejects, if it does; also where the prompt or the answer is
    /// longer than it takes.
    pub fn rejected_by(
        &self,
        row: &PriceRow,
        input_tokens: u64,
        max_output_tokens: u64,
    ) -> Option<&'static str> {
        if max_output_tokens > row.max_output {
            return Some(RequestPart::MaxTokens.name());
        }
        if input_tokens.saturating_add(max_output_tokens) > row.context {
            return Some(RequestPart::Messages.name());
        }
        self.0.iter().find(|what| rejects(&row.model, **what)).map(|what| what.field())
    }
}

/// Whether a request asks for a task budget, by itself or within its output's configuration.
pub fn asks_for_task_budget(request: &Request) -> bool {
    let name = RequestOption::TaskBudget;
    let config = request.option(RequestOption::OutputConfig);
    let config: Value = config.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    request.option(name).is_some() || !config[name.name()].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;
    use anvil_types::Timestamp;

    fn rejected(model: &str, name: &str, json: &str) -> Option<&'static str> {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let request = Request {
            system: None,
            messages: Vec::new(),
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: vec![(name.to_owned(), json.to_owned())],
        };
        let table = PriceTable::built_in();
        let row = table.row(model, None, now).expect("a price");
        RequestFields::of(&request).rejected_by(row, 100, 100)
    }

    #[test]
    fn what_a_model_rejects_is_known() {
        let forced = r#"{"type":"tool","name":"x"}"#;
        assert_eq!(rejected("claude-sonnet-5-5", "tool_choice", forced), Some("tool_choice"));
        assert_eq!(rejected("claude-sonnet-5-5", "tool_choice", r#"{"type":"auto"}"#), None);
        assert_eq!(rejected("claude-haiku-5-5", "tool_choice", forced), None);
        assert_eq!(rejected("claude-opus-5-5", "thinking", r#"{"type":"disabled"}"#), Some("thinking"));
        let budget = r#"{"type":"enabled","budget_tokens":1024}"#;
        assert_eq!(rejected("claude-haiku-5-5", "thinking", budget), Some("thinking"));
        assert_eq!(rejected("claude-haiku-4-5-20251001", "thinking", budget), None);
        let effort = r#"{"effort":"low"}"#;
        assert_eq!(
            rejected("claude-haiku-4-5-20251001", "output_config", effort),
            Some("output_config.effort")
        );
        assert_eq!(rejected("claude-haiku-5-5", "output_config", effort), None);
        assert_eq!(rejected("claude-haiku-5-5", "temperature", "0.5"), Some("temperature"));
        assert_eq!(rejected("claude-haiku-5-5", "temperature", "1"), None, "the default");
        assert_eq!(rejected("claude-opus-4-6", "top_k", "5"), None);
        let budget = r#"{"type":"tokens","total":20000}"#;
        assert_eq!(rejected("claude-opus-4-7", "task_budget", budget), None);
        assert_eq!(rejected("claude-sonnet-5-5", "task_budget", budget), Some("task_budget"));
        let within = format!(r#"{{"task_budget":{budget}}}"#);
        assert_eq!(rejected("claude-haiku-5-5", "output_config", &within), Some("task_budget"));
    }
}
