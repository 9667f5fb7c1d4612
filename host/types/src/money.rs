//! Money: integer nano-dollars.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// An amount of money in nano-dollars (10⁻⁹ US dollars).
///
/// Arithmetic saturates: an amount that does not fit is "more than anything", which refuses, never
/// wraps to something small. In JSON an amount is a number of dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanodollars(i64);

impl Nanodollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anything.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount in nano-dollars.
    pub const fn new(nanodollars: i64) -> Self {
        Self(nanodollars)
    }

    /// Whole dollars.
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(1_000_000_000))
    }

    /// Dollars as a person writes them, rounded to the nano-dollar. `None` when not finite or too large.
    pub fn from_usd(usd: f64) -> Option<Self> {
        let nano = (usd * 1e9).round();
        // i64 holds a little over nine billion dollars; f64 is exact to the nano-dollar up to $9,007,199.
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
        (nano.is_finite() && nano.abs() < 9.2e18).then_some(Self(nano as i64))
    }

    /// The amount in nano-dollars.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The amount in dollars, for JSON and gauges.
    #[expect(clippy::cast_precision_loss, reason = "exact to the nano-dollar up to nine million dollars")]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }

    #[must_use]
    /// This amount times `percent` / 100, rounded down. For thresholds.
    pub fn percent(self, percent: u32) -> Self {
        let product = i128::from(self.0) * i128::from(percent) / 100;
        Self(i64::try_from(product).unwrap_or(i64::MAX))
    }

    /// What is left after `other`, never below zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// How much of `limit` this is: 0.95 for 152 of 160 dollars. A limit of zero is always full.
    #[expect(clippy::cast_precision_loss, reason = "a fraction for gauges; decisions compare integers")]
    pub fn fraction_of(self, limit: Self) -> f64 {
        if limit.0 <= 0 { 1.0 } else { self.0 as f64 / limit.0 as f64 }
    }
}

impl Add for Nanodollars {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Nanodollars {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Nanodollars {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Nanodollars {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Nanodollars {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// The one way to show money: at least two decimals, more only where they say something.
///
/// `$152.00`, `$0.0042`, `$0.000000001`; a width pads.
impl fmt::Display for Nanodollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nano = self.0.unsigned_abs();
        let (dollars, rest) = (nano / 1_000_000_000, nano % 1_000_000_000);
        let mut decimals = format!("{rest:09}");
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}${dollars}.{decimals}"))
    }
}

impl Serialize for Nanodollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.usd())
    }
}

impl<'de> Deserialize<'de> for Nanodollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        Self::from_usd(usd).ok_or_else(|| serde::de::Error::custom("an amount of dollars that fits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_with_the_decimals_that_say_something() {
        for (nano, shown) in [
            (0, "$0.00"),
            (1, "$0.000000001"),
            (4_200_000, "$0.0042"),
            (152_000_000_000, "$152.00"),
            (-1_500_000_000, "-$1.50"),
        ] {
            assert_eq!(Nanodollars::new(nano).to_string(), shown);
        }
    }

    #[test]
    fn dollars_in_json_come_back_to_the_nano_dollar() {
        for nano in [0, 1, 3, 999_999_999, 123_456_789_012_345, -17, 5_000_000_000_001] {
            let amount = Nanodollars::new(nano);
            let json = serde_json::to_string(&amount).expect("a number");
            assert_eq!(serde_json::from_str::<Nanodollars>(&json).expect("a number"), amount);
        }
    }

    #[test]
    fn too_much_money_saturates() {
        assert_eq!(Nanodollars::MAX + Nanodollars::new(1), Nanodollars::MAX);
        assert_eq!(Nanodollars::from_usd(f64::INFINITY), None);
        assert_eq!(Nanodollars::from_dollars(160).percent(95), Nanodollars::from_dollars(152));
    }
}
