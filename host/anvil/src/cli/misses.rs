//! `anvil spend --misses`: what the prompt cache saved, and what its misses cost.

use crate::show::Table;
use anvil_api::{CacheMisses, MissTotal};
use anvil_types::{CacheMiss, Nanodollars};

/// Misses by who asked and why, with their total and what was saved.
pub(super) fn shown(misses: &CacheMisses) -> String {
    let mark = super::status::mark(misses.upstream);
    let head = format!("{} to {}{mark}\n\n", misses.from, misses.to);
    let saved = if misses.saved < Nanodollars::ZERO {
        format!(
            "what was written to the prompt cache cost {} more than was saved",
            Nanodollars::ZERO - misses.saved
        )
    } else {
        format!("the prompt cache saved {}", misses.saved)
    };
    if misses.items.is_empty() {
        return format!("{head}no prompt is known to have missed the cache; {saved}\n");
    }
    let mut table = Table::new(&["AGENT", "REASON", "CALLS", "TOKENS", "COST MORE"]).right(&[2, 3, 4]);
    let row = |who: &str, reason: String, total: &MissTotal| {
        let MissTotal { calls, tokens, cost } = total;
        [who.to_owned(), reason, calls.to_string(), tokens.to_string(), cost.to_string()]
    };
    for item in &misses.items {
        let key = item.api_key.as_ref().map(|key| format!("key {key}"));
        let who = item.agent.clone().or(key).unwrap_or_else(|| "-".to_owned());
        let reason = item.reason.map(|reason| reason.to_string()).unwrap_or_default();
        table.row(row(&who, reason, &item.total));
    }
    table.row(row("together", String::new(), &misses.total));
    format!("{head}{table}\n{saved}\n")
}

/// A call's miss in a cell: why, how much, and what it cost.
pub(super) fn cell(miss: &CacheMiss) -> String {
    format!("{}: {} tokens, {}", miss.reason, miss.tokens, miss.cost)
}
