//! The models that the simulator plays, and what each of them rejects.
//!
//! A table of its own beside the host's (`host/budget/models.toml`), on purpose: what both take from the published pages
//! alike is seen to be so only while neither reads the other's.

use serde_json::{Value, json};

/// One model. Source: Anthropic's model overview, looked up 2026-11-23.
#[derive(Debug)]
pub(crate) struct Model {
    /// The exact id.
    pub(crate) id: &'static str,
    name: &'static str,
    created: &'static str,
    /// Longest prompt, tokens.
    pub(crate) context: u64,
    /// Most output, tokens.
    pub(crate) max_output: u64,
    /// Shortest prefix that is cached, tokens.
    pub(crate) cache_min: u64,
    /// Models with the same pool share their rate limits.
    pub(crate) pool: &'static str,
    /// Fields that answer 400.
    pub(crate) rejects: Rejects,
}

/// What a model answers with 400.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent facts about a model, each from its own page"
)]
pub(crate) struct Rejects {
    /// temperature, top_p, top_k other than the default.
    pub(crate) sampling: bool,
    /// A last message by the assistant.
    pub(crate) prefill: bool,
    /// `thinking: {type: disabled}`.
    pub(crate) thinking_off: bool,
    /// `tool_choice` of type `any` or `tool`.
    pub(crate) forced_tool: bool,
    /// `output_config.effort` and adaptive thinking.
    pub(crate) effort: bool,
}

const OLD: Rejects =
    Rejects { sampling: false, prefill: false, thinking_off: false, forced_tool: false, effort: false };
const HAIKU_4_5: Rejects = Rejects { effort: true, ..OLD };
const FROM_4_6: Rejects = Rejects { prefill: true, ..OLD };
const FROM_4_7: Rejects = Rejects { sampling: true, ..FROM_4_6 };
const FABLE: Rejects = Rejects { thinking_off: true, ..FROM_4_7 };
const FROM_5_5: Rejects = Rejects { forced_tool: true, ..FABLE };

#[expect(clippy::too_many_arguments, reason = "a row of the table below, in the table's order")]
const fn model(
    id: &'static str,
    name: &'static str,
    created: &'static str,
    context: u64,
    max_output: u64,
    cache_min: u64,
    pool: &'static str,
    rejects: Rejects,
) -> Model {
    Model { id, name, created, context, max_output, cache_min, pool, rejects }
}

const M: u64 = 1_000_000;
const K: u64 = 1_000;

/// All models, newest first, as `GET /v1/models` lists them. Dates before 2026 follow the published pattern of each
/// family. Cache minimums are the published ones up to 4.8; for the 5.x models the sources disagree, so they have the highest
/// that any model has: who counts on less finds out here and not at his own cost.
#[rustfmt::skip]
pub(crate) const MODELS: &[Model] = &[
    model("claude-fable-5-2", "Claude Fable 5.2", "2026-11-09", M, 128 * K, 4096, "claude-fable-5-2", FABLE),
    model("claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07", M, 128 * K, 4096, "claude-haiku-5-5", FROM_4_7),
    model("claude-opus-5-5", "Claude Opus 5.5", "2026-09-22", M, 128 * K, 4096, "claude-opus-5-5", FROM_5_5),
    model("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-22", M, 128 * K, 4096, "claude-sonnet-5-5", FROM_5_5),
    model("claude-fable-5-1", "Claude Fable 5.1", "2026-08-18", M, 128 * K, 4096, "claude-fable-5-1", FABLE),
    model("claude-opus-5", "Claude Opus 5", "2026-07-01", M, 128 * K, 4096, "claude-opus-5", FROM_4_7),
    model("claude-sonnet-5", "Claude Sonnet 5", "2026-06-10", M, 128 * K, 4096, "claude-sonnet-5", FROM_4_7),
    model("claude-opus-4-8", "Claude Opus 4.8", "2026-05-12", M, 128 * K, 1024, "claude-opus-4", FROM_4_7),
    model("claude-opus-4-7", "Claude Opus 4.7", "2026-04-02", M, 128 * K, 4096, "claude-opus-4", FROM_4_7),
    model("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", M, 128 * K, 1024, "claude-sonnet-4", FROM_4_6),
    model("claude-opus-4-6", "Claude Opus 4.6", "2026-02-05", M, 128 * K, 4096, "claude-opus-4", FROM_4_6),
    model("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-01", 200 * K, 64 * K, 4096, "claude-opus-4", OLD),
    model("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-01", 200 * K, 64 * K, 4096, "claude-haiku-4-5", HAIKU_4_5),
    model("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29", 200 * K, 64 * K, 1024, "claude-sonnet-4", OLD),
];

/// The model of exactly that id.
pub(crate) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|m| m.id == id)
}

/// Models that are named as honouring task budgets.
const TASK_BUDGETS: [&str; 3] = ["claude-opus-4-7", "claude-fable-5-1", "claude-fable-5-2"];

impl Model {
    /// Whether it takes a task budget.
    pub(crate) fn takes_task_budget(&self) -> bool {
        TASK_BUDGETS.contains(&self.id)
    }

    /// The model as `GET /v1/models` shows it.
    pub(crate) fn to_api(&self) -> Value {
        json!({
            "type": "model", "id": self.id, "display_name": self.name,
            "created_at": format!("{}T00:00:00Z", self.created),
        })
    }
}
