//! Task budgets: how many tokens a whole tool loop may take, as the model is told, so that it winds up in time.
//! Advice and no cap: what a call can cost is bounded by its output tokens.

use crate::PriceRow;
use crate::models::{Rejection, rejects, tokenizer_of};
use anvil_types::{ContentBlock, Nanodollars, Request, Role};

/// The least that the API takes.
pub const LEAST_TASK_BUDGET: u64 = 20_000;
/// To how many tokens a budget of the host's is rounded down: less would change the prompt with every cent.
const STEP: u64 = 1_000;

/// Whether a model is known to take a task budget.
pub fn takes_task_budget(model: &str) -> bool {
    !rejects(model, Rejection::TaskBudget)
}

/// The budget of a conversation that may spend so much more: what was said in it so far, which the model counts
/// off, and what the money reaches for. Never less than the API takes: a model that is told the least winds up.
pub fn task_budget(row: &PriceRow, request: &Request, left: Nanodollars) -> u64 {
    let total = said(&row.model, request).saturating_add(affordable(row, left));
    (total / STEP * STEP).max(LEAST_TASK_BUDGET)
}

/// Tokens that are each written once and read once more, at the dearest prices that the row has.
fn affordable(row: &PriceRow, left: Nanodollars) -> u64 {
    let dearest = |rate: fn(&crate::Rates) -> i64| row.bands.iter().map(|band| rate(&band.rates)).max();
    let output = dearest(|rates| rates.output).unwrap_or(0);
    let input = dearest(|rates| rates.input.max(rates.cache_write_5m)).unwrap_or(0);
    // Rates are in nano-dollars per million tokens.
    let tokens = i128::from(left.get().max(0)) * 1_000_000 / i128::from(output.saturating_add(input).max(1));
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// About how many tokens the model has said in a conversation, and its tools.
fn said(model: &str, request: &Request) -> u64 {
    let blocks =
        request.messages.iter().flat_map(|turn| turn.content.iter().map(move |block| (turn.role, block)));
    let bytes: usize = blocks
        .map(|(role, block)| match block {
            ContentBlock::ToolResult { content, .. } => content.len(),
            ContentBlock::Text { text } | ContentBlock::Thinking { text, .. } if role == Role::Assistant => {
                text.len()
            }
            ContentBlock::ToolUse { name, input, .. } => name.len() + input.len(),
            _ => 0,
        })
        .sum();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of what was sent in one request"
    )]
    let tokens = (bytes as f64 / tokenizer_of(model).bytes_per_token) as u64;
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;
    use anvil_types::{Message, Timestamp};

    fn row(model: &str) -> PriceRow {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        PriceTable::built_in().row(model, None, now).expect("a price").clone()
    }

    fn request(turns: Vec<(Role, ContentBlock)>) -> Request {
        Request {
            system: Some("not counted".repeat(1_000)),
            messages: turns.into_iter().map(|(role, block)| Message { role, content: vec![block] }).collect(),
            tools: Vec::new(),
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: false,
            options: Vec::new(),
        }
    }

    #[test]
    fn a_budget_is_what_the_money_reaches_for_beside_what_was_said() {
        let opus = row("claude-opus-4-7");
        let hello = || (Role::User, ContentBlock::Text { text: "go".repeat(10_000) });
        let first = task_budget(&opus, &request(vec![hello()]), Nanodollars::from_dollars(1));
        // 25 + 6.25 dollars for a million tokens that are written and read once more.
        assert_eq!(first, 32_000);
        let result = ContentBlock::ToolResult {
            tool_use_id: "u".into(),
            content: "x".repeat(25_000),
            is_error: false,
        };
        let said = ContentBlock::Text { text: "y".repeat(25_000) };
        let later = request(vec![hello(), (Role::Assistant, said), (Role::User, result)]);
        assert_eq!(task_budget(&opus, &later, Nanodollars::from_dollars(1)), 32_000 + 20_000);
        for left in [Nanodollars::ZERO, Nanodollars::new(-5)] {
            assert!(task_budget(&opus, &request(vec![hello()]), left) >= LEAST_TASK_BUDGET);
        }
        assert_eq!(task_budget(&opus, &request(vec![hello()]), Nanodollars::ZERO), LEAST_TASK_BUDGET);
    }

    #[test]
    fn a_model_of_which_nothing_is_known_takes_none() {
        for (model, takes) in [
            ("claude-fable-5-2", true),
            ("claude-opus-4-7", true),
            ("claude-opus-5-5", false),
            ("claude-sonnet-5-5", false),
            ("claude-later-9", false),
        ] {
            assert_eq!(takes_task_budget(model), takes, "{model}");
        }
    }
}
