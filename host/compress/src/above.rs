//! All that a reader has before a place, searched for what a reference there may mean.
//!
//! Each place of the text is chained to the one before it with the same few bytes, so that a search looks only at the places
//! of the rarest few bytes that it is told, and what it costs does not grow with the text.

/// Bytes by which places are found.
const GRAM: usize = 8;
/// Where the rarest of them stand at more places, none is looked at.
const PLACES: u16 = 1_024;
/// Characters are counted to each such byte.
const STEP: usize = 64;
/// Chains at the beginning, as a power of two.
const CHAINS: u32 = 8;
/// Places of a chain on average, at most; then there are more chains.
const LONGEST: usize = 8;

/// A text that grows at its end.
#[derive(Clone, Debug)]
pub(crate) struct Above {
    text: String,
    /// Characters before each byte whose number is a multiple of the step.
    counted: Vec<usize>,
    characters: usize,
    /// The newest place of each chain, from one on.
    newest: Vec<u32>,
    /// How many it has.
    places: Vec<u16>,
    /// Of each place the one before it in its chain, from one on.
    older: Vec<u32>,
}

impl Default for Above {
    fn default() -> Self {
        let chains = 1 << CHAINS;
        Self {
            text: String::new(),
            counted: Vec::new(),
            characters: 0,
            newest: vec![0; chains],
            places: vec![0; chains],
            older: Vec::new(),
        }
    }
}

impl Above {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn push(&mut self, more: &str) {
        let from = self.text.len();
        self.text.push_str(more);
        for (at, byte) in (from..).zip(more.bytes()) {
            if at % STEP == 0 {
                self.counted.push(self.characters);
            }
            self.characters += usize::from(begins_character(byte));
        }
        if self.text.len() > self.newest.len() * LONGEST {
            let chains = (self.text.len() * 2 / LONGEST).next_power_of_two();
            self.newest = vec![0; chains];
            self.places = vec![0; chains];
            self.older = Vec::new();
        }
        for at in self.older.len()..(self.text.len() + 1).saturating_sub(GRAM) {
            let Ok(place) = u32::try_from(at + 1) else { break };
            let chain = self.chain(&self.text.as_bytes()[at..at + GRAM]);
            self.older.push(self.newest[chain]);
            self.newest[chain] = place;
            self.places[chain] = self.places[chain].saturating_add(1);
        }
    }

    fn chain(&self, gram: &[u8]) -> usize {
        let mut word = 0_u64;
        for byte in gram {
            word = word << 8 | u64::from(*byte);
        }
        // The high bits of a product with 2^64 divided by the golden ratio are spread evenly.
        let spread = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(spread).unwrap_or_default() & (self.newest.len() - 1)
    }

    /// The one text that begins and ends like this and has so many characters. None where there is none, where there are
    /// several that differ, and where that cannot be told: the words are too short, or stand at too many places.
    pub(crate) fn only(&self, start: &str, end: &str, characters: usize) -> Option<&str> {
        // Not all places are known.
        if u32::try_from(self.text.len()).is_err() {
            return None;
        }
        let of_start = start.as_bytes().windows(GRAM).enumerate().map(|(at, gram)| (gram, at, true));
        let of_end = end.as_bytes().windows(GRAM).enumerate().map(|(at, gram)| (gram, at, false));
        let (chain, within, is_start) = of_start
            .chain(of_end)
            .map(|(gram, at, is_start)| (self.chain(gram), at, is_start))
            .min_by_key(|(chain, ..)| self.places[*chain])?;
        if self.places[chain] > PLACES {
            return None;
        }
        let mut found = None;
        let mut place = self.newest[chain];
        while let Some(at) = usize::try_from(place).ok().and_then(|place| place.checked_sub(1)) {
            place = self.older[at];
            let text = if is_start {
                at.checked_sub(within).and_then(|from| self.from(from, characters))
            } else {
                at.checked_sub(within).and_then(|from| self.until(from + end.len(), characters))
            };
            let Some(text) = text.filter(|text| text.starts_with(start) && text.ends_with(end)) else {
                continue;
            };
            if found.is_some_and(|found| found != text) {
                return None;
            }
            found = Some(text);
        }
        found
    }

    /// So many characters from a byte on.
    fn from(&self, at: usize, characters: usize) -> Option<&str> {
        if !self.text.is_char_boundary(at) {
            return None;
        }
        self.text.get(at..self.byte(self.before(at) + characters)?)
    }

    /// So many characters before a byte.
    fn until(&self, end: usize, characters: usize) -> Option<&str> {
        if !self.text.is_char_boundary(end) {
            return None;
        }
        self.text.get(self.byte(self.before(end).checked_sub(characters)?)?..end)
    }

    /// How many characters begin before a byte.
    fn before(&self, at: usize) -> usize {
        let Some(counted) = self.counted.get(at / STEP) else { return self.characters };
        let rest = &self.text.as_bytes()[at / STEP * STEP..at];
        counted + rest.iter().filter(|byte| begins_character(**byte)).count()
    }

    /// Where the character of a number begins; the end where it is one more than there are.
    fn byte(&self, number: usize) -> Option<usize> {
        if number >= self.characters {
            return (number == self.characters).then_some(self.text.len());
        }
        // The last step before which there are no more characters than that.
        let step = self.counted.partition_point(|counted| *counted <= number).checked_sub(1)?;
        let left = number - self.counted[step];
        let bytes = self.text.as_bytes()[step * STEP..].iter().enumerate();
        let (at, _) = bytes.filter(|(_, byte)| begins_character(**byte)).nth(left)?;
        Some(step * STEP + at)
    }
}

fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_text_that_fits_is_found_and_of_two_none() {
        let mut above = Above::default();
        above.push("It begins: one é and it ends here.\n");
        above.push("It begins: two. and ");
        let only = |above: &Above, characters| {
            above.only("It begins", "it ends here.", characters).map(str::to_owned)
        };
        assert_eq!(only(&above, 34).as_deref(), Some("It begins: one é and it ends here."));
        assert_eq!(only(&above, 33), None);
        above.push("it ends here.");
        assert_eq!(only(&above, 33).as_deref(), Some("It begins: two. and it ends here."));
        above.push("\nIt begins: two. and it ends here.");
        assert!(only(&above, 33).is_some());
        above.push("\nIt begins: 2... and it ends here.");
        assert_eq!(only(&above, 33), None);
        assert!(only(&above, 34).is_some());
        assert_eq!(above.only("It", "here.", 34), None);
    }

    #[test]
    fn what_stands_at_too_many_places_is_not_told() {
        let mut above = Above::default();
        above.push(&"the same words ".repeat(3_000));
        assert_eq!(above.only("the same words ", "the same words ", 90), None);
    }
}
