//! What the prompt cache saved, in a sentence.

use crate::panel::kit::money::rounded;
use anvil_types::Nanodollars;

/// None where it neither saved nor cost anything.
pub(crate) fn saved(amount: Nanodollars) -> Option<String> {
    match amount.get() {
        0 => None,
        1.. => Some(format!("The prompt cache saved {}.", rounded(amount))),
        ..0 => {
            let cost = rounded(Nanodollars::ZERO - amount);
            Some(format!("What was written to the prompt cache cost {cost} more than it saved."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_made_up_for_is_told_as_a_cost() {
        let told = |nano| saved(Nanodollars::new(nano));
        assert_eq!(told(0), None);
        assert_eq!(told(24_039_000).as_deref(), Some("The prompt cache saved $0.0240."));
        assert_eq!(
            told(-1_500_000).as_deref(),
            Some("What was written to the prompt cache cost $0.0015 more than it saved.")
        );
    }
}
