//! Money on a page: rounded for reading, with the exact amount in its title.

use anvil_types::Nanodollars;
use askama::Template;
use askama::filters::HtmlSafe;

/// An amount as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<span class="money"{% if short != exact %} title="{{ exact }}"{% endif %}>{{ short }}</span>"#,
    ext = "html"
)]
pub(crate) struct Money {
    pub(crate) short: String,
    pub(crate) exact: String,
}

impl HtmlSafe for Money {}

impl From<Nanodollars> for Money {
    fn from(amount: Nanodollars) -> Self {
        Self { short: rounded(amount), exact: amount.to_string() }
    }
}

/// To the cent from a dollar on, to a hundredth of a cent below: the one place that rounds.
pub(crate) fn rounded(amount: Nanodollars) -> String {
    const CENT: i64 = 10_000_000;
    const FINE: i64 = CENT / 100;
    let step = if amount.get().abs() >= 100 * CENT { CENT } else { FINE };
    if amount.get() > 0 && amount.get() < FINE {
        return format!("<{}", Nanodollars::new(FINE));
    }
    let half = step / 2 * amount.get().signum();
    let mut text = Nanodollars::new(amount.get().saturating_add(half) / step * step).to_string();
    // Amounts below a dollar keep four decimals, so that a column of them lines up.
    if step == FINE && amount.get() != 0 {
        let decimals = text.rsplit('.').next().map_or(0, str::len);
        text.extend(std::iter::repeat_n('0', 4_usize.saturating_sub(decimals)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_for_reading_and_exact_in_its_title() {
        for (nano, shown) in [
            (0, "$0.00"),
            (1, "<$0.0001"),
            (4_213_500, "$0.0042"),
            (999_960_000, "$1.0000"),
            (24_039_000, "$0.0240"),
            (25_321_234_567, "$25.32"),
            (-1_500_000, "-$0.0015"),
        ] {
            assert_eq!(rounded(Nanodollars::new(nano)), shown);
        }
        let html = Money::from(Nanodollars::new(1)).to_string();
        assert_eq!(html, r#"<span class="money" title="$0.000000001">&#60;$0.0001</span>"#);
    }
}
