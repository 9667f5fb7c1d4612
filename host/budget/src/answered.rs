//! What an answer costs by its own word: which model, speed, tier and place it says that it is of.

use crate::price::{PriceRow, PriceTable};
use crate::saved::Saving;
use anvil_types::{InferenceGeo, Nanodollars, ServiceTier, Speed, Timestamp, Usage};

/// What an answer costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The dearer of the row that was asked for and the rows that answered.
    pub cost: Nanodollars,
    /// What the prompt cache saved of it, by the row that it costs by.
    pub saved: Nanodollars,
    /// What a batch saved of it, by the same row.
    pub batch_saved: Nanodollars,
    /// What of the answer has no price, in words; its cost is a guess then.
    pub without_price: Option<String>,
}

impl Answered {
    fn by(row: &PriceRow, usage: &Usage, without_price: Option<String>) -> Self {
        let saved = |by| row.saved(by, usage);
        let (cost, batch_saved) = (row.cost(usage), saved(Saving::Batch));
        Self { cost, saved: saved(Saving::PromptCache), batch_saved, without_price }
    }
}

impl PriceTable {
    /// The cost of an answer to a question that was held by `asked` at `at`: never less than by that row. A
    /// dated id of the model that was asked for is that model.
    pub fn answered(&self, asked: &PriceRow, models: &[String], usage: &Usage, at: Timestamp) -> Answered {
        let (dearest, without_price) = self.dearest(asked, models, usage, at);
        Answered::by(dearest, usage, without_price)
    }

    /// What a kept reply of this model and usage saves a question to `asked` at `at`.
    pub fn saved_by_reply(&self, asked: &PriceRow, model: &str, usage: &Usage, at: Timestamp) -> Nanodollars {
        let (row, _) = self.dearest(asked, &[model.to_owned()], usage, at);
        row.saved(Saving::Reply, usage)
    }

    // The row that an answer costs by, and what of it has no price.
    fn dearest<'a>(
        &'a self,
        asked: &'a PriceRow,
        models: &[String],
        usage: &Usage,
        at: Timestamp,
    ) -> (&'a PriceRow, Option<String>) {
        let speed = usage.speed.as_deref().filter(|speed| *speed != Speed::Standard.name());
        let (mut dearest, mut without_price) = (asked, None);
        let itself = [asked.model.clone()];
        for model in if models.is_empty() { &itself[..] } else { models } {
            let same = undated(model) == undated(&asked.model);
            if !(same && speed == asked.speed.as_deref()) && self.row_of(asked, model, speed, at).is_none() {
                let speed = speed.map(|speed| format!(" at the speed `{speed}`")).unwrap_or_default();
                without_price = Some(format!("the model `{model}`{speed}"));
            }
            // What was said together need not be so together: the dearest of all readings that have a row.
            for (model, speed) in [(model, speed), (model, asked.speed.as_deref()), (&asked.model, speed)] {
                if let Some(row) = self.row_of(asked, model, speed, at)
                    && row.cost(usage) > dearest.cost(usage)
                {
                    dearest = row;
                }
            }
        }
        let words = [
            ("service tier", &usage.service_tier, ServiceTier::NAMES),
            ("place", &usage.inference_geo, InferenceGeo::NAMES),
        ];
        for (what, said, known) in words {
            if let Some(said) = said.as_deref().filter(|said| !known.contains(said)) {
                without_price.get_or_insert_with(|| format!("the {what} `{said}`"));
            }
        }
        (dearest, without_price)
    }

    /// The cost where so many models are told that any may have answered: by the dearest of all rows.
    pub fn answered_by_any(&self, asked: &PriceRow, usage: &Usage, at: Timestamp) -> Answered {
        let rows = self.rows().iter().filter_map(|row| self.row(&row.model, row.speed.as_deref(), at).ok());
        let dearest =
            rows.max_by_key(|row| row.cost(usage)).filter(|row| row.cost(usage) > asked.cost(usage));
        let without_price = "more models than one answer can have".to_owned();
        Answered::by(dearest.unwrap_or(asked), usage, Some(without_price))
    }

    // What was asked for costs by the row that it was held by, whatever the table has now.
    fn row_of<'a>(
        &'a self,
        asked: &'a PriceRow,
        model: &str,
        speed: Option<&str>,
        at: Timestamp,
    ) -> Option<&'a PriceRow> {
        let same = undated(model) == undated(&asked.model);
        if same && speed == asked.speed.as_deref() {
            return Some(asked);
        }
        let itself = same.then(|| self.row(&asked.model, speed, at).ok()).flatten();
        itself.or_else(|| self.row(model, speed, at).ok()).or_else(|| self.row_undated(model, speed, at))
    }

    // The row of the model that this is a dated id of, or of a dated id of it.
    fn row_undated(&self, model: &str, speed: Option<&str>, at: Timestamp) -> Option<&PriceRow> {
        let same = |row: &&PriceRow| undated(&row.model) == undated(model);
        let known = self.rows().iter().find(same)?;
        self.row(&known.model, speed, at).ok()
    }
}

/// A model's id without its day: `claude-haiku-4-5` for `claude-haiku-4-5-20251001`.
fn undated(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, day)) if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(asked: &str, models: &[&str], usage: &Usage) -> (i64, Option<String>) {
        let table = PriceTable::built_in();
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let row = table.row(asked, None, at).expect("a price");
        let models: Vec<_> = models.iter().map(|model| (*model).to_owned()).collect();
        let answered = table.answered(row, &models, usage, at);
        (answered.cost.get(), answered.without_price)
    }

    fn usage() -> Usage {
        Usage { input_tokens: 1_000, output_tokens: 1_000, ..Usage::default() }
    }

    #[test]
    fn the_dearer_of_what_was_asked_and_what_answered_counts() {
        let (haiku, sonnet, opus) = (600_000, 12_000_000, 24_000_000);
        for (asked, models, cost) in [
            ("claude-haiku-5-5", &["claude-haiku-5-5"][..], haiku),
            ("claude-haiku-5-5", &[], haiku),
            ("claude-haiku-5-5", &["claude-opus-5-5"], opus),
            ("claude-opus-5-5", &["claude-haiku-5-5"], opus),
            ("claude-haiku-5-5", &["claude-sonnet-5-5", "claude-haiku-5-5"], sonnet),
            ("claude-haiku-5-5", &["claude-haiku-5-5-20261007"], haiku),
            ("claude-haiku-5-5", &["claude-opus-5-5-20260922"], opus),
            ("claude-haiku-4-5-20251001", &["claude-haiku-4-5"], 6_000_000),
            ("claude-haiku-5-5", &["claude-haiku-4-5"], 6_000_000),
        ] {
            assert_eq!(answered(asked, models, &usage()), (cost, None), "{asked} {models:?}");
        }
        let (cost, without) = answered("claude-haiku-5-5", &["claude-mystery-9"], &usage());
        assert_eq!(cost, haiku);
        assert!(without.is_some_and(|said| said.contains("claude-mystery-9")));
    }

    #[test]
    fn what_was_saved_is_told_by_the_row_that_it_costs_by() {
        let table = PriceTable::built_in();
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let row = |model| table.row(model, None, at).expect("a price");
        let usage = Usage { cache_read_tokens: 1_000, cache_write_5m_tokens: 100, ..usage() };
        for (asked, answered, by) in [
            ("claude-haiku-5-5", "claude-haiku-5-5", "claude-haiku-5-5"),
            ("claude-haiku-5-5", "claude-opus-5-5", "claude-opus-5-5"),
            ("claude-opus-5-5", "claude-haiku-5-5", "claude-opus-5-5"),
        ] {
            let told = table.answered(row(asked), &[answered.to_owned()], &usage, at);
            let both = (told.cost, told.saved);
            assert_eq!(
                both,
                (row(by).cost(&usage), row(by).saved(Saving::PromptCache, &usage)),
                "{asked} {answered}"
            );
        }
    }

    #[test]
    fn speed_tier_and_place_are_priced_by_the_dearer_reading_or_not_at_all() {
        let fast = Usage { speed: Some("fast".into()), ..usage() };
        assert_eq!(answered("claude-opus-5-5", &["claude-opus-5-5"], &fast), (48_000_000, None));
        let (cost, without) = answered("claude-haiku-5-5", &["claude-haiku-5-5"], &fast);
        assert_eq!(cost, 600_000);
        assert!(without.is_some_and(|said| said.contains("`fast`")));
        // The other model, the other speed, both or neither: the dearest that there is.
        assert_eq!(answered("claude-haiku-5-5", &["claude-sonnet-5-5"], &fast).0, 12_000_000);
        assert_eq!(answered("claude-opus-5-5", &["claude-mystery-9"], &fast).0, 48_000_000);
        let batch = Usage { service_tier: Some("batch".into()), ..usage() };
        assert_eq!(answered("claude-haiku-5-5", &[], &batch), (300_000, None));
        let standard = Usage {
            speed: Some("standard".into()),
            service_tier: Some("standard".into()),
            inference_geo: Some("global".into()),
            ..usage()
        };
        assert_eq!(answered("claude-haiku-5-5", &[], &standard), (600_000, None));
        let priority = Usage { service_tier: Some("priority".into()), ..usage() };
        let (cost, without) = answered("claude-haiku-5-5", &[], &priority);
        assert!(cost == 600_000 && without.is_some_and(|said| said.contains("priority")));
        let moon = Usage { inference_geo: Some("moon".into()), ..usage() };
        let (cost, without) = answered("claude-haiku-5-5", &[], &moon);
        assert!(cost == 660_000 && without.is_some_and(|said| said.contains("moon")));
    }

    #[test]
    fn where_any_model_may_have_answered_the_dearest_counts() {
        let table = PriceTable::built_in();
        let at: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
        let row = table.row("claude-haiku-5-5", None, at).expect("a price");
        let answered = table.answered_by_any(row, &usage(), at);
        // $10 and $50 a million, the dearest of the built-in table.
        assert_eq!(answered.cost.get(), 60_000_000);
        assert!(answered.without_price.is_some());
    }

    #[test]
    fn no_usage_makes_an_answers_cost_wrap() {
        let usage = Usage {
            input_tokens: u64::MAX,
            output_tokens: u64::MAX,
            cache_read_tokens: u64::MAX,
            cache_write_5m_tokens: u64::MAX,
            cache_write_1h_tokens: u64::MAX,
            ..Usage::default()
        };
        assert_eq!(answered("claude-haiku-5-5", &[], &usage).0, i64::MAX);
    }
}
