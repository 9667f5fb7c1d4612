//! Limits beside what was used of them.

use anvil_types::LimitUsed;
use askama::Template;
use askama::filters::HtmlSafe;

/// The table.
#[derive(Template)]
#[template(path = "kit/limit_use.html")]
pub(crate) struct LimitTable {
    rows: Vec<LimitRow>,
}

impl HtmlSafe for LimitTable {}

/// One limit.
struct LimitRow {
    name: String,
    used: String,
    most: String,
    setting: String,
}

impl LimitTable {
    pub(crate) fn new(limits: &[LimitUsed]) -> Self {
        let row = |limit: &LimitUsed| LimitRow {
            name: limit.name.clone(),
            used: limit.used.map_or_else(|| "–".to_owned(), |used| limit.shown(used)),
            most: limit.shown(limit.limit),
            setting: limit.setting.clone(),
        };
        Self { rows: limits.iter().map(row).collect() }
    }
}
