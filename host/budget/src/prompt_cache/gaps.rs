//! How long it is until prefixes are used again, more closely than what they are kept by: what a refresh is weighed by.

use anvil_types::Nanodollars;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most that one prefix is refreshed between two uses of it.
pub const MOST_REFRESHES: u32 = 3;
/// How long a refresh keeps it, in seconds.
const BOUGHT_S: u64 = 300;
/// Each so much of an hour, and what is longer.
const STEPS: usize = 13;
/// So many gaps are remembered; of more, each counts half as much as those that come after.
const MOST_GAPS: u32 = 64;

/// How long it was until prefixes of one kind were used again, by five minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps([u32; STEPS]);

impl Gaps {
    /// One was used again after so long; none: not within an hour.
    pub fn note(&mut self, gap: Option<Duration>) {
        let step = gap.and_then(|gap| usize::try_from(gap.as_secs() / BOUGHT_S).ok());
        self.0[step.map_or(STEPS - 1, |step| step.min(STEPS - 1))] += 1;
        if self.0.iter().sum::<u32>() > MOST_GAPS {
            for count in &mut self.0 {
                *count /= 2;
            }
        }
    }

    /// Whether it pays to refresh once more what was refreshed so often since it was used: where what finding it there
    /// saves, as often as it comes again in the time that this buys, is more than the refresh costs. Of those that had
    /// not come by then one more is counted that does not come.
    pub fn refresh_pays(&self, made: u32, saves: Nanodollars, cost: Nanodollars) -> bool {
        let Some(bought) = usize::try_from(made).ok().filter(|_| made < MOST_REFRESHES).map(|made| made + 1)
        else {
            return false;
        };
        let soon = i128::from(self.0[bought]);
        let all: i128 = self.0[bought..].iter().map(|count| i128::from(*count)).sum::<i128>() + 1;
        soon * i128::from(saves.get()) > all * i128::from(cost.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gaps(minutes: &[Option<f64>]) -> Gaps {
        let mut gaps = Gaps::default();
        for gap in minutes {
            gaps.note(gap.map(|minutes| Duration::from_secs_f64(minutes * 60.0)));
        }
        gaps
    }

    fn pays(gaps: &Gaps, made: u32, saves: i64, cost: i64) -> bool {
        gaps.refresh_pays(made, Nanodollars::new(saves), Nanodollars::new(cost))
    }

    #[test]
    fn what_often_comes_a_little_late_is_refreshed_and_what_does_not_is_not() {
        let late = gaps(&[Some(1.0), Some(5.5), Some(6.0)]);
        // Two of three, with the one more that does not come.
        assert!(pays(&late, 0, 16, 10));
        assert!(!pays(&late, 0, 15, 10), "no more than it costs");
        assert!(!pays(&late, 1, 1_000, 1), "nothing came after ten minutes");
        assert!(!pays(&gaps(&[]), 0, 1_000, 1));
        assert!(!pays(&gaps(&[Some(1.0); 9]), 0, 1_000, 1), "all come in time");
        assert!(!pays(&gaps(&[None; 9]), 0, 1_000, 1));
        assert!(!pays(&gaps(&[Some(5.5), None, None, None]), 0, 40, 10));
    }

    #[test]
    fn after_the_most_of_them_none_pays() {
        let all = gaps(&[Some(6.0), Some(11.0), Some(16.0), Some(21.0), Some(26.0)]);
        let paying: Vec<_> = (0..6).map(|made| pays(&all, made, 1_000, 1)).collect();
        assert_eq!(paying, [true, true, true, false, false, false]);
    }

    proptest! {
        /// However gaps came: had they come over again, with one more that does not, refreshing at this step would not cost
        /// more than it saves.
        #[test]
        fn a_refresh_that_pays_would_have_paid(
            seen in proptest::collection::vec(proptest::option::of(0.0..70.0_f64), 0..60),
            made in 0..5_u32,
            (saves, cost) in (0..1_000_i64, 0..1_000_i64),
        ) {
            let from = f64::from(5 * (made + 1));
            let late = seen.iter().filter(|gap| gap.is_none_or(|gap| gap >= from)).count() + 1;
            let soon = seen.iter().flatten().filter(|gap| (from..from + 5.0).contains(*gap)).count();
            let (late, soon) = (i64::try_from(late).expect("few"), i64::try_from(soon).expect("few"));
            let paid = made < MOST_REFRESHES && soon * saves > late * cost;
            prop_assert_eq!(pays(&gaps(&seen), made, saves, cost), paid);
        }
    }
}
