//! The price table: dated rows, exact ids, bands by prompt length.

mod check;
mod error;
#[cfg(test)]
mod fuzz;
pub(crate) mod read;
mod row;

pub use check::Zero;
pub use error::PriceError;
pub(crate) use row::Multipliers;
pub use row::{Band, NewBand, NewPrice, PriceRow, PriceSource, Rates};

use crate::models;
use anvil_types::{Speed, Timestamp};
use read::changed_row;

/// All prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable {
    rows: Vec<PriceRow>,
    file: String,
}

impl PriceTable {
    /// The prices that this build came with.
    pub fn built_in() -> Self {
        let rows = models::known().prices.clone();
        Self { rows, file: "a price file of your own, named by `prices.file` in anvil.toml".to_owned() }
    }

    /// The built-in prices with a user's own file (`name`, its `text`) laid over them: where both have
    /// a row for the same model, speed and day, the user's counts.
    pub fn with_file(name: &str, text: &str) -> Result<Self, PriceError> {
        let mut rows = read::file(text, name, models::known().multipliers)?;
        rows.extend(Self::built_in().rows);
        Ok(Self { rows, file: name.to_owned() })
    }

    /// These prices with what was set at run time laid over them.
    pub fn with_changes(&self, changes: &[NewPrice]) -> Result<Self, PriceError> {
        let bad = |message: String| PriceError::BadFile { file: "the new price".to_owned(), message };
        let mut rows = Vec::new();
        for new in changes {
            let same = self.rows.iter().find(|row| row.model == new.model).or(self.rows.first());
            let multipliers = same.map_or(models::known().multipliers, |row| row.multipliers);
            rows.push(changed_row(new, multipliers).map_err(bad)?);
        }
        rows.extend(self.rows.iter().cloned());
        Ok(Self { rows, file: self.file.clone() })
    }

    /// The row in force at `now` for exactly this model and speed.
    pub fn row(&self, model: &str, speed: Option<&str>, now: Timestamp) -> Result<&PriceRow, PriceError> {
        let speed = speed.filter(|speed| *speed != Speed::Standard.name());
        let mut best: Option<&PriceRow> = None;
        for row in &self.rows {
            let fits = row.model == model && row.speed.as_deref() == speed && row.from <= now;
            // The first of two rows of one day wins: the user's own come first.
            if fits && best.is_none_or(|best| row.from > best.from) {
                best = Some(row);
            }
        }
        best.ok_or_else(|| PriceError::UnknownModel {
            model: speed.map_or_else(|| model.to_owned(), |speed| format!("{model} (speed {speed})")),
            file: self.file.clone(),
            known: self.models().join(", "),
        })
    }

    /// The row that a hold pinned, by its id.
    pub fn by_id(&self, id: &str) -> Option<&PriceRow> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The ids of all models that have a price.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<_> = self.rows.iter().map(|row| row.model.as_str()).collect();
        models.sort_unstable();
        models.dedup();
        models
    }

    /// All rows, a user's own first.
    pub fn rows(&self) -> &[PriceRow] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Nanodollars, Usage};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_row_is_in_force_from_its_day_on() {
        let table = PriceTable::built_in();
        let read = |time| {
            let usage = Usage { cache_read_tokens: 1_000_000, ..Usage::default() };
            table.row("claude-sonnet-5-5", None, at(time)).expect("a price").cost(&usage)
        };
        assert_eq!(read("2026-10-06T23:59:59Z"), Nanodollars::from_usd(0.20).expect("fits"));
        assert_eq!(read("2026-10-07T00:00:00Z"), Nanodollars::from_usd(0.10).expect("fits"));
    }

    #[test]
    fn an_unknown_model_is_refused_with_the_file_to_edit() {
        let table = PriceTable::built_in();
        let now = at("2026-11-23T00:00:00Z");
        // No prefix matches: neither a shorter nor a longer id.
        for model in ["claude-haiku-5", "claude-haiku-5-5-20260101", ""] {
            let error = table.row(model, None, now).expect_err("no price").to_string();
            assert!(error.contains("prices.file") && error.contains("claude-haiku-5-5"), "{error}");
        }
    }

    #[test]
    fn a_users_row_wins_over_the_built_in_one() {
        let text = "[[price]]\nmodel = \"claude-opus-5-5\"\nfrom = \"2026-09-22\"\ncontext = 1\nmax_output = 1\n\
                    bands = [{ input = 1, output = 1, cache_write_5m = 1, cache_write_1h = 1, cache_read = 1 }]\n";
        let table = PriceTable::with_file("mine.toml", text).expect("parses");
        let row = table.row("claude-opus-5-5", None, at("2026-11-23T00:00:00Z")).expect("a price");
        assert_eq!(row.bands[0].rates.output, 1_000_000_000);
    }

    #[test]
    fn a_price_set_at_run_time_counts_from_its_time_on() {
        let band = NewBand {
            up_to: None,
            input: 7.0,
            output: 7.0,
            cache_write_5m: 7.0,
            cache_write_1h: 7.0,
            cache_read: 7.0,
        };
        let new = NewPrice {
            model: "claude-opus-5-5".into(),
            speed: None,
            from: at("2026-11-23T10:00:00Z"),
            context: 1,
            max_output: 1,
            bands: vec![band],
        };
        let table = PriceTable::built_in().with_changes(std::slice::from_ref(&new)).expect("it fits");
        let source = |time| table.row("claude-opus-5-5", None, at(time)).expect("a price").source;
        assert_eq!(source("2026-11-23T09:59:59Z"), PriceSource::BuiltIn);
        assert_eq!(source("2026-11-23T10:00:00Z"), PriceSource::RunTime);
        let endless = NewPrice { bands: vec![NewBand { up_to: Some(5), ..band }], ..new.clone() };
        assert!(PriceTable::built_in().with_changes(&[endless]).is_err());
        let free = NewPrice { bands: vec![NewBand { input: -1.0, ..band }], ..new };
        assert!(PriceTable::built_in().with_changes(&[free]).is_err());
    }
}
