//! Seeded randomness and the hash of texts. Both stay the same on every machine and in every release.

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, good enough for dice.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { low + self.next_u64() % (high - low).saturating_add(1).max(1) }
    }

    /// True with the given probability.
    #[expect(clippy::cast_precision_loss, reason = "53 random bits are what an f64 holds exactly")]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        ((self.next_u64() >> 11) as f64) / ((1_u64 << 53) as f64) < probability
    }

    /// One of the choices.
    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        match u64::try_from(choices.len()) {
            Ok(n) if n > 0 => choices[usize::try_from(self.next_u64() % n).unwrap_or(0)],
            _ => "",
        }
    }
}

/// FNV-1a, 64 bits: continues `hash` over `bytes`.
pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// Where an FNV-1a hash begins.
pub(crate) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
