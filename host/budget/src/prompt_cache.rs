//! When a prefix of a prompt is worth being kept in its model's cache, and for how long.
//!
//! Writing a prefix costs more than sending it (1.25 times as much for five minutes, twice for an hour), reading it a tenth
//! to a fortieth; a read renews its time for nothing. So what decides is how soon such prefixes were used again.

pub mod caches;
pub mod gaps;
pub mod habits;
pub mod lineage;
#[cfg(test)]
mod marking;
pub mod misses;
pub mod outline;
pub mod refresh;
pub mod warm;

use crate::price::{PriceRow, Rates};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a prompt stays in a model's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheTtl {
    /// Five minutes since it was last read.
    FiveMinutes,
    /// An hour.
    Hour,
}

impl CacheTtl {
    /// How long it is.
    pub fn duration(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_mins(5),
            Self::Hour => Duration::from_hours(1),
        }
    }

    /// As the Messages API has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
        }
    }
}

/// So many uses are remembered; of more, each counts half as much as those that come after.
const MOST: u32 = 64;

/// How soon prefixes of one kind were used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    within_5m: u32,
    within_1h: u32,
    beyond: u32,
}

impl Reuse {
    /// One was used again after so long; none: not within an hour.
    pub fn note(&mut self, gap: Option<Duration>) {
        let within = |ttl: CacheTtl| gap.is_some_and(|gap| gap < ttl.duration());
        let count = if within(CacheTtl::FiveMinutes) {
            &mut self.within_5m
        } else if within(CacheTtl::Hour) {
            &mut self.within_1h
        } else {
            &mut self.beyond
        };
        *count = count.saturating_add(1);
        if self.all() > u64::from(MOST) {
            for count in [&mut self.within_5m, &mut self.within_1h, &mut self.beyond] {
                *count /= 2;
            }
        }
    }

    fn all(&self) -> u64 {
        u64::from(self.within_5m) + u64::from(self.within_1h) + u64::from(self.beyond)
    }

    /// For how long a prefix of a prompt of so many tokens is best kept by the model of this row; none where sending it
    /// each time costs least, or nothing is known yet.
    ///
    /// A use costs the read where the one before it is within the time that the prefix is kept and the model still has it,
    /// else the write. What was seen is counted with one use more that did not come again: nothing is kept on the strength
    /// of a first time.
    pub fn keep(&self, row: &PriceRow, prompt_tokens: u64, reads: Reads) -> Option<CacheTtl> {
        let rates = row.rates(prompt_tokens);
        let (found, expected) = reads.share();
        let all = (i128::from(self.all()) + 1) * expected;
        let mean = |write: i64, again: u64| {
            let again = i128::from(again) * found;
            (all - again) * i128::from(write) + again * i128::from(rates.cache_read)
        };
        let soon = u64::from(self.within_5m);
        let Rates { input, cache_write_5m, cache_write_1h, .. } = rates;
        let choices = [
            (all * i128::from(input), None),
            (mean(cache_write_5m, soon), Some(CacheTtl::FiveMinutes)),
            (mean(cache_write_1h, soon + u64::from(self.within_1h)), Some(CacheTtl::Hour)),
        ];
        // Of two that cost the same the shorter.
        choices.into_iter().min_by_key(|(cost, _)| *cost).and_then(|(_, ttl)| ttl)
    }
}

/// How often a model had in its cache what it was to have there, of the times at which that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    expected: u32,
    found: u32,
}

impl Reads {
    /// Whether to ask for what is probably there costs no more than to send it: where it is not there, it is written anew.
    pub fn pays(&self, row: &PriceRow, prompt_tokens: u64, ttl: CacheTtl) -> bool {
        let rates = row.rates(prompt_tokens);
        let (found, expected) = self.share();
        let write = match ttl {
            CacheTtl::FiveMinutes => rates.cache_write_5m,
            CacheTtl::Hour => rates.cache_write_1h,
        };
        found * i128::from(rates.cache_read) + (expected - found) * i128::from(write)
            <= expected * i128::from(rates.input)
    }

    // Found, of so many; as if one more had been: nothing is given up for a first failure.
    fn share(self) -> (i128, i128) {
        (i128::from(self.found) + 1, i128::from(self.expected.max(self.found)) + 1)
    }

    /// It was asked for, and read or not.
    pub fn note(&mut self, found: bool) {
        self.expected += 1;
        self.found += u32::from(found);
        if self.expected > MOST {
            (self.expected, self.found) = (self.expected / 2, self.found / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceTable;

    fn row() -> PriceRow {
        let now = "2026-11-23T00:00:00Z".parse().expect("a time");
        PriceTable::built_in().row("claude-sonnet-5-5", None, now).expect("a price").clone()
    }

    fn seen(gaps: &[Option<u64>]) -> Option<CacheTtl> {
        let mut reuse = Reuse::default();
        for minutes in gaps {
            reuse.note(minutes.map(Duration::from_mins));
        }
        reuse.keep(&row(), 5_000, Reads::default())
    }

    #[test]
    fn what_never_came_again_is_not_kept() {
        assert_eq!(seen(&[]), None);
        assert_eq!(seen(&[None; 5]), None);
        assert_eq!(seen(&[Some(60), Some(600)]), None, "an hour is too short for it");
    }

    #[test]
    fn what_comes_again_soon_is_kept_for_five_minutes_and_what_comes_later_for_an_hour() {
        assert_eq!(seen(&[Some(1)]), Some(CacheTtl::FiveMinutes));
        assert_eq!(seen(&[Some(4), Some(1), None]), Some(CacheTtl::FiveMinutes));
        assert_eq!(seen(&[Some(5); 4]), Some(CacheTtl::Hour), "five minutes are over by then");
        assert_eq!(seen(&[Some(1), Some(20), Some(1), Some(20), Some(1), Some(20)]), Some(CacheTtl::Hour));
        assert_eq!(seen(&[Some(1), None, None, None, None]), None);
    }

    #[test]
    fn where_a_model_has_not_what_it_was_to_keep_nothing_is_kept_soon() {
        let (mut reuse, mut reads) = (Reuse::default(), Reads::default());
        for _ in 0..60 {
            reuse.note(Some(Duration::from_mins(1)));
        }
        let kept = (0..100).take_while(|_| {
            reads.note(false);
            reuse.keep(&row(), 5_000, reads).is_some()
        });
        assert!((2..6).contains(&kept.count()));
        assert!(!reads.pays(&row(), 5_000, CacheTtl::FiveMinutes));
        let mut mostly = Reads::default();
        (0..100).for_each(|n| mostly.note(n % 4 > 0));
        assert_eq!(reuse.keep(&row(), 5_000, mostly), Some(CacheTtl::FiveMinutes));
        assert!(mostly.pays(&row(), 5_000, CacheTtl::FiveMinutes));
        assert!(Reads::default().pays(&row(), 5_000, CacheTtl::Hour));
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let mut gaps = vec![None; 500];
        gaps.extend([Some(2); 100]);
        assert_eq!(seen(&gaps), Some(CacheTtl::FiveMinutes));
        gaps.extend([None; 200]);
        assert_eq!(seen(&gaps), None);
    }

    proptest::proptest! {
        // The choice is the cheapest of the three had the same uses come over and over.
        #[test]
        fn it_costs_no_more_than_another_choice_on_what_was_seen(gaps in proptest::collection::vec(0_u64..120, 1..40)) {
            let row = row();
            let rates = row.rates(5_000);
            let mut reuse = Reuse::default();
            for minutes in &gaps {
                reuse.note(Some(Duration::from_mins(*minutes)));
            }
            // One use before them, and one that has none after it.
            let cost = |ttl: Option<CacheTtl>| {
                let one = |gap: Option<u64>| match ttl {
                    None => rates.input,
                    Some(ttl) if gap.is_some_and(|gap| Duration::from_mins(gap) < ttl.duration()) => rates.cache_read,
                    Some(CacheTtl::FiveMinutes) => rates.cache_write_5m,
                    Some(CacheTtl::Hour) => rates.cache_write_1h,
                };
                one(None) + gaps.iter().map(|gap| one(Some(*gap))).sum::<i64>()
            };
            let chosen = cost(reuse.keep(&row, 5_000, Reads::default()));
            for other in [None, Some(CacheTtl::FiveMinutes), Some(CacheTtl::Hour)] {
                proptest::prop_assert!(chosen <= cost(other));
            }
        }
    }
}
