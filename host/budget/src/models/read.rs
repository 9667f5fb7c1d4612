//! Reads the data file. What is not so in it is a fault of the build, and told by name.

use super::{Known, Model, Rejection, Tokenizer, Traits};
use crate::model_map::ModelMap;
use crate::price::read::{MultipliersForm, RowForm, factors, rows};
use crate::price::{NewBand, PriceRow, PriceSource};
use anvil_types::{Effort, Tier};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataForm {
    /// The day on which it was so.
    as_of: Date,
    tiers: ModelMap,
    multipliers: MultipliersForm,
    /// Bytes a token, by the tokenizer's name.
    tokenizers: BTreeMap<String, f64>,
    others: Traits,
    model: Vec<ModelForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelForm {
    id: String,
    context: u64,
    max_output: u64,
    tokenizer: String,
    cache_minimum: u64,
    pool: Option<String>,
    rejects: Vec<Rejection>,
    prices: Vec<PriceForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceForm {
    speed: Option<String>,
    from: Date,
    bands: Vec<NewBand>,
}

/// What the file says; the sentence says what is wrong with it.
pub(super) fn read(text: &str) -> Result<Known, String> {
    let form: DataForm = toml::from_str(text).map_err(|error| error.to_string())?;
    let multipliers = factors(form.multipliers)?;
    let (mut models, mut written): (Vec<Model>, _) = (Vec::new(), Vec::new());
    for model in form.model {
        if models.iter().any(|other| other.id == model.id) {
            return Err(format!("`{}` stands there twice", model.id));
        }
        if model.max_output > model.context {
            return Err(format!("`{}` has a `max_output` above its `context`", model.id));
        }
        written.extend(model.prices.into_iter().map(|price| RowForm {
            model: model.id.clone(),
            speed: price.speed,
            from: price.from,
            context: model.context,
            max_output: model.max_output,
            free: false,
            bands: price.bands,
        }));
        let traits =
            Traits { tokenizer: model.tokenizer, cache_minimum: model.cache_minimum, rejects: model.rejects };
        models.push(Model { id: model.id, pool: model.pool, traits });
    }
    let known = Known {
        tiers: form.tiers,
        prices: rows(written, multipliers, PriceSource::BuiltIn)?,
        multipliers,
        tokenizers: form
            .tokenizers
            .into_iter()
            .map(|(name, bytes_per_token)| Tokenizer { name, bytes_per_token })
            .collect(),
        models,
        others: form.others,
    };
    check_prices(&known)?;
    check_pools(&known)?;
    check_traits(&known)?;
    check_tiers(&known, form.as_of)?;
    Ok(known)
}

/// Every model has a price at the ordinary speed, and what comes later stands below.
fn check_prices(known: &Known) -> Result<(), String> {
    for model in &known.models {
        let of_it = |row: &&PriceRow| row.model == model.id;
        if !known.prices.iter().filter(of_it).any(|row| row.speed.is_none()) {
            return Err(format!("`{}` has no price at the ordinary speed", model.id));
        }
    }
    for (at, row) in known.prices.iter().enumerate() {
        let earlier = |other: &&PriceRow| other.model == row.model && other.speed == row.speed;
        if known.prices[..at].iter().filter(earlier).any(|other| other.from > row.from) {
            return Err(format!("{} stands below a later price", row.id));
        }
    }
    Ok(())
}

/// A pool is several models', and its name is none's: else a slip would join or part rate limits.
fn check_pools(known: &Known) -> Result<(), String> {
    for pool in known.models.iter().filter_map(|model| model.pool.as_deref()) {
        let members = known.models.iter().filter(|model| model.pool.as_deref() == Some(pool)).count();
        if members < 2 {
            return Err(format!("the pool `{pool}` has one model; without `pool` it has limits of its own"));
        }
        if known.model(pool).is_some() {
            return Err(format!("the pool `{pool}` has the name of a model"));
        }
    }
    Ok(())
}

/// Every tokenizer that is named is there, counts as one can, and is some model's; nothing is rejected twice.
fn check_traits(known: &Known) -> Result<(), String> {
    let all = || known.models.iter().map(|model| &model.traits).chain([&known.others]);
    for traits in all() {
        let name = &traits.tokenizer;
        if !known.tokenizers.iter().any(|tokenizer| tokenizer.name == *name) {
            return Err(format!("there is no tokenizer `{name}`"));
        }
        if !(1..=100_000).contains(&traits.cache_minimum) {
            return Err(format!(
                "{} tokens are no shortest prefix that a model caches",
                traits.cache_minimum
            ));
        }
        for (at, what) in traits.rejects.iter().enumerate() {
            if traits.rejects[..at].contains(what) {
                return Err(format!("{what:?} is rejected twice by one model"));
            }
        }
    }
    for Tokenizer { name, bytes_per_token } in &known.tokenizers {
        // A token is a byte at least.
        if !(1.0..=16.0).contains(bytes_per_token) {
            return Err(format!("the tokenizer `{name}` has {bytes_per_token} bytes a token"));
        }
        if !all().any(|traits| traits.tokenizer == *name) {
            return Err(format!("the tokenizer `{name}` is no model's"));
        }
    }
    Ok(())
}

/// Every tier's default is a model that has a price, and harder work has no weaker tier.
fn check_tiers(known: &Known, as_of: Date) -> Result<(), String> {
    let as_of = as_of.to_zoned_datetime(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?;
    let as_of = as_of.timestamp().into();
    for tier in Tier::ALL {
        let model = known.tiers.model(tier);
        let in_force = |row: &PriceRow| row.model == model && row.speed.is_none() && row.from <= as_of;
        if !known.prices.iter().any(in_force) {
            return Err(format!("the tier {tier} is `{model}`, which has no price on the file's day"));
        }
    }
    let tiers = [Effort::Simple, Effort::Standard, Effort::Complex].map(|effort| known.tiers.tier(effort));
    if !tiers.is_sorted() {
        return Err("harder work has a weaker tier".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = include_str!("../../models.toml");

    #[test]
    fn the_data_file_holds_together() {
        let known = read(DATA).expect("it holds together");
        assert!(known.models.len() > 10 && known.prices.len() > known.models.len());
    }

    #[test]
    fn a_fault_in_the_data_file_is_told_by_name() {
        let sonnet = "id = \"claude-sonnet-5-5\"";
        for (from, to, says) in [
            ("as_of =", "as_off =", "as_off"),
            ("[others]", "[other]", "other"),
            ("rejects = [\"thinking_budget\"", "reject = [\"thinking_budget\"", "reject"),
            ("\"forced_tool\"", "\"forced_tols\"", "forced_tols"),
            ("\"forced_tool\"", "\"thinking_budget\"", "ThinkingBudget is rejected twice"),
            (sonnet, "id = \"claude-opus-5-5\"", "`claude-opus-5-5` stands there twice"),
            (sonnet, "id = \"claude-sonnet-5-6\"", "the tier sonnet is `claude-sonnet-5-5`"),
            ("sonnet = \"claude-sonnet-5-5\"", "sonnet = \"claude-sonnet-6\"", "is `claude-sonnet-6`"),
            ("haiku = \"claude-haiku-5-5\"", "haiko = \"claude-haiku-5-5\"", "haiko"),
            ("simple = \"haiku\"", "simple = \"haikou\"", "haikou"),
            ("simple = \"haiku\"", "simple = \"opus\"", "a weaker tier"),
            ("as_of = \"2026-11-23\"", "as_of = \"2026-10-01\"", "the tier haiku is `claude-haiku-5-5`"),
            ("pool = \"claude-sonnet-4\"", "pool = \"claude-sonnet-4-x\"", "has one model"),
            ("\"claude-opus-4\"", "\"claude-opus-5\"", "has the name of a model"),
            ("tokenizer = \"to-4-6\"", "tokenizer = \"to-4-7\"", "no tokenizer `to-4-7`"),
            ("tokenizer = \"to-4-6\"", "tokenizer = \"from-4-7\"", "`to-4-6` is no model's"),
            ("to-4-6 = 3.25", "to-4-6 = 0.5", "0.5 bytes a token"),
            ("cache_minimum = 1024", "cache_minimum = 0", "0 tokens are no shortest prefix"),
            ("to-4-6 = 3.25", "to-4-6 = nan", "NaN bytes a token"),
            ("from = \"2026-10-07\"", "from = \"2026-09-01\"", "stands below a later price"),
            ("from = \"2026-10-07\"", "from = \"2026-09-28\"", "two rows claude-sonnet-5-5@2026-09-28"),
            ("speed = \"fast\"\n", "", "two rows claude-opus-5-5@2026-09-22"),
            ("speed = \"fast\"", "speed = \"standard\"", "`speed` is `standard`"),
            ("input = 8,", "input = -8,", "`input` is -8"),
            ("input = 8,", "inputs = 8,", "inputs"),
            ("up_to = 100000, ", "", "the bands must rise"),
            ("max_output = 64000", "max_output = 0", "`max_output` is 0"),
            ("context = 200000", "context = 2000", "above its `context`"),
            ("batch = 0.5 ", "batch = 0 ", "multipliers.batch is 0"),
        ] {
            assert!(DATA.contains(from), "{from}");
            // Of the rest that is alike, too: one place alone may be what makes a pool or a tokenizer whole.
            let many = ["pool", "tokenizer =", "\"claude-opus-4\""].iter().any(|word| from.starts_with(word));
            let planted = if many && !says.contains("one model") {
                DATA.replace(from, to)
            } else {
                DATA.replacen(from, to, 1)
            };
            let error = read(&planted).expect_err(says);
            assert!(error.contains(says), "{to}: {error}");
        }
        let priceless = DATA.split_once("[[model]]").expect("models").0.to_owned()
            + "[[model]]\nid = \"m\"\ncontext = 2\nmax_output = 1\ntokenizer = \"to-4-6\"\ncache_minimum = 1\nrejects = []\nprices = []\n";
        assert!(read(&priceless).expect_err("no price").contains("`m` has no price"));
    }
}
