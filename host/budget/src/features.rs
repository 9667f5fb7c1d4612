//! Which fields of a request which model rejects, so that no downgrade ends in an error.
//!
//! Source: Anthropic's model pages and API errors as of 2026-11-23. A model that is not listed is taken
//! to reject nothing of this.

use crate::price::PriceRow;
use anvil_types::Request;
use serde_json::Value;

/// What a request has that some model rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFields(Vec<Field>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// `tool_choice` of type `any` or `tool`.
    ForcedTool,
    /// `thinking` of type `disabled`.
    ThinkingDisabled,
    /// `thinking` of type `enabled`, with a budget.
    ThinkingBudget,
    /// `thinking` of type `adaptive`, or `output_config.effort`.
    Effort,
}

/// Models that reject a forced `tool_choice`.
const NO_FORCED_TOOL: &[&str] =
    &["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1", "claude-fable-5-2"];
/// Models that reject `thinking: disabled`.
const NO_THINKING_DISABLED: &[&str] = NO_FORCED_TOOL;
/// Models that still take `thinking: enabled` with a budget; all later ones reject it.
const THINKING_BUDGET: &[&str] = &[
    "claude-opus-4-5-20251101",
    "claude-opus-4-6",
    "claude-sonnet-4-5-20250929",
    "claude-sonnet-4-6",
    "claude-haiku-4-5-20251001",
];
/// Models that reject effort and adaptive thinking.
const NO_EFFORT: &[&str] = &["claude-haiku-4-5-20251001", "claude-sonnet-4-5-20250929"];

impl RequestFields {
    /// The fields of a request.
    pub fn of(request: &Request) -> Self {
        let option = |name: &str| {
            let found = request.options.iter().find(|(known, _)| known == name);
            found.and_then(|(_, json)| serde_json::from_str::<Value>(json).ok()).unwrap_or_default()
        };
        let thinking = option("thinking");
        let thinks = |how: &str| thinking["type"] == how;
        let forced = &option("tool_choice")["type"];
        let effort = thinks("adaptive") || !option("output_config")["effort"].is_null();
        let found = [
            (forced == "any" || forced == "tool", Field::ForcedTool),
            (thinks("disabled"), Field::ThinkingDisabled),
            (thinks("enabled"), Field::ThinkingBudget),
            (effort, Field::Effort),
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
        let listed = |models: &[&str]| models.contains(&row.model.as_str());
        let rejected = |field: &Field| match field {
            Field::ForcedTool => listed(NO_FORCED_TOOL).then_some("tool_choice"),
            Field::ThinkingDisabled => listed(NO_THINKING_DISABLED).then_some("thinking"),
            Field::ThinkingBudget => (!listed(THINKING_BUDGET)).then_some("thinking"),
            Field::Effort => listed(NO_EFFORT).then_some("output_config.effort"),
        };
        if max_output_tokens > row.max_output {
            return Some("max_tokens");
        }
        if input_tokens.saturating_add(max_output_tokens) > row.context {
            return Some("messages");
        }
        self.0.iter().find_map(rejected)
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
