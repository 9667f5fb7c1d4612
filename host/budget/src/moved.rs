//! Money on the move: what a hold, its end or a correction adds to every sum that it counts in.

use crate::window::Amounts;
use anvil_types::{CallState, Nanodollars};
use std::ops::AddAssign;

/// What is added to each amount; less than nothing where it is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// To what is settled by usage.
    pub settled: Nanodollars,
    /// To what is counted at the most it can be.
    pub unknown: Nanodollars,
    /// To what is held.
    pub held: Nanodollars,
}

impl Moved {
    /// A hold is taken.
    pub fn hold(amount: Nanodollars) -> Self {
        Self { held: amount, ..Self::default() }
    }

    /// A hold ends: what it came to takes its place.
    pub fn end(hold: Nanodollars, state: CallState, cost: Nanodollars) -> Self {
        let mut moved = Self { held: Nanodollars::ZERO - hold, ..Self::default() };
        match state {
            CallState::Settled => moved.settled = cost,
            CallState::Unknown => moved.unknown = cost,
            CallState::Held | CallState::Released => {}
        }
        moved
    }

    /// A call whose cost counts as `now` is known to have cost `truth`: all of it is settled then.
    pub fn correction(now: Amounts, truth: Nanodollars) -> Self {
        Self {
            settled: truth - now.settled,
            unknown: Nanodollars::ZERO - now.unknown,
            held: Nanodollars::ZERO,
        }
    }

    /// What it adds to settled and unknown together.
    pub fn spent(self) -> Nanodollars {
        self.settled + self.unknown
    }
}

impl AddAssign<Moved> for Amounts {
    fn add_assign(&mut self, moved: Moved) {
        self.settled += moved.settled;
        self.unknown += moved.unknown;
        self.held += moved.held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn nano(amount: i64) -> Nanodollars {
        Nanodollars::new(amount)
    }

    #[test]
    fn what_a_call_came_to_takes_the_place_of_its_hold() {
        for (state, settled, unknown) in
            [(CallState::Settled, 3, 0), (CallState::Unknown, 0, 3), (CallState::Released, 0, 0)]
        {
            let mut sum = Amounts::default();
            sum += Moved::hold(nano(5));
            assert_eq!(sum.held, nano(5));
            sum += Moved::end(nano(5), state, nano(3));
            assert_eq!((sum.settled, sum.unknown, sum.held), (nano(settled), nano(unknown), nano(0)));
        }
    }

    #[test]
    fn a_correction_settles_the_truth_and_may_come_twice() {
        let mut call = Amounts { unknown: nano(7), ..Amounts::default() };
        call += Moved::correction(call, nano(2));
        assert_eq!((call.settled, call.unknown), (nano(2), nano(0)));
        assert_eq!(Moved::correction(call, nano(2)), Moved::default());
        call += Moved::correction(call, nano(9));
        assert_eq!((call.settled, call.unknown), (nano(9), nano(0)));
    }
}
