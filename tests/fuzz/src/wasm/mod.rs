//! Plugin files that are broken at random, all made of real ones.
//!
//! What text is changed by turns too few of a plugin's readers: most such files end at the first length that does not hold. So a
//! file is taken apart, and what is changed in it has right lengths around it unless a wrong one is what is changed.
//!
//! A file follows from a seed and its number alone: whichever one breaks something can be made again by itself.

mod chance;
mod damage;
mod parts;

pub use damage::Damage;

use chance::Chance;
use parts::Part;
use std::fmt::{self, Display, Formatter};

/// Where chance begins, unless `ANVIL_TEST_FUZZ_SEED` says otherwise: the same files each time.
const SEED: u64 = 13;

/// A real plugin, of which others are made.
#[derive(Debug)]
pub struct Original {
    /// What it is called.
    pub name: String,
    /// Its file.
    pub bytes: Vec<u8>,
    /// How often it is taken, beside others. What is large is taken seldom: to read it takes long.
    pub share: usize,
}

/// Broken files without end.
#[derive(Debug)]
pub struct Mutants {
    originals: Vec<(Original, Part)>,
    seed: u64,
}

/// One of them.
#[derive(Debug)]
pub struct Mutant {
    /// Its file.
    pub bytes: Vec<u8>,
    /// What was done to it.
    pub damage: Vec<Damage>,
    /// The original that it was.
    pub of: String,
    seed: u64,
    number: u64,
}

impl Mutants {
    /// What can be made of these plugins.
    ///
    /// # Panics
    /// Where one of them is no WebAssembly, or there is none.
    pub fn of(originals: Vec<Original>) -> Self {
        assert!(!originals.is_empty(), "broken files are made of whole ones");
        let seed = std::env::var("ANVIL_TEST_FUZZ_SEED").ok();
        let seed = seed.map(|text| text.parse().expect("ANVIL_TEST_FUZZ_SEED is a number"));
        let apart = |original: Original| {
            let part = Part::read(&original.bytes);
            let part = part.unwrap_or_else(|| panic!("{} is no WebAssembly", original.name));
            (original, part)
        };
        Self { originals: originals.into_iter().map(apart).collect(), seed: seed.unwrap_or(SEED) }
    }

    /// Where chance begins.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The broken file of this number.
    pub fn nth(&self, number: u64) -> Mutant {
        let mut chance = Chance::new(self.seed, number);
        let (original, whole) = self.original(&mut chance);
        let (other, other_whole) = self.original(&mut chance);
        let count = if chance.one_in(3) { 2 + chance.below(2) } else { 1 };
        let mut damage: Vec<_> = (0..count).map(|_| chance.of(&Damage::ALL)).collect();
        // Sections are changed while there are some.
        damage.sort_by_key(|damage| !damage.is_of_sections());
        let mut whole = whole.clone();
        for damage in damage.iter().filter(|damage| damage.is_of_sections()) {
            damage.to_sections(&mut whole, other_whole, &mut chance);
        }
        let mut bytes = whole.bytes();
        for damage in damage.iter().filter(|damage| !damage.is_of_sections()) {
            damage.to_bytes(&mut bytes, &other.bytes, &mut chance);
        }
        Mutant { bytes, damage, of: original.name.clone(), seed: self.seed, number }
    }

    fn original(&self, chance: &mut Chance) -> &(Original, Part) {
        let mut drawn = chance.below(self.originals.iter().map(|(original, _)| original.share).sum());
        let found = self.originals.iter().find(|(original, _)| {
            let taken = drawn < original.share;
            drawn = drawn.saturating_sub(original.share);
            taken
        });
        found.unwrap_or(&self.originals[0])
    }
}

impl Display for Mutant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { seed, number, of, damage, bytes } = self;
        write!(f, "file {number} of ANVIL_TEST_FUZZ_SEED={seed} ({of}, {damage:?}, {} bytes)", bytes.len())
    }
}

/// How many files a test makes: what the environment says, or what it makes as a rule.
///
/// # Panics
/// Where the environment says something else than a number.
pub fn files(variable: &str, usual: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

#[cfg(test)]
mod tests {
    use super::parts::{Section, header};
    use super::*;
    use std::collections::BTreeSet;

    fn mutants() -> Mutants {
        let module = Part {
            header: header(false),
            sections: vec![Section::of(1, vec![1, 0x60, 0, 0]), Section::of(3, vec![1, 0])],
        };
        let original = |name: &str, bytes| Original { name: name.to_owned(), bytes, share: 1 };
        let component = Part { header: header(true), sections: vec![Section::around(module.clone())] };
        Mutants::of(vec![original("module", module.bytes()), original("component", component.bytes())])
    }

    #[test]
    fn a_file_follows_from_its_seed_and_number() {
        let (one, other) = (mutants(), mutants());
        assert!((0..200).all(|number| one.nth(number).bytes == other.nth(number).bytes));
        let distinct: BTreeSet<_> = (0..200).map(|number| one.nth(number).bytes).collect();
        assert!(distinct.len() > 100, "{}", distinct.len());
    }

    #[test]
    fn each_kind_of_damage_is_done_to_each_plugin() {
        let mutants = mutants();
        let done: BTreeSet<_> = (0..2_000)
            .map(|number| mutants.nth(number))
            .flat_map(|mutant| {
                mutant.damage.iter().map(|damage| (mutant.of.clone(), *damage)).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(done.len(), 2 * Damage::ALL.len());
    }

    #[test]
    fn most_files_are_still_files_and_not_what_they_were() {
        let mutants = mutants();
        let originals: Vec<_> =
            mutants.originals.iter().map(|(original, _)| original.bytes.clone()).collect();
        let made: Vec<_> = (0..1_000).map(|number| mutants.nth(number).bytes).collect();
        let changed = made.iter().filter(|bytes| !originals.contains(bytes)).count();
        let whole = made.iter().filter(|bytes| Part::read(bytes).is_some()).count();
        assert!(changed > 800, "{changed}");
        assert!((300..900).contains(&whole), "{whole}");
    }
}
