//! What is asked of a price before it is taken.

use super::row::NewPrice;
use anvil_types::{Nanodollars, Speed};

/// What a price of zero means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// That nothing is to be paid: somebody said so.
    Meant,
    /// A slip: calls would pass every limit.
    Refused,
}

/// The most characters of a model's id.
const LONGEST_ID: usize = 200;

impl NewPrice {
    /// Whether it makes sense; the sentence says why not.
    pub fn check(&self, zero: Zero) -> Result<(), String> {
        name("model", &self.model)?;
        if let Some(speed) = &self.speed {
            name("speed", speed)?;
            if speed == Speed::Standard.name() {
                return Err(format!("`speed` is `{speed}`, which is what a row without `speed` is for"));
            }
        }
        for (field, tokens) in [("context", self.context), ("max_output", self.max_output)] {
            if tokens == 0 {
                return Err(format!("`{field}` is 0, so that no call could be made; it counts tokens"));
            }
        }
        let mut some_zero = false;
        for band in &self.bands {
            if band.up_to == Some(0) {
                return Err("`up_to` is 0, and no prompt is that short".to_owned());
            }
            for (field, usd) in [
                ("input", band.input),
                ("output", band.output),
                ("cache_write_5m", band.cache_write_5m),
                ("cache_write_1h", band.cache_write_1h),
                ("cache_read", band.cache_read),
            ] {
                rate(field, usd, zero)?;
                some_zero |= Nanodollars::from_usd(usd) == Some(Nanodollars::ZERO);
            }
        }
        if zero == Zero::Meant && !some_zero {
            return Err("`free` is true, but no price is 0; say one of the two".to_owned());
        }
        Ok(())
    }
}

fn name(field: &str, text: &str) -> Result<(), String> {
    let wrong = if text.is_empty() {
        "is empty"
    } else if text.trim() != text {
        "begins or ends with a blank, and no model answers to that"
    } else if text.chars().any(char::is_control) {
        "has a control character in it"
    } else if text.chars().any(is_hidden) {
        "has an invisible character in it, and no model answers to that"
    } else if text.chars().count() > LONGEST_ID {
        "is longer than the id of any model"
    } else {
        return Ok(());
    };
    Err(format!("`{field}` {wrong}"))
}

/// Whether nobody sees it: a soft hyphen, a blank of no width, a change of direction.
fn is_hidden(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn rate(field: &str, usd: f64, zero: Zero) -> Result<(), String> {
    match Nanodollars::from_usd(usd) {
        Some(rate) if rate > Nanodollars::ZERO => Ok(()),
        Some(Nanodollars::ZERO) if usd >= 0.0 && zero == Zero::Meant => Ok(()),
        Some(Nanodollars::ZERO) if usd > 0.0 => Err(format!(
            "`{field}` is {usd}, less than a nano-dollar for a million tokens, and would be 0; where nothing is to \
             be paid, say `free = true`"
        )),
        Some(Nanodollars::ZERO) if usd == 0.0 => {
            Err(format!("`{field}` is 0; where nothing is to be paid, say `free = true`"))
        }
        _ => Err(format!("`{field}` is {usd}, which is no price")),
    }
}
