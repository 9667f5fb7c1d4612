//! What the fuzz drivers stand on: a corpus of valid input is changed at random, and what reads it must hold.
//!
//! A driver is an ordinary test in the crate whose reader it drives, named `fuzz::…`, so that it needs no build of its
//! own and reaches what is not public. `make test` gives each a moment, `make fuzz` a minute
//! (`ANVIL_TEST_FUZZ_SECONDS`). Input that breaks something is made small and printed; `ANVIL_TEST_FUZZ_SEED` goes through the
//! same inputs again.
//!
//! The changes are those that find faults in readers of text: a few bytes turned, a piece taken out, said twice or
//! brought over from another input, a word or a number of the format put in. They are made by `proptest`, which knows
//! how to make them fewer again.

mod change;
mod wasm;

pub use wasm::{Damage, Mutant, Mutants, Original, files};

use change::{Change, changes, made};
use proptest::test_runner::{Config, FailurePersistence, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Inputs between two looks at the clock.
const ROUND: u32 = 200;
/// How long a driver runs where nothing else is asked for.
const USUAL: Duration = Duration::from_secs(2);
/// The most that is looked for a fault that was planted: a minute's worth for a slow machine.
const PLANTED_INPUTS: u32 = 120_000;

/// A reader, and what is known of its input.
#[derive(Debug)]
pub struct Driver<T> {
    /// Valid input, from which all else is made.
    pub corpus: &'static [&'static [u8]],
    /// Words of the format, which chance alone would not write.
    pub words: &'static [&'static str],
    /// Reads input, and panics where something does not hold. What it saw is for plants.
    pub run: fn(&[u8]) -> T,
}

impl<T: 'static> Driver<T> {
    /// Runs until the time is over.
    pub fn run(&self) {
        let seconds = std::env::var("ANVIL_TEST_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
        let until = Instant::now() + seconds.map_or(USUAL, Duration::from_secs);
        for input in self.corpus {
            (self.run)(input);
        }
        let first = seed();
        let mut inputs = self.corpus.len();
        for round in 0.. {
            if Instant::now() >= until {
                break;
            }
            if let Some((input, why)) = self.round(first.wrapping_add(round), &|_| false) {
                panic!("{why}\ninput: {:?}\nafter {inputs} inputs", String::from_utf8_lossy(&input));
            }
            inputs += ROUND as usize;
        }
        println!("{inputs} inputs");
    }

    /// Whether a fault that shows in what was seen is found, as it would be within a minute.
    ///
    /// # Panics
    /// Where it is not: the driver could not find a fault like it.
    pub fn finds(&self, fault: fn(&T) -> bool) {
        self.finds_within(fault, PLANTED_INPUTS);
    }

    fn finds_within(&self, fault: fn(&T) -> bool, inputs: u32) {
        assert!(
            !self.corpus.iter().any(|input| fault(&(self.run)(input))),
            "valid input shows the fault already"
        );
        let first = seed();
        let found = (0..inputs / ROUND)
            .find_map(|round| Some((round, self.round(first.wrapping_add(round.into()), &fault)?)));
        let (round, (input, why)) = found.expect("the planted fault is found");
        assert!(why.contains("planted"), "{why}");
        println!("found after at most {} inputs: {:?}", (round + 1) * ROUND, String::from_utf8_lossy(&input));
    }

    /// Some inputs; the smallest that breaks something, and how.
    fn round(&self, seed: u64, fault: &dyn Fn(&T) -> bool) -> Option<(Vec<u8>, String)> {
        let strategy = changes(self.corpus.len(), self.words.len());
        let make = |changes: &(usize, Vec<Change>)| made(changes, self.corpus, self.words);
        let usual = std::panic::take_hook();
        // Each panic on the way to the smallest input would be printed.
        std::panic::set_hook(Box::new(|_| {}));
        let ended = runner(seed).run(&strategy, |changes| {
            let input = make(&changes);
            match catch_unwind(AssertUnwindSafe(|| (self.run)(&input))) {
                Ok(seen) if fault(&seen) => Err(TestCaseError::fail("the planted fault")),
                Ok(_) => Ok(()),
                Err(panic) => Err(TestCaseError::fail(said(panic.as_ref()))),
            }
        });
        std::panic::set_hook(usual);
        match ended {
            Ok(()) => None,
            Err(proptest::test_runner::TestError::Fail(why, changes)) => {
                Some((make(&changes), why.to_string()))
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Where chance begins; told, so that it can begin there again.
fn seed() -> u64 {
    let seed =
        std::env::var("ANVIL_TEST_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            u64::from(now.subsec_nanos()) ^ (now.as_secs() << 20)
        });
    println!("ANVIL_TEST_FUZZ_SEED={seed}");
    seed
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: ROUND,
        failure_persistence: None::<Box<dyn FailurePersistence>>,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: Driver<usize> = Driver {
        corpus: &[b"[1, 2]", b"[]"],
        words: &["[", "]", "null"],
        run: |input| {
            // Anything but UTF-8 breaks this reader.
            std::str::from_utf8(input).expect("text").matches('[').count()
        },
    };

    #[test]
    fn a_fault_is_found_and_made_small() {
        let found = (0..500).find_map(|seed| LISTS.round(seed, &|_| false));
        let (input, why) = found.expect("bytes that are no text");
        assert!(why.contains("it panicked: text"), "{why}");
        assert!(input.len() <= 12, "{input:?}");
    }

    #[test]
    fn a_planted_fault_is_found() {
        let texts = Driver { run: |input| String::from_utf8_lossy(input).matches('[').count(), ..LISTS };
        texts.finds(|lists| *lists > 4);
    }

    #[test]
    #[should_panic(expected = "the planted fault is found")]
    fn a_fault_that_cannot_be_reached_is_not_claimed_to_be_found() {
        let quick = Driver { run: |_| 0, ..LISTS };
        quick.finds_within(|lists| *lists > 4, 2_000);
    }
}
