//! `anvil spend --compression`: what compression saved, and whether it pays.

use crate::show::Table;
use anvil_api::{CompressedTotal, CompressionReport};
use std::fmt::Write as _;

/// What was compressed by agent, and what each agent's latest calls would have cost more without it. `mark`: whose money.
pub(super) fn shown(report: &CompressionReport, mark: &str) -> String {
    let mut out = format!("{} to {}{mark}\n\n", report.from, report.to);
    if report.items.is_empty() {
        out += "no prompt was sent shorter in this time\n";
    } else {
        let mut table = Table::new(&["AGENT", "CALLS", "TOKENS FEWER", "SAVED"]).right(&[1, 2, 3]);
        let row = |who: &str, total: &CompressedTotal| {
            let CompressedTotal { calls, compressed } = total;
            [who.to_owned(), calls.to_string(), compressed.tokens.to_string(), compressed.saved.to_string()]
        };
        for item in &report.items {
            table.row(row(&item.agent, &item.total));
        }
        table.row(row("together", &report.total));
        let _ = writeln!(out, "{table}\ntokens are an estimate: no model counts what it was not sent");
    }
    if !report.latest.is_empty() {
        let mut table = Table::new(&["AGENT", "LATEST CALLS", "WOULD HAVE COST MORE", ""]).right(&[1, 2]);
        for replay in &report.latest {
            let off = if replay.off { "off by itself" } else { "" };
            table.row([
                replay.agent.clone(),
                replay.calls.to_string(),
                replay.saved.to_string(),
                off.to_owned(),
            ]);
        }
        let _ = write!(out, "\n{table}");
    }
    out
}
