//! Price files as nobody would write them.

use crate::PriceTable;
use anvil_fuzz::Driver;
use anvil_types::{Nanodollars, Timestamp, Usage};

/// The longest answer of a row.
fn read(bytes: &[u8]) -> Option<u64> {
    let table = PriceTable::with_file("mine.toml", std::str::from_utf8(bytes).ok()?).ok()?;
    for row in table.rows() {
        let usage = Usage { input_tokens: 1_000_000, output_tokens: 1_000_000, ..Usage::default() };
        let cost = row.cost(&usage);
        assert!(cost >= Nanodollars::ZERO && row.bound(1_000_000, 1_000_000) >= cost);
        assert!(row.max_output > 0 && row.context > 0 && row.model.trim() == row.model);
        assert!(table.row(&row.model, row.speed.as_deref(), Timestamp::from_secs(253_402_000_000)).is_ok());
    }
    table.rows().iter().map(|row| row.max_output).max()
}

const FILES: Driver<Option<u64>> = Driver {
    corpus: &[
        b"[[price]]\nmodel = \"mine\"\nfrom = \"2026-09-22\"\ncontext = 1000\nmax_output = 100\n\
          bands = [{ input = 1, output = 2, cache_write_5m = 1.25, cache_write_1h = 2, cache_read = 0.1 }]\n",
        b"[multipliers]\nbatch = 0.5\ngeo_us = 1.1\n[[price]]\nmodel = \"mine\"\nspeed = \"fast\"\nfree = false\n\
          from = \"2026-09-22\"\ncontext = 1000\nmax_output = 100\nbands = [\
          { up_to = 100, input = 1, output = 2, cache_write_5m = 1.25, cache_write_1h = 2, cache_read = 0.1 },\
          { input = 3, output = 4, cache_write_5m = 5, cache_write_1h = 6, cache_read = 0.2 }]\n",
    ],
    words: &["[[price]]\n", "free = true\n", "bands = []", "up_to = 0, ", "input = 0", "= nan", "= -0.0", "= 1e-12", "[multipliers]\n"],
    run: read,
};

#[test]
fn no_file_breaks_the_prices() {
    FILES.run();
}

#[test]
fn a_fault_planted_in_the_prices_is_found() {
    // As if a number of tokens were kept in 32 bits.
    FILES.finds(|longest| longest.is_some_and(|longest| longest > u64::from(u32::MAX)));
}
