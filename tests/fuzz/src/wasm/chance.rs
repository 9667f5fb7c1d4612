//! Chance that is the same each time.

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Random numbers that follow from a seed and a number.
pub(super) struct Chance(TestRng);

impl Chance {
    pub(super) fn new(seed: u64, number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// A number below this one; 0 where there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let drawn = usize::try_from(self.0.next_u32()).unwrap_or(0);
        drawn.checked_rem(end).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.0.next_u32().to_le_bytes()[0]
    }

    /// Fewer than so many bytes.
    pub(super) fn bytes(&mut self, end: usize) -> Vec<u8> {
        let mut bytes = vec![0; self.below(end)];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
