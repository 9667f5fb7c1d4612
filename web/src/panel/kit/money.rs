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
        Self { short: amount.rounded(), exact: amount.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_for_reading_and_exact_in_its_title() {
        let html = Money::from(Nanodollars::new(1)).to_string();
        assert_eq!(html, r#"<span class="money" title="$0.000000001">&#60;$0.0001</span>"#);
    }
}
