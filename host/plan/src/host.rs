//! The host that is planned.

use anvil_budget::{ModelMap, PressureSteps, PriceTable, Windows};
use anvil_types::Limits;
use std::sync::Arc;
use std::time::Duration;

/// What a host decides by, out of its settings.
#[derive(Clone, Debug)]
pub struct PlannedHost {
    /// Its limits.
    pub limits: Limits,
    /// Agent slots that no limit can exceed.
    pub hard_slots: u32,
    /// How long the number of slots stays after it changed.
    pub cooldown: Duration,
    /// Requests that may leave at once after a pause.
    pub burst: u32,
    /// A call that would wait longer for the pace parks its job.
    pub longest_wait: Duration,
    /// What happens while a window fills up.
    pub pressure: PressureSteps,
    /// The model behind each tier.
    pub models: ModelMap,
    /// What tokens cost.
    pub prices: Arc<PriceTable>,
    /// Where windows begin and end.
    pub windows: Windows,
    /// Whether it marks prompts for the models' caches.
    pub prompt_cache: bool,
}

/// A host by the name of its preset.
#[derive(Clone, Debug)]
pub struct PlannedPreset {
    /// The preset's name.
    pub name: String,
    /// What it has.
    pub host: PlannedHost,
}
