//! The host that is planned, out of settings: this one, and one of each preset.

use super::parts::{LONGEST_PACE_WAIT, SCALE_COOLDOWN, pressure};
use crate::connect::flag;
use anvil_budget::{PriceTable, Windows};
use anvil_control::PlanSettings;
use anvil_plan::{PlannedHost, PlannedPreset};
use anvil_settings::{LoadOptions, Preset, Settings};
use std::sync::Arc;

/// What of these settings a plan goes by.
pub(crate) fn planned_host(settings: &Settings, prices: Arc<PriceTable>) -> PlannedHost {
    PlannedHost {
        limits: settings.limits.clone(),
        hard_slots: settings.preset.agents_hard(),
        cooldown: SCALE_COOLDOWN,
        burst: settings.pace.burst,
        longest_wait: LONGEST_PACE_WAIT,
        pressure: pressure(&settings.pressure),
        models: settings.models.clone(),
        prices,
        windows: Windows::new(settings.time.zone.clone()),
        prompt_cache: settings.saving.prompt_cache,
    }
}

/// A host of each preset as it is without any other setting, but for this one's prices and time zone.
pub(crate) fn planned_presets(own: &PlannedHost) -> Vec<PlannedPreset> {
    let host = |preset: Preset| {
        let flags = vec![flag("preset", preset.name(), "--preset")];
        let settings = Settings::load(&LoadOptions { flags, ..LoadOptions::default() })
            .expect("a preset alone is whole");
        PlannedPreset {
            name: preset.name().to_owned(),
            host: PlannedHost { windows: own.windows.clone(), ..planned_host(&settings, own.prices.clone()) },
        }
    };
    Preset::ALL.map(host).into()
}

/// What the running host plans with.
pub(super) fn plan_settings(settings: &Settings, prices: Arc<PriceTable>) -> PlanSettings {
    let own = planned_host(settings, prices);
    PlanSettings { presets: planned_presets(&own), own }
}
