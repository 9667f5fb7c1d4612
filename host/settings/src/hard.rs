//! The hard limits: what no limit may be above, whoever sets it and whenever it comes into force.

use crate::check::check_limits;
use crate::preset::Preset;
use crate::schema::{PaceSettings, ReadSection};
use crate::settings::Settings;
use anvil_budget::LimitsRule;
use anvil_types::{Limits, Nanodollars};

/// The preset's hard limits, those of `[pace]`, and each setting's own range.
#[derive(Clone, Debug, PartialEq)]
pub struct HardLimits {
    pace: PaceSettings,
    preset: Preset,
}

impl HardLimits {
    /// Those of the settings.
    pub fn of(settings: &Settings) -> Self {
        Self { pace: settings.pace.clone(), preset: settings.preset }
    }
}

impl LimitsRule for HardLimits {
    fn check(&self, limits: &Limits) -> Result<(), String> {
        let problems = check_limits(limits, &self.pace, self.preset);
        if problems.is_empty() {
            return Ok(());
        }
        Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    fn fit(&self, limits: &Limits) -> Limits {
        let mut fitting = limits.clone();
        for (key, _, _) in limits.show() {
            let Some((least, most)) = key.range else { continue };
            let money = |amount: &mut Nanodollars| {
                let bound = |usd| Nanodollars::from_usd(usd).unwrap_or(Nanodollars::MAX);
                *amount = (*amount).clamp(bound(least), bound(most));
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "ranges of whole numbers"
            )]
            let count = |count: &mut u32| *count = (*count).clamp(least as u32, most as u32);
            match key.name {
                "hour_usd" => money(&mut fitting.hour_usd),
                "day_usd" => money(&mut fitting.day_usd),
                "month_usd" => money(&mut fitting.month_usd),
                "week_hours" => count(&mut fitting.week_hours),
                "job_usd" => money(&mut fitting.job_usd),
                "requests_per_minute" => count(&mut fitting.requests_per_minute),
                "input_tokens_per_minute" => count(&mut fitting.input_tokens_per_minute),
                "output_tokens_per_minute" => count(&mut fitting.output_tokens_per_minute),
                "max_input_tokens" => count(&mut fitting.max_input_tokens),
                "max_output_tokens" => count(&mut fitting.max_output_tokens),
                "agents_min" => count(&mut fitting.agents_min),
                "agents_max" => count(&mut fitting.agents_max),
                "queue_max" => count(&mut fitting.queue_max),
                _ => {}
            }
        }
        fitting.month_usd = fitting.month_usd.min(self.preset.month_hard());
        fitting.agents_max = fitting.agents_max.min(self.preset.agents_hard());
        fitting.agents_min = fitting.agents_min.min(fitting.agents_max);
        fitting.requests_per_minute = fitting.requests_per_minute.min(self.pace.requests_per_minute_hard);
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::LoadOptions;

    #[test]
    fn what_is_cut_down_fits_under_every_preset() {
        for preset in Preset::ALL {
            let defaults = Settings::load(&LoadOptions::default()).expect("the defaults are right");
            let pace = defaults.pace.clone();
            let rule = HardLimits { pace, preset };
            let much = Limits {
                hour_usd: Nanodollars::MAX,
                day_usd: Nanodollars::MAX,
                month_usd: Nanodollars::MAX,
                week_hours: u32::MAX,
                job_usd: Nanodollars::ZERO,
                requests_per_minute: u32::MAX,
                input_tokens_per_minute: u32::MAX,
                output_tokens_per_minute: 0,
                max_input_tokens: u32::MAX,
                max_output_tokens: u32::MAX,
                agents_min: u32::MAX,
                agents_max: u32::MAX,
                queue_max: u32::MAX,
            };
            assert!(rule.check(&much).is_err(), "{preset}");
            let fitting = rule.fit(&much);
            assert_eq!(rule.check(&fitting), Ok(()), "{preset}");
            assert_eq!((fitting.month_usd, fitting.agents_max), (preset.month_hard(), preset.agents_hard()));
            assert_eq!(rule.fit(&fitting), fitting, "{preset}");
        }
    }
}
