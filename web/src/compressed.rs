//! What was compressed over a stretch of time: one view for the API and the page, made from the ledger's sums.

use anvil_api::{CompressedItem, CompressedTotal};
use anvil_store::CompressedSum;

/// The sums by agent, and all of them together.
pub(crate) fn items(sums: Vec<CompressedSum>) -> (Vec<CompressedItem>, CompressedTotal) {
    let mut all = CompressedTotal::default();
    let items = sums.into_iter().map(|CompressedSum { agent, calls, compressed }| {
        let total = CompressedTotal { calls, compressed };
        all += total;
        CompressedItem { agent, total }
    });
    (items.collect(), all)
}
