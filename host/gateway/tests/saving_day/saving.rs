//! What saves in a run, and by which limits.

use crate::scene::Setting;
use anvil_budget::{BatchRule, ModelMap, PressureSteps, default_models};
use anvil_gateway::{GatewayConfig, PaceSettings, Patience};
use anvil_store::ReplyBounds;
use anvil_types::{Compression, Limits, Nanodollars, PerAgent};
use std::time::Duration;

/// What saves, each as its setting's default has it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what saves, each by itself on or off")]
pub(crate) struct Saves {
    pub(crate) name: &'static str,
    pub(crate) replies: bool,
    pub(crate) marks: bool,
    pub(crate) batches: bool,
    pub(crate) compression: bool,
    /// Whether a score moves a request's tier.
    pub(crate) tiers: bool,
}

const NOTHING: Saves =
    Saves { name: "nothing", replies: false, marks: false, batches: false, compression: false, tiers: false };
const ALL: Saves = Saves {
    name: "all together",
    replies: true,
    marks: true,
    batches: true,
    compression: true,
    tiers: false,
};

/// The table's rows: nothing first, each alone, all at the same tier, and then the tiers.
pub(crate) const ROWS: [Saves; 7] = [
    NOTHING,
    Saves { name: "cache of replies", replies: true, ..NOTHING },
    Saves { name: "hygiene", marks: true, ..NOTHING },
    Saves { name: "batches", batches: true, ..NOTHING },
    Saves { name: "compression", compression: true, ..NOTHING },
    ALL,
    Saves { name: "tiers", tiers: true, ..NOTHING },
];

/// All and the tiers, and all but one: what each is worth beside the others is the difference.
pub(crate) const BESIDE: [Saves; 5] = [
    Saves { name: "all and tiers", tiers: true, ..ALL },
    Saves { name: "all but replies", replies: false, ..ALL },
    Saves { name: "all but hygiene", marks: false, ..ALL },
    Saves { name: "all but batches", batches: false, ..ALL },
    Saves { name: "all but compression", compression: false, ..ALL },
];

/// Requests that may leave at once after a pause, at the seed's limits.
const BURST: u32 = 5;

/// The limits of the preset `max-200` (docs/reference/settings.md), so many times: those of a single call stay, since the
/// jobs are the same.
pub(crate) fn limits(times: u32) -> Limits {
    let dollars = |dollars: i64| Nanodollars::from_dollars(dollars * i64::from(times));
    Limits {
        hour_usd: dollars(8),
        day_usd: dollars(160),
        month_usd: dollars(200),
        week_hours: (80 * times).min(168),
        job_usd: dollars(2),
        requests_per_minute: 45 * times,
        input_tokens_per_minute: 30_000 * times,
        output_tokens_per_minute: 8_000 * times,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3 * times,
        agents_max: 10 * times,
        queue_max: 200 * times,
    }
}

/// A gateway by the defaults of the settings, but that money's pressure changes no tier.
pub(crate) fn config(saves: Saves, times: u32, setting: &Setting, base_url: String) -> GatewayConfig {
    // Real time, of which the day takes none: nothing is to end by it.
    let long = Duration::from_hours(24);
    GatewayConfig {
        patience: Patience {
            connect: long,
            first_byte: long,
            idle: long,
            call: long,
            drain: long,
            retries: 3,
        },
        pace: PaceSettings { burst: BURST * times, longest_wait: Duration::from_secs(30) },
        models: ModelMap { by_score: saves.tiers, ..default_models().clone() },
        pressure: PressureSteps { one_down: None, cheapest: None, ..PressureSteps::USUAL },
        prompt_cache: saves.marks,
        prompt_cache_refresh: false,
        reply_cache: saves.replies.then_some(ReplyBounds {
            ttl: Duration::from_hours(24),
            entries: 10_000,
            bytes: 256 * 1024 * 1024,
        }),
        compression: PerAgent::same(if saves.compression { Compression::On } else { Compression::Off }),
        batches: saves.batches.then_some(BatchRule {
            calls: 1_000,
            bytes: BatchRule::MOST_BYTES,
            wait: Duration::from_mins(5),
        }),
        batch_look: Duration::from_mins(1),
        ..setting.config(base_url)
    }
}
