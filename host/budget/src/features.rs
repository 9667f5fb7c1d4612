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
        let found = [
            (forced == "any" || forced == "tool", Rejection::ForcedTool),
            (thinks("disabled"), Rejection::ThinkingDisabled),
            (thinks("enabled"), Rejection::ThinkingBudget),
            (effort, Rejection::Effort),
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
    }
}
