//! Price rows out of a file, and as a person gives them.

use super::check::Zero;
use super::error::PriceError;
use super::row::{Band, Multipliers, NewBand, NewPrice, PriceRow, PriceSource, Rates};
use anvil_types::Nanodollars;
use serde::Deserialize;

/// A user's own file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    multipliers: Option<SomeMultipliers>,
    #[serde(default)]
    price: Vec<RowForm>,
}

/// Factors in a user's own file: those that it has.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct SomeMultipliers {
    batch: Option<f64>,
    geo_us: Option<f64>,
}

/// Factors on every kind of token, as they are written.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MultipliersForm {
    batch: f64,
    geo_us: f64,
}

/// A row as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowForm {
    pub model: String,
    pub speed: Option<String>,
    pub from: jiff::civil::Date,
    pub context: u64,
    pub max_output: u64,
    /// Whether a price of zero is meant.
    #[serde(default)]
    pub free: bool,
    pub bands: Vec<NewBand>,
}

/// The rows of a user's own file; the usual factors are for those that it has not.
pub(super) fn file(text: &str, file: &str, usual: Multipliers) -> Result<Vec<PriceRow>, PriceError> {
    let bad = |message: String| PriceError::BadFile { file: file.to_owned(), message };
    let form: FileForm = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
    let given =
        |name: &str, given: Option<f64>, usual: i64| given.map_or(Ok(usual), |given| factor(name, given));
    let factors = match form.multipliers {
        None => usual,
        Some(some) => Multipliers {
            batch: given("batch", some.batch, usual.batch).map_err(bad)?,
            geo_us: given("geo_us", some.geo_us, usual.geo_us).map_err(bad)?,
        },
    };
    rows(form.price, factors, PriceSource::File).map_err(bad)
}

/// Rows, each of which makes sense, and no two of which are for the same.
pub(crate) fn rows(
    forms: Vec<RowForm>,
    multipliers: Multipliers,
    source: PriceSource,
) -> Result<Vec<PriceRow>, String> {
    let mut rows: Vec<PriceRow> = Vec::new();
    for form in forms {
        let row = parse_row(form, multipliers, source)?;
        if rows.iter().any(|other| other.id == row.id) {
            return Err(format!("there are two rows {}; which of them counts nobody can tell", row.id));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Factors, each of which is one.
pub(crate) fn factors(form: MultipliersForm) -> Result<Multipliers, String> {
    Ok(Multipliers { batch: factor("batch", form.batch)?, geo_us: factor("geo_us", form.geo_us)? })
}

fn parse_row(row: RowForm, multipliers: Multipliers, source: PriceSource) -> Result<PriceRow, String> {
    let id = match &row.speed {
        None => format!("{}@{}", row.model, row.from),
        Some(speed) => format!("{}+{speed}@{}", row.model, row.from),
    };
    let from =
        row.from.to_zoned_datetime(jiff::tz::TimeZone::UTC).map_err(|error| format!("{id}: {error}"))?;
    let new = NewPrice {
        model: row.model,
        speed: row.speed,
        from: from.timestamp().into(),
        context: row.context,
        max_output: row.max_output,
        bands: row.bands,
    };
    new.check(if row.free { Zero::Meant } else { Zero::Refused }).map_err(|why| format!("{id}: {why}"))?;
    Ok(PriceRow { id, source, ..changed_row(&new, multipliers)? })
}

/// A row that was set at run time. One that an earlier version took is read on, whatever is asked of new ones.
pub(super) fn changed_row(new: &NewPrice, multipliers: Multipliers) -> Result<PriceRow, String> {
    let id = new.id();
    if new.model.trim().is_empty() {
        return Err("it names no model".to_owned());
    }
    Ok(PriceRow {
        bands: read_bands(&id, &new.bands)?,
        id,
        model: new.model.clone(),
        speed: new.speed.clone(),
        from: new.from,
        context: new.context,
        max_output: new.max_output,
        source: PriceSource::RunTime,
        multipliers,
    })
}

fn read_bands(id: &str, forms: &[NewBand]) -> Result<Vec<Band>, String> {
    let mut bands = Vec::new();
    for band in forms {
        let rate = |name: &str, usd: f64| {
            Nanodollars::from_usd(usd)
                .filter(|rate| *rate >= Nanodollars::ZERO)
                .map(Nanodollars::get)
                .ok_or_else(|| format!("{id}: {name} is no price"))
        };
        bands.push(Band {
            up_to: band.up_to,
            rates: Rates {
                input: rate("input", band.input)?,
                output: rate("output", band.output)?,
                cache_write_5m: rate("cache_write_5m", band.cache_write_5m)?,
                cache_write_1h: rate("cache_write_1h", band.cache_write_1h)?,
                cache_read: rate("cache_read", band.cache_read)?,
            },
        });
    }
    let rising = bands.windows(2).all(|pair| match (pair[0].up_to, pair[1].up_to) {
        (Some(low), Some(high)) => low < high,
        (Some(_), None) => true,
        (None, _) => false,
    });
    if bands.last().is_none_or(|last| last.up_to.is_some()) || !rising {
        return Err(format!("{id}: the bands must rise by `up_to`, and the last has none"));
    }
    Ok(bands)
}

/// A factor in thousandths. Zero would make the calls that it belongs to cost nothing.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn factor(name: &str, factor: f64) -> Result<i64, String> {
    if (0.001..=100.0).contains(&factor) {
        return Ok((factor * 1_000.0).round() as i64);
    }
    Err(format!("multipliers.{name} is {factor}, but must be a factor from 0.001 to 100"))
}

#[cfg(test)]
mod tests {
    use super::{Multipliers, file};
    use crate::PriceTable;

    const ROW: &str = "[[price]]\nmodel = \"mine\"\nfrom = \"2026-09-22\"\ncontext = 1000\nmax_output = 100\n\
                       bands = [{ input = 1, output = 1, cache_write_5m = 1, cache_write_1h = 1, cache_read = 1 }]\n";

    fn error(text: &str) -> String {
        PriceTable::with_file("mine.toml", text).expect_err(text).to_string()
    }

    #[test]
    fn what_makes_no_price_is_refused_with_the_reason() {
        PriceTable::with_file("mine.toml", ROW).expect("parses");
        for (from, to, part) in [
            (
                "output = 1,",
                "output = 0,",
                "mine@2026-09-22: `output` is 0; where nothing is to be paid, say `free = true`",
            ),
            ("output = 1,", "output = 1e-12,", "`output` is 0.000000000001, less than a nano-dollar"),
            ("output = 1,", "output = -1,", "`output` is -1, which is no price"),
            ("output = 1,", "output = inf,", "`output` is inf, which is no price"),
            ("max_output = 100", "max_output = 0", "`max_output` is 0"),
            ("context = 1000", "context = 0", "`context` is 0"),
            ("\"mine\"", "\"mine \"", "begins or ends with a blank"),
            ("\"mine\"", "\"\"", "`model` is empty"),
            ("\"mine\"", "\"mi\\nne\"", "control character"),
            ("\"mine\"", "\"mi\u{200b}ne\"", "invisible character"),
            ("from", "speed = \"standard\"\nfrom", "`speed` is `standard`"),
            ("from", "speed = \"\"\nfrom", "`speed` is empty"),
            ("{ input", "{ up_to = 0, input", "`up_to` is 0"),
        ] {
            assert!(ROW.contains(from), "{from}");
            let error = error(&ROW.replace(from, to));
            assert!(error.contains(part), "{to}: {error}");
        }
    }

    #[test]
    fn a_price_of_nothing_is_taken_where_the_row_says_that_it_is_meant() {
        let free = ROW.replace("= 1,", "= 0,").replace("context", "free = true\ncontext");
        PriceTable::with_file("mine.toml", &free).expect("it is meant");
    }

    #[test]
    fn two_rows_of_one_day_and_factors_of_nothing_are_refused() {
        assert!(error(&format!("{ROW}{ROW}")).contains("there are two rows mine@2026-09-22"));
        for (factors, part) in [
            ("batch = 0.5\ngeo_us = 0", "multipliers.geo_us is 0, but"),
            ("batch = 0.0001\ngeo_us = 1.1", "multipliers.batch is 0.0001"),
            ("batch = nan\ngeo_us = 1.1", "multipliers.batch is NaN"),
            ("batch = 0.5\ngeo_us = 101", "multipliers.geo_us is 101"),
        ] {
            let error = error(&format!("[multipliers]\n{factors}\n{ROW}"));
            assert!(error.contains(part), "{factors}: {error}");
        }
    }

    #[test]
    fn a_factor_that_a_file_has_not_is_the_usual_one() {
        let usual = Multipliers { batch: 500, geo_us: 1_100 };
        for (factors, read) in [
            ("", usual),
            ("batch = 0.4", Multipliers { batch: 400, ..usual }),
            ("geo_us = 1.2", Multipliers { geo_us: 1_200, ..usual }),
        ] {
            let rows = file(&format!("[multipliers]\n{factors}\n{ROW}"), "mine.toml", usual).expect("parses");
            assert_eq!(rows[0].multipliers, read, "{factors}");
        }
    }

    #[test]
    fn the_file_that_the_documents_show_is_one() {
        let page = include_str!("../../../../docs/budgets.md");
        let blocks = page.split("```").filter_map(|block| block.strip_prefix("toml\n"));
        let shown: Vec<_> = blocks.filter(|block| block.starts_with("[[price]]")).collect();
        assert_eq!(shown.len(), 1, "the errors say that the form is there");
        PriceTable::with_file("mine.toml", shown[0]).expect("parses");
    }
}
