//! What stands in for Claude: how long it takes, what it answers, and what it lets through.

use crate::kinds::ANSWERS;
use crate::texts::prose;
use anvil_sim::{
    Latency, RateLimits, Repeat, Script, ScriptItem, SimBatchSettings, SimConfig, Span, SubScript,
};
use anvil_types::Limits;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::collections::HashMap;

/// A first word after half a second to a second and a half, then 80 tokens a second, however long the prompt is and whether
/// it is in the cache. A batch begins after ten minutes and does 20 calls a minute: most real ones end within an hour.
pub(crate) fn upstream(limits: &Limits) -> SimConfig {
    SimConfig {
        latency: Latency {
            first_byte_ms: Span::Range([500, 1_500]),
            per_token_us: 12_500,
            ..Latency::default()
        },
        tokens_per_event: 128,
        batches: SimBatchSettings { start_ms: 600_000, items_per_minute: 20, ..SimBatchSettings::default() },
        // The plan's own: ten in nine of the requests that the host lets out, and the same tokens.
        rate_limits: HashMap::from([(
            "*".to_owned(),
            RateLimits {
                requests_per_minute: Some(u64::from(limits.requests_per_minute) * 10 / 9),
                input_tokens_per_minute: Some(u64::from(limits.input_tokens_per_minute)),
                output_tokens_per_minute: Some(u64::from(limits.output_tokens_per_minute)),
            },
        )]),
        script: script(),
        ..SimConfig::default()
    }
}

// An answer for each length that jobs ask for, so that every run has the same ones.
fn script() -> Script {
    let mut random = StdRng::seed_from_u64(1);
    let matches = ANSWERS.map(|words| SubScript {
        contains: format!("in about {words} words"),
        items: vec![ScriptItem { text: Some(prose(&mut random, words)), ..ScriptItem::default() }],
        repeat: Repeat::ForEver(true),
    });
    Script { matches: matches.to_vec(), ..Script::default() }
}
