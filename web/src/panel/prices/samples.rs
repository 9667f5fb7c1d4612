//! Made-up prices: two built in, one of them in bands, and one that a person set.

use super::page::PricesPage;
use crate::panel::kit::samples::{Sample, ago, html, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_api::PriceView;
use anvil_budget::{NewBand, PriceSource};

fn prices() -> Vec<PriceView> {
    let band = |up_to, input: f64| NewBand {
        up_to,
        input,
        output: input * 5.0,
        cache_write_5m: input * 1.25,
        cache_write_1h: input * 2.0,
        cache_read: input / 10.0,
    };
    let view = |model: &str, bands: Vec<NewBand>, source, by: Option<&str>| PriceView {
        id: format!("{model}@2026-10-07"),
        model: model.to_owned(),
        speed: None,
        from: ago(90_000),
        in_force: true,
        context: 1_000_000,
        max_output: 128_000,
        bands,
        source,
        by: by.map(str::to_owned),
        at: by.map(|_| ago(3_600)),
    };
    vec![
        view("claude-haiku-5-5", vec![band(Some(100_000), 0.1), band(None, 0.5)], PriceSource::BuiltIn, None),
        view("claude-opus-5-5", vec![band(None, 4.0)], PriceSource::BuiltIn, None),
        view("claude-sonnet-5-5", vec![band(None, 1.8)], PriceSource::RunTime, Some("a person at the panel")),
    ]
}

/// Their page.
pub(crate) fn pages() -> Vec<Sample> {
    vec![("/prices", html(&PricesPage::new(shell(&status(), Nav::Limits, "Prices"), &prices(), None, None)))]
}
