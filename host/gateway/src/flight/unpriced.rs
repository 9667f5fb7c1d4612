//! What people are told of that has no price: an answer can name another thing each time.

use anvil_types::Timestamp;
use std::collections::BTreeSet;

/// Different things that are told of by their names in an hour.
const MOST: usize = 20;
/// What all others of the hour are told as, once.
const OTHERS: &str = "one of more models, speeds, tiers and places than are told apart";
const HOUR_MICROS: i64 = 3_600_000_000;

/// The things of the present hour. An hour that is over begins no other anew: a batch's calls are of earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Unpriced {
    hour: i64,
    named: BTreeSet<String>,
}

impl Unpriced {
    /// As what a thing is told that an answer of this time named.
    pub(crate) fn told<'w>(&mut self, what: &'w str, at: Timestamp) -> &'w str {
        let hour = at.micros().div_euclid(HOUR_MICROS);
        if hour > self.hour {
            self.hour = hour;
            self.named.clear();
        }
        if self.named.contains(what) {
            return what;
        }
        if self.named.len() == MOST {
            return OTHERS;
        }
        self.named.insert(what.to_owned());
        what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_told_by_name_in_an_hour_and_all_others_as_one() {
        let mut unpriced = Unpriced::default();
        let at = |hour: i64| Timestamp::from_micros(hour * HOUR_MICROS + 1);
        let names: Vec<_> = (0..1_000).map(|n| format!("the model `{n}`")).collect();
        let told = |unpriced: &mut Unpriced, hour| {
            let told: BTreeSet<_> = names.iter().map(|name| unpriced.told(name, at(hour))).collect();
            (told.len(), told.contains(OTHERS))
        };
        for hour in [500, 500, 501] {
            assert_eq!(told(&mut unpriced, hour), (MOST + 1, true), "{hour}");
        }
        // What is late is told among those of now.
        assert_eq!(unpriced.told("the speed `warp`", at(499)), OTHERS);
        assert_eq!(unpriced.told("the speed `warp`", at(502)), "the speed `warp`");
    }
}
