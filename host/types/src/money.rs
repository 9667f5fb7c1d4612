//! Money: integer nano-dollars.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
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

    /// As it is read where the last digit says nothing: to the cent from a dollar on, to a hundredth of a cent below. The one
    /// place that rounds.
    pub fn rounded(self) -> String {
        const CENT: i64 = 10_000_000;
        const FINE: i64 = CENT / 100;
        let step = if self.0.abs() >= 100 * CENT { CENT } else { FINE };
        if self.0 > 0 && self.0 < FINE {
            return format!("<{}", Self(FINE));
        }
        let half = step / 2 * self.0.signum();
        let mut text = Self(self.0.saturating_add(half) / step * step).to_string();
        // Amounts below a dollar keep four decimals, so that a column of them lines up.
        if step == FINE && self.0 != 0 {
            let decimals = text.rsplit('.').next().map_or(0, str::len);
            text.extend(std::iter::repeat_n('0', 4_usize.saturating_sub(decimals)));
        }
        text
    }

    /// Whole dollars.
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(1_000_000_000))
    }

    /// A number of dollars, rounded to the nano-dollar. `None` when not finite or too large.
    ///
    /// Exact up to $8,388,608: from there on, neighbouring numbers are more than a nano-dollar apart, and
    /// [`from_decimal`](Self::from_decimal) reads what was written.
    pub fn from_usd(usd: f64) -> Option<Self> {
        // i64 holds a little over nine billion dollars. Whole dollars and the rest apart: their product with 10⁹
        // would not fit an f64.
        if !(usd.is_finite() && usd.abs() < 9.2e9) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
        let (whole, rest) = (usd.trunc() as i64, (usd.fract() * 1e9).round() as i64);
        whole.checked_mul(1_000_000_000)?.checked_add(rest).map(Self)
    }

    /// Dollars as they are written in JSON and by people (`12.5`, `-0.000000001`, `4e6`), to the last digit;
    /// what is finer than a nano-dollar is rounded. `None` where it is no number, or too large.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let all = all.trim_start_matches('0');
        if all.is_empty() {
            return Some(Self::ZERO);
        }
        // So many of the digits count nano-dollars; the first of the others rounds.
        let kept =
            i64::try_from(all.len()).ok()? - i64::try_from(fraction.len()).ok()? + i64::from(exponent) + 9;
        let nano = match usize::try_from(kept) {
            Err(_) => 0,
            Ok(kept) if kept > 19 => return None,
            Ok(kept) => {
                let (counted, rest) = all.split_at(kept.min(all.len()));
                let zeros = u32::try_from(kept - counted.len()).ok()?;
                let counted: i128 = if counted.is_empty() { 0 } else { counted.parse().ok()? };
                counted * 10_i128.pow(zeros)
                    + i128::from(rest.as_bytes().first().is_some_and(|digit| *digit >= b'5'))
            }
        };
        i64::try_from(if negative { -nano } else { nano }).ok().map(Self)
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

/// From here on, an f64 may not tell two neighbouring amounts apart: the digits are written as they are.
const MOST_AS_F64: u64 = 1 << 52;

impl Serialize for Nanodollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.unsigned_abs() < MOST_AS_F64 {
            return serializer.serialize_f64(self.usd());
        }
        let nano = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = format!("{sign}{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
        RawValue::from_string(digits).map_err(serde::ser::Error::custom)?.serialize(serializer)
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
    fn money_is_rounded_for_reading() {
        for (nano, shown) in [
            (0, "$0.00"),
            (1, "<$0.0001"),
            (4_213_500, "$0.0042"),
            (999_960_000, "$1.0000"),
            (24_039_000, "$0.0240"),
            (25_321_234_567, "$25.32"),
            (-1_500_000, "-$0.0015"),
        ] {
            assert_eq!(Nanodollars::new(nano).rounded(), shown);
        }
    }

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
        assert_eq!(Nanodollars::from_usd(9.3e9), None);
        assert_eq!(Nanodollars::from_dollars(160).percent(95), Nanodollars::from_dollars(152));
    }

    #[test]
    fn dollars_are_read_as_they_are_written() {
        for (text, nano) in [
            ("4503599.627370497", Some(4_503_599_627_370_497)),
            ("9223372036.854775807", Some(i64::MAX)),
            ("-9223372036.854775808", Some(i64::MIN)),
            ("9223372036.854775808", None),
            ("0.0000000005", Some(1)),
            ("0.00000000049", Some(0)),
            ("-0.0000000005", Some(-1)),
            ("1e-9", Some(1)),
            ("1.5E3", Some(1_500_000_000_000)),
            ("0012.50", Some(12_500_000_000)),
            ("+1", Some(1_000_000_000)),
            (".5", Some(500_000_000)),
            ("0e999999999", Some(0)),
            ("1e999999999", None),
            ("1e-999999999", Some(0)),
            ("1e300", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1,5", None),
            ("1e", None),
            ("nan", None),
            ("inf", None),
            ("٣", None),
        ] {
            assert_eq!(Nanodollars::from_decimal(text), nano.map(Nanodollars::new), "{text}");
        }
    }

    #[test]
    fn an_amount_in_json_has_every_digit_of_its_nanodollars() {
        for nano in [
            1,
            -7,
            4_194_304_000_000_001,
            4_503_599_627_370_495,
            4_503_599_627_370_496,
            9_007_199_254_740_993,
            -123_456_789_123_456_789,
            i64::MAX,
            i64::MIN,
        ] {
            let json = serde_json::to_string(&Nanodollars::new(nano)).expect("JSON");
            assert_eq!(Nanodollars::from_decimal(&json), Some(Nanodollars::new(nano)), "{json}");
        }
        let value = serde_json::to_value([Nanodollars::new(i64::MAX)]).expect("a value");
        assert!(value[0].is_f64());
        let back =
            |nano| serde_json::from_str(&serde_json::to_string(&Nanodollars::new(nano)).expect("JSON"));
        for nano in [4_503_599_627_370_495, 8_388_607_999_999_999, -8_388_607_123_456_789] {
            assert_eq!(back(nano).ok(), Some(Nanodollars::new(nano)));
        }
    }
}
