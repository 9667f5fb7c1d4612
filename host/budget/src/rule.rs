//! What limits may be at most, whoever sets them.

use anvil_types::Limits;
use std::fmt::Debug;

/// Judges limits against those that nothing may exceed: the preset's hard limits and the settings' ranges.
/// The same rule is asked where a limit is changed and where limits come into force.
pub trait LimitsRule: Send + Sync + Debug {
    /// Says what is wrong with limits that somebody wants, one sentence for all of it.
    fn check(&self, limits: &Limits) -> Result<(), String>;

    /// The limits that come nearest to these and that [`LimitsRule::check`] lets through.
    fn fit(&self, limits: &Limits) -> Limits;
}

/// Nothing but what makes sense: no more slots always on than there are slots. For tests and benches.
#[derive(Clone, Copy, Debug)]
pub struct AnyLimits;

impl LimitsRule for AnyLimits {
    fn check(&self, limits: &Limits) -> Result<(), String> {
        if limits.agents_min > limits.agents_max {
            return Err("agents_min is above agents_max".to_owned());
        }
        Ok(())
    }

    fn fit(&self, limits: &Limits) -> Limits {
        Limits { agents_min: limits.agents_min.min(limits.agents_max), ..limits.clone() }
    }
}

/// No limit above these, and no more slots always on than there are slots.
#[derive(Clone, Debug, PartialEq)]
pub struct AtMost(pub Limits);

impl LimitsRule for AtMost {
    fn check(&self, limits: &Limits) -> Result<(), String> {
        let fitting = self.fit(limits);
        match limits.differences(&fitting).first() {
            None => Ok(()),
            Some(one) => Err(format!("`{}` is {}, but is never above {}", one.name, one.this, one.other)),
        }
    }

    fn fit(&self, limits: &Limits) -> Limits {
        let mut fitting = limits.each_at_most(&self.0);
        fitting.agents_min = fitting.agents_min.min(fitting.agents_max);
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Nanodollars;

    fn limits() -> Limits {
        Limits {
            hour_usd: Nanodollars::from_dollars(8),
            day_usd: Nanodollars::from_dollars(160),
            month_usd: Nanodollars::from_dollars(200),
            week_hours: 80,
            job_usd: Nanodollars::from_dollars(2),
            requests_per_minute: 45,
            input_tokens_per_minute: 30_000,
            output_tokens_per_minute: 8_000,
            max_input_tokens: 8_000,
            max_output_tokens: 2_000,
            agents_min: 3,
            agents_max: 10,
            queue_max: 200,
        }
    }

    #[test]
    fn what_does_not_fit_is_named_and_cut() {
        let rule = AtMost(limits());
        assert_eq!(rule.check(&limits()), Ok(()));
        let wanted = Limits { month_usd: Nanodollars::from_dollars(900), agents_max: 2, ..limits() };
        let why = rule.check(&wanted).expect_err("too much");
        assert!(why.contains("`month_usd` is $900.00") && why.contains("$200.00"), "{why}");
        let fitting = rule.fit(&wanted);
        assert_eq!(fitting, Limits { agents_min: 2, agents_max: 2, ..limits() });
        assert_eq!(rule.check(&fitting), Ok(()));
    }
}
