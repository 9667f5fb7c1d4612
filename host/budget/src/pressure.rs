//! What happens while a money window fills up, before the brake.

use crate::throttle::Burn;
use anvil_types::Nanodollars;
use serde::{Deserialize, Serialize};

/// What the pressure does to calls at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PressureEffect {
    /// Calls go out as they come.
    Normal,
    /// Admission slows to an even burn.
    Throttled,
    /// New conversations get a cheaper model, where it is cheaper for them.
    Downgraded,
    /// Both: slower, and a cheaper model for new conversations.
    DowngradedAndThrottled,
    /// No new call goes out.
    Braked,
}

/// From which share of the fullest money window on what happens, in percent; none where it never does. Money's
/// policy of the settings, in one place: the choice of a model, the throttle, and what people are shown go by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PressureSteps {
    /// Admission slows.
    pub throttle: Option<u32>,
    /// One tier down.
    pub one_down: Option<u32>,
    /// The cheapest tier.
    pub cheapest: Option<u32>,
}

impl PressureSteps {
    /// Whether anything of it happens at so many percent.
    pub fn presses(self, percent: u64) -> bool {
        let Self { throttle, one_down, cheapest } = self;
        [throttle, one_down, cheapest].into_iter().flatten().any(|from| percent >= u64::from(from))
    }

    /// The seed's: slower from 80 % on, one tier down from 80 %, the cheapest from 90 %.
    pub const USUAL: Self = Self { throttle: Some(80), one_down: Some(80), cheapest: Some(90) };
    /// Nothing happens before a limit: for what is pinned to its tier.
    pub const NONE: Self = Self { throttle: None, one_down: None, cheapest: None };
}

/// What a pressure (1 where the fullest window is full) does; the brake outweighs all else.
pub fn pressure_effect(pressure: f64, steps: PressureSteps, braked: bool) -> PressureEffect {
    let reached =
        |percent: Option<u32>| percent.is_some_and(|percent| pressure * 100.0 >= f64::from(percent));
    if braked {
        PressureEffect::Braked
    } else {
        match (reached(steps.one_down) || reached(steps.cheapest), reached(steps.throttle)) {
            (true, true) => PressureEffect::DowngradedAndThrottled,
            (true, false) => PressureEffect::Downgraded,
            (false, true) => PressureEffect::Throttled,
            (false, false) => PressureEffect::Normal,
        }
    }
}

/// The pressure in percent, rounded down: the share of the fullest of these windows, with what is expected of calls that run.
pub fn pressure_percent(windows: &[Burn], running: Nanodollars) -> u64 {
    windows.iter().map(|window| percent_of(window.spent + running, window.limit)).max().unwrap_or(0)
}

/// The share of a limit that is spent in percent, rounded down; a limit of nothing is full.
pub fn percent_of(spent: Nanodollars, limit: Nanodollars) -> u64 {
    if limit <= Nanodollars::ZERO {
        return 100;
    }
    let percent = i128::from(spent.get().max(0)) * 100 / i128::from(limit.get());
    u64::try_from(percent).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pressure_does_follows_from_its_steps() {
        let all = PressureSteps::USUAL;
        let throttle = PressureSteps { throttle: Some(80), one_down: None, cheapest: None };
        let downgrade = PressureSteps { throttle: None, ..all };
        let late = PressureSteps { throttle: Some(70), one_down: Some(90), cheapest: Some(95) };
        for (pressure, steps, braked, effect) in [
            (0.0, all, false, PressureEffect::Normal),
            (0.7999, all, false, PressureEffect::Normal),
            (0.8, all, false, PressureEffect::DowngradedAndThrottled),
            (0.8, downgrade, false, PressureEffect::Downgraded),
            (0.8, throttle, false, PressureEffect::Throttled),
            (1.2, throttle, false, PressureEffect::Throttled),
            (0.75, late, false, PressureEffect::Throttled),
            (0.9, late, false, PressureEffect::DowngradedAndThrottled),
            (0.1, all, true, PressureEffect::Braked),
            (0.99, all, true, PressureEffect::Braked),
        ] {
            assert_eq!(pressure_effect(pressure, steps, braked), effect, "{pressure} {steps:?}");
        }
    }
}
