//! A made-up ledger.

use super::page::{LedgerPage, Names};
use crate::panel::jobs::samples::calls;
use crate::panel::kit::samples::{Sample, html, nano, query, shell, status, windows};
use crate::panel::kit::shell::Nav;
use anvil_budget::PriceTable;
use anvil_store::{LedgerPage as Entries, LedgerTotals, Tokens};
use anvil_types::CallRecord;

fn page(asked: &str, items: Vec<CallRecord>) -> LedgerPage {
    let names = Names {
        agents: vec!["code-generator".to_owned()],
        models: PriceTable::built_in().models().into_iter().map(str::to_owned).collect(),
    };
    let totals = LedgerTotals {
        calls: 12_408,
        settled: nano(1_192_380_113_902),
        unknown: nano(12_140_000_000),
        held: nano(412_000_000),
        saved: nano(31_207_441_008),
        hits: 1_204,
        reply_saved: nano(18_440_120_000),
        batched: 611,
        batch_saved: nano(4_220_118_000),
        tokens: Tokens { input: 21_204_811, output: 8_104_377, cache_read: 4_002_118, ..Tokens::default() },
    };
    let totals = if items.is_empty() { LedgerTotals::default() } else { totals };
    let next = items.last().map(|call| call.id);
    let entries = Entries { items, next };
    LedgerPage::new(
        shell(&status(), Nav::Ledger, "Ledger"),
        &query(asked),
        names,
        &entries,
        &totals,
        &windows(),
    )
}

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    vec![
        ("/ledger", html(&page("", calls()))),
        ("/ledger-filtered", html(&page("agent=code-generator&state=held", Vec::new()))),
    ]
}
