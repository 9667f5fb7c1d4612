//! Spend over a stretch of time, by who asked, for which model, by kind of token, or by hour or day: one
//! view for the API and the page, made from the ledger's sums.

use crate::ask::{Query, bad_query};
use crate::problem::Problem;
use crate::state::WebState;
use anvil_api::{By, Sum};
use anvil_budget::{KINDS, PriceTable, Windows, split};
use anvil_store::{Tokens, UsageSum};
use anvil_types::{Nanodollars, Timestamp, Usage};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most stretches that one answer tells apart.
const MOST_STRETCHES: usize = 2_000;
const HOUR: Duration = Duration::from_hours(1);

/// A stretch of time, its end not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Stretch {
    /// `from` and `to` of a query; today where neither is given.
    pub(crate) fn of(query: &Query, windows: &Windows, now: Timestamp) -> Result<Self, Problem> {
        let today = windows.day(now);
        let from = query.text("from").map(|text| begin("from", text, windows)).transpose()?;
        let to = query.text("to").map(|text| end("to", text, windows)).transpose()?;
        let stretch = match (from, to) {
            (Some(from), to) => Self { from, to: to.unwrap_or(today.end.max(from)) },
            (None, Some(to)) => Self { from: windows.day(to - Duration::from_micros(1)).start, to },
            (None, None) => Self { from: today.start, to: today.end },
        };
        if stretch.from < stretch.to {
            Ok(stretch)
        } else {
            Err(bad_query(match query.text("to") {
                Some(_) => format!("`from` ({}) must be before `to` ({})", stretch.from, stretch.to),
                None => format!(
                    "`from` ({}) is in the future, and it is {now}: nothing is spent yet",
                    stretch.from
                ),
            }))
        }
    }

    /// Where hours (of UTC, as the sums are kept) or days (of the zone) begin in it, and its end.
    pub(crate) fn cuts(self, by: By, windows: &Windows) -> Result<Vec<Timestamp>, Problem> {
        let mut cuts = vec![self.from];
        let mut last = self.from;
        loop {
            let next = match by {
                By::Hour => {
                    let hour = last.micros().div_euclid(3_600_000_000) * 3_600_000_000;
                    Timestamp::from_micros(hour) + HOUR
                }
                By::Day => windows.day(last).end,
                _ => self.to,
            };
            if next >= self.to || next <= last {
                cuts.push(self.to);
                return Ok(cuts);
            }
            if cuts.len() >= MOST_STRETCHES {
                return Err(bad_query(format!(
                    "from {} to {} are more than {MOST_STRETCHES} {}s; ask for a shorter stretch",
                    self.from,
                    self.to,
                    by.name()
                )));
            }
            cuts.push(next);
            last = next;
        }
    }
}

/// A time of a query: RFC 3339, or a date for the beginning of that day.
pub(crate) fn begin(name: &str, text: &str, windows: &Windows) -> Result<Timestamp, Problem> {
    moment(name, text, |date| windows.day(date).start, windows)
}

/// The same for an end: a date is in it whole.
pub(crate) fn end(name: &str, text: &str, windows: &Windows) -> Result<Timestamp, Problem> {
    moment(name, text, |date| windows.day(date).end, windows)
}

fn moment(
    name: &str,
    text: &str,
    of_day: impl FnOnce(Timestamp) -> Timestamp,
    windows: &Windows,
) -> Result<Timestamp, Problem> {
    if let Ok(date) = text.parse::<jiff::civil::Date>()
        && text.len() <= 10
    {
        // Noon is within its day in every zone and on every day.
        let noon = date.at(12, 0, 0, 0).to_zoned_datetime(windows.zone().clone());
        return noon.map(|noon| of_day(noon.timestamp().into())).map_err(|error| wrong(name, text, error));
    }
    text.parse().map_err(|error| wrong(name, text, error))
}

fn wrong(name: &str, text: &str, error: impl std::fmt::Display) -> Problem {
    bad_query(format!("`{name}={text}` is no time: {error}; as in 2026-11-23 or 2026-11-23T16:40:00Z"))
}

/// What a sum of the ledger came to.
pub(crate) fn came_to(sum: &UsageSum) -> Sum {
    Sum {
        calls: Some(sum.calls),
        spent: sum.spent(),
        unknown: sum.unknown,
        saved: Some(sum.saved),
        hits: Some(sum.hits),
        reply_saved: Some(sum.reply_saved),
        batched: Some(sum.batched),
        batch_saved: Some(sum.batch_saved),
        tokens: sum.tokens,
    }
}

/// The name of what is unknown where kinds of token are told apart.
pub(crate) const UNKNOWN_KIND: &str = "unknown";

/// A sum of the ledger as parts, each with what it is told apart by; none where nobody is named.
pub(crate) fn parts(sum: &UsageSum, by: By, prices: &PriceTable) -> Vec<(Option<String>, Sum)> {
    match by {
        By::Agent => vec![(sum.agent.clone(), came_to(sum))],
        By::Key => vec![(sum.api_key.clone(), came_to(sum))],
        By::Model => vec![(Some(sum.model.clone()), came_to(sum))],
        By::Hour | By::Day => vec![(Some(sum.start.to_string()), came_to(sum))],
        By::Kind => kinds(sum, prices),
    }
}

/// Settled money by kind of token, as the price table splits it; what is unknown stands alone.
fn kinds(sum: &UsageSum, prices: &PriceTable) -> Vec<(Option<String>, Sum)> {
    let t = sum.tokens;
    let usage = Usage {
        input_tokens: t.input,
        output_tokens: t.output,
        cache_read_tokens: t.cache_read,
        cache_write_5m_tokens: t.cache_write_5m,
        cache_write_1h_tokens: t.cache_write_1h,
        ..Usage::default()
    };
    let none = Tokens::default();
    let tokens = [
        Tokens { input: t.input, ..none },
        Tokens { output: t.output, ..none },
        Tokens { cache_read: t.cache_read, ..none },
        Tokens { cache_write_5m: t.cache_write_5m, ..none },
        Tokens { cache_write_1h: t.cache_write_1h, ..none },
    ];
    let shares = split(prices, &sum.model, sum.start, &usage, sum.settled);
    let mut parts: Vec<_> = KINDS
        .iter()
        .zip(shares.into_iter().zip(tokens))
        .map(|(name, (spent, tokens))| (Some((*name).to_owned()), Sum { spent, tokens, ..Sum::default() }))
        .collect();
    let unknown = Sum { spent: sum.unknown, unknown: sum.unknown, ..Sum::default() };
    parts.push((Some(UNKNOWN_KIND.to_owned()), unknown));
    parts.retain(|(_, part)| part != &Sum::default());
    parts
}

/// Sums by what they are told apart by, and all of them together.
pub(crate) struct Grouped {
    pub(crate) groups: Vec<(Option<String>, Sum)>,
    pub(crate) total: Sum,
}

impl Grouped {
    pub(crate) fn new(sums: &[UsageSum], by: By, prices: &PriceTable) -> Self {
        let mut groups: BTreeMap<Option<String>, Sum> = BTreeMap::new();
        let nothing = Some(Nanodollars::ZERO);
        let mut total =
            Sum { calls: Some(0), saved: nothing, hits: Some(0), reply_saved: nothing, ..Sum::default() };
        for sum in sums {
            total.add(&came_to(sum));
            for (name, part) in parts(sum, by, prices) {
                groups.entry(name).or_default().add(&part);
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        // Times in their order, everything else by what it came to.
        if !matches!(by, By::Hour | By::Day) {
            groups.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.spent));
        }
        Self { groups, total }
    }

    /// Of a stretch, as the host has it now.
    pub(crate) async fn load(state: &WebState, stretch: Stretch, by: By) -> Result<Self, Problem> {
        let windows = state.control.ledger.windows();
        // Prices change by the day, so that kinds of token are split for each day by itself.
        let cuts = stretch.cuts(if by == By::Kind { By::Day } else { by }, &windows)?;
        let sums = state.control.ledger.usage(cuts).await?;
        Ok(Self::new(&sums, by, &state.control.prices.table()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn query(text: &str) -> Query {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Query::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn a_date_is_a_whole_day_of_the_zone() {
        let windows = Windows::new(TimeZone::get("Europe/Berlin").expect("the zone"));
        let now = at("2026-11-23T12:00:00Z");
        for (text, from, to) in [
            ("", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"),
            ("from=2026-11-01&to=2026-11-02", "2026-10-31T23:00:00Z", "2026-11-02T23:00:00Z"),
            ("from=2026-10-25&to=2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("from=2026-11-01", "2026-10-31T23:00:00Z", "2026-11-23T23:00:00Z"),
            ("to=2026-11-02", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z"),
            ("from=2026-11-01T10:00:01Z&to=2026-11-01T11:00:00%2B01:00", "", ""),
            (
                "from=2026-11-01T10:00:01Z&to=2026-11-01T12:00:00Z",
                "2026-11-01T10:00:01Z",
                "2026-11-01T12:00:00Z",
            ),
            ("from=2026-11-03&to=2026-11-02", "", ""),
            ("from=yesterday", "", ""),
        ] {
            let stretch = Stretch::of(&query(text), &windows, now);
            match stretch {
                Ok(stretch) => assert_eq!((stretch.from, stretch.to), (at(from), at(to)), "{text}"),
                Err(_) => assert!(from.is_empty(), "{text}"),
            }
        }
    }

    #[test]
    fn a_refused_stretch_names_what_was_given_alone() {
        let windows = Windows::new(TimeZone::UTC);
        let now = at("2026-11-23T12:00:00Z");
        for (text, says) in [
            ("from=2030-01-01", "`from` (2030-01-01T00:00:00Z) is in the future"),
            (
                "from=2026-11-24",
                "`from` (2026-11-24T00:00:00Z) is in the future, and it is 2026-11-23T12:00:00Z",
            ),
            ("from=2026-11-24T00:00:00Z", "is in the future"),
            (
                "from=2026-11-03&to=2026-11-02",
                "`from` (2026-11-03T00:00:00Z) must be before `to` (2026-11-03T00:00:00Z)",
            ),
        ] {
            let refused = Stretch::of(&query(text), &windows, now).expect_err(text);
            let told = serde_json::to_string(refused.told()).expect("JSON");
            assert!(told.contains(says) && told.contains("`to`") == text.contains("to="), "{text}: {told}");
        }
        Stretch::of(&query("from=2026-11-23T23:00:00Z"), &windows, now).expect("today is not over");
    }

    #[test]
    fn stretches_are_cut_where_hours_and_days_begin() {
        let windows = Windows::new(TimeZone::get("Asia/Kolkata").expect("the zone"));
        let stretch = Stretch { from: at("2026-11-22T18:30:00Z"), to: at("2026-11-23T18:30:00Z") };
        let days = stretch.cuts(By::Day, &windows).expect("few");
        assert_eq!(days, [stretch.from, stretch.to]);
        let hours = stretch.cuts(By::Hour, &windows).expect("few");
        assert_eq!(
            (hours.len(), hours[1], hours[24]),
            (26, at("2026-11-22T19:00:00Z"), at("2026-11-23T18:00:00Z"))
        );
        let long = Stretch { from: at("2020-01-01T00:00:00Z"), to: stretch.to };
        assert!(long.cuts(By::Hour, &windows).is_err());
        assert_eq!(long.cuts(By::Agent, &windows).expect("one").len(), 2);
    }

    #[test]
    fn every_grouping_has_the_same_total() {
        let sum = |agent: &str, model: &str, settled, unknown| UsageSum {
            start: at("2026-11-23T12:00:00Z"),
            agent: Some(agent.to_owned()).filter(|agent| !agent.is_empty()),
            api_key: agent.is_empty().then(|| "ci".to_owned()),
            model: model.to_owned(),
            calls: 2,
            settled: Nanodollars::new(settled),
            unknown: Nanodollars::new(unknown),
            saved: Nanodollars::new(settled / 3 - 5),
            hits: 3,
            reply_saved: Nanodollars::new(unknown + 1),
            batched: 1,
            batch_saved: Nanodollars::new(settled / 7),
            tokens: Tokens { input: 1_003, output: 77, cache_read: 5, cache_write_5m: 9, cache_write_1h: 0 },
        };
        let sums = [
            sum("a", "claude-haiku-5-5", 1_000_000_007, 3),
            sum("a", "claude-opus-5-5", 13, 0),
            sum("", "no-such-model", 999, 1),
        ];
        let prices = PriceTable::built_in();
        for (by, _) in By::ALL {
            let grouped = Grouped::new(&sums, by, &prices);
            assert_eq!(grouped.total.spent.get(), 1_000_001_023, "{by:?}");
            // 333,333,335 − 5, 4 − 5, 333 − 5.
            assert_eq!(grouped.total.saved.map(Nanodollars::get), Some(333_333_657), "{by:?}");
            let saved = grouped.groups.iter().filter_map(|(_, sum)| sum.saved).sum::<Nanodollars>();
            assert_eq!(saved.get(), if by == By::Kind { 0 } else { 333_333_657 }, "{by:?}");
            let mut all = Sum::default();
            for (_, sum) in &grouped.groups {
                all.add(sum);
            }
            assert_eq!(
                (all.spent, all.unknown, all.tokens),
                (grouped.total.spent, grouped.total.unknown, grouped.total.tokens),
                "{by:?}"
            );
        }
    }
}
