//! How much each step may spend.
//!
//! A step may have its share of what is left when it begins, so that what one leaves over goes to those that follow.

use crate::steps::Step;

/// What the steps weigh against each other.
fn weight(step: Step) -> u64 {
    match step {
        Step::Requirements | Step::Docs => 10,
        Step::Design | Step::Tests => 20,
        Step::Code => 40,
    }
}

/// The share of a step in what is left (nano-dollars), with all steps that follow it still to be paid.
pub fn share(left: u64, step: Step) -> u64 {
    let all: u64 = Step::ALL.into_iter().filter(|other| *other >= step).map(weight).sum();
    let share = u128::from(left) * u128::from(weight(step)) / u128::from(all);
    u64::try_from(share).unwrap_or(left).max(1).min(left)
}

/// Nano-dollars in dollars, for JSON.
#[expect(clippy::cast_precision_loss, reason = "a job's cost is far below 2^53 nano-dollars")]
pub fn usd(nanodollars: u64) -> f64 {
    nanodollars as f64 / 1e9
}

/// Nano-dollars for people: `$1.20`, and four places below ten cents.
pub fn shown(nanodollars: u64) -> String {
    let (unit, places) = if nanodollars < 100_000_000 { (100_000, 4) } else { (10_000_000, 2) };
    let rounded = nanodollars.saturating_add(unit / 2) / unit;
    let whole = 10_u64.pow(places);
    let places = places as usize;
    format!("${}.{:0places$}", rounded / whole, rounded % whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_leave_something_for_whoever_follows_and_the_last_may_have_the_rest() {
        let shares = Step::ALL.map(|step| share(900, step));
        assert_eq!(shares, [90, 200, 514, 600, 900]);
        assert_eq!(share(u64::MAX, Step::Docs), u64::MAX);
        assert_eq!(Step::ALL.map(|step| share(0, step)), [0; 5]);
        assert_eq!(Step::ALL.map(|step| share(1, step)), [1; 5], "a task has to have something");
    }

    #[test]
    fn dollars_are_shown_as_exactly_as_people_care() {
        for (nanos, text) in [
            (0, "$0.0000"),
            (31_249_999, "$0.0312"),
            (31_250_000, "$0.0313"),
            (99_999_999, "$0.1000"),
            (100_000_000, "$0.10"),
            (1_999_999_999, "$2.00"),
            (12_345_000_000, "$12.35"),
        ] {
            assert_eq!(shown(nanos), text, "{nanos}");
        }
    }
}
