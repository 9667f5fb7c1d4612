//! What the prompt cache saved in a stretch of time, and what its misses cost.

use crate::missed::grouped;
use crate::panel::kit::money::Money;
use crate::panel::kit::numbers::thousands;
use crate::panel::kit::saved::saved;
use anvil_api::MissTotal;
use anvil_store::MissSum;
use anvil_types::Nanodollars;
use askama::Template;
use askama::filters::HtmlSafe;

/// The part of the page.
#[derive(Template)]
#[template(path = "spend/misses.html")]
pub(crate) struct Misses {
    saved: String,
    rows: Vec<MissRow>,
    total: MissRow,
}

impl HtmlSafe for Misses {}

/// Misses of one who asked, for one reason.
struct MissRow {
    who: String,
    reason: String,
    cost: Money,
    calls: String,
    tokens: String,
}

impl Misses {
    /// From the sums of the stretch, and what was saved in it.
    pub(crate) fn new(sums: &[MissSum], saved_in_all: Nanodollars) -> Self {
        let (items, total) = grouped(sums, None);
        let rows = items.into_iter().map(|item| {
            let who = item.agent.or_else(|| item.api_key.map(|key| format!("API key {key}")));
            let reason = item.reason.map(|reason| reason.to_string()).unwrap_or_default();
            MissRow::new(who.unwrap_or_else(|| "no agent".to_owned()), reason, &item.total)
        });
        Self {
            saved: saved(saved_in_all)
                .unwrap_or_else(|| "The prompt cache saved nothing in this time.".to_owned()),
            rows: rows.collect(),
            total: MissRow::new(String::new(), String::new(), &total),
        }
    }
}

impl MissRow {
    fn new(who: String, reason: String, total: &MissTotal) -> Self {
        Self {
            who,
            reason,
            cost: total.cost.into(),
            calls: thousands(total.calls),
            tokens: thousands(total.tokens),
        }
    }
}
