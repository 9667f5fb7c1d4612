//! Chance that is the same each time.

use anvil_types::Timestamp;
use std::time::Duration;

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): the same sequence from the same seed everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Of one thing among many, the same whatever else is drawn.
    pub(crate) fn of(seed: u64, of: [u64; 3]) -> Self {
        let mut chance = Self(seed);
        for part in of {
            chance.0 = chance.number() ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        Self(chance.number())
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, 1 not included.
    pub(crate) fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let share = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }

    /// Something around `mean`, evenly up to this share of it more or less.
    pub(crate) fn around(&mut self, mean: f64, varies: f64) -> f64 {
        mean * (1.0 + varies * (2.0 * self.share() - 1.0))
    }

    /// Times at which something comes that comes so often on average between `from` and `to`, each by itself.
    pub(crate) fn arrivals(&mut self, often: f64, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let (mut at, mut times) = (0.0, Vec::new());
        let length = to.since(from).as_secs_f64();
        if often <= 0.0 {
            return times;
        }
        loop {
            at -= (1.0 - self.share()).ln() * length / often;
            if at >= length {
                return times;
            }
            times.push(from + Duration::from_secs_f64(at));
        }
    }
}
