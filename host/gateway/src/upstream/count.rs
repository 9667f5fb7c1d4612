//! One number of what an answer says that it used.

use crate::upstream::object::{Object, text};
use anvil_types::MOST_TOKENS;

/// One count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// The most that was told.
    pub most: u64,
    /// Whether a number was told at all.
    pub told: bool,
    /// It was told in words that contradict each other, or that are no count.
    pub odd: bool,
    /// Something was told that no number can be read out of.
    pub unread: bool,
}

impl Count {
    pub(crate) fn take(&mut self, json: &str) {
        let (told, odd) = match read(json) {
            Some(Read::Count(told)) => (told, told != 0 && told < self.most),
            Some(Read::Odd(told)) => (told, true),
            None => {
                (self.odd, self.unread) = (true, true);
                return;
            }
        };
        self.odd |= odd;
        self.told = true;
        self.most = self.most.max(told);
    }

    pub(crate) fn take_all(&mut self, object: &Object<'_>, name: &str) {
        object.all(name).for_each(|json| self.take(json));
    }
}

enum Read {
    Count(u64),
    /// A number, but not one that a count can be.
    Odd(u64),
}

/// A count as JSON. What is more than [`MOST_TOKENS`] counts as that.
fn read(json: &str) -> Option<Read> {
    if let Ok(count) = json.parse::<u64>() {
        return Some(if count > MOST_TOKENS { Read::Odd(MOST_TOKENS) } else { Read::Count(count) });
    }
    if json.starts_with('"') {
        let said = text(json)?;
        let number = said.trim();
        return matches!(number.as_bytes(), [b'0'..=b'9', ..]).then(|| read(number)).flatten().map(|read| {
            match read {
                Read::Count(count) | Read::Odd(count) => Read::Odd(count),
            }
        });
    }
    let number = json.parse::<f64>().ok().filter(|number| *number >= 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is between 0 and a bound far below 2^52"
    )]
    let (whole, is_count) = (number.ceil().min(MOST_TOKENS as f64) as u64, number <= MOST_TOKENS as f64);
    // 22.0 is 22: JSON knows no other kind of number.
    Some(if is_count && number.fract() == 0.0 { Read::Count(whole) } else { Read::Odd(whole) })
}
