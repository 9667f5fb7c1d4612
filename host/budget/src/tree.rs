//! A tree of jobs under one cap: what a job counts against its lead's, and what a new one is granted.
//!
//! At each job: what it spent and holds itself, and what each job that it leads counts as, is at most its cap. A job
//! that is not over counts as all that it may spend, so that whoever leads it cannot spend the same dollar; one that
//! is over counts as what it spent, late settlements and corrections included, and what it did not spend is free
//! again.

use anvil_types::Nanodollars;

/// Whether a job may spend more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branching {
    /// It may.
    Open,
    /// It is over.
    Over,
}

/// What a job counts as against its lead's cap: `used` is what it spent and holds, with what all below it counts as.
pub fn charge(cap: Nanodollars, used: Nanodollars, branching: Branching) -> Nanodollars {
    match branching {
        Branching::Open => used.max(cap),
        Branching::Over => used,
    }
}

/// What jobs that are begun at once may spend beyond what each has spent before, in their order: each `wish` says how
/// much one asks for, where it does. A wish is granted whole where so much is left; those without one have equal
/// shares of half of what is left after that. An error: how much was left for it.
pub fn grants(left: Nanodollars, wishes: &[Option<Nanodollars>]) -> Vec<Result<Nanodollars, Nanodollars>> {
    let mut left = left;
    let mut granted: Vec<Option<Result<Nanodollars, Nanodollars>>> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        granted.push(wish.map(|wish| {
            if wish > left || wish <= Nanodollars::ZERO {
                return Err(left);
            }
            left = left.less(wish);
            Ok(wish)
        }));
    }
    let sharing = granted.iter().filter(|grant| grant.is_none()).count();
    let share = left.get() / 2 / i64::try_from(sharing.max(1)).unwrap_or(i64::MAX);
    let share = if share > 0 { Ok(Nanodollars::new(share)) } else { Err(left) };
    granted.into_iter().map(|grant| grant.unwrap_or(share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nanos(amounts: &[i64]) -> Vec<Nanodollars> {
        amounts.iter().map(|amount| Nanodollars::new(*amount)).collect()
    }

    #[test]
    fn a_job_that_is_not_over_counts_as_its_cap_and_one_that_is_as_what_it_spent() {
        let of =
            |cap, used, branching| charge(Nanodollars::new(cap), Nanodollars::new(used), branching).get();
        assert_eq!(of(100, 30, Branching::Open), 100);
        assert_eq!(of(100, 30, Branching::Over), 30);
        assert_eq!(
            of(100, 130, Branching::Open),
            130,
            "a bound that was broken is no reason to forget what it cost"
        );
        assert_eq!(of(100, 130, Branching::Over), 130);
    }

    #[test]
    fn those_that_ask_for_nothing_share_half_of_what_is_left() {
        let half = grants(Nanodollars::new(100), &[None]);
        assert_eq!(half, [Ok(Nanodollars::new(50))]);
        let shared = grants(Nanodollars::new(100), &[None, Some(Nanodollars::new(40)), None, None]);
        let amounts: Vec<_> = shared.into_iter().map(|grant| grant.expect("there is enough")).collect();
        assert_eq!(amounts, nanos(&[10, 40, 10, 10]));
    }

    #[test]
    fn a_wish_is_granted_whole_or_not_at_all() {
        let wishes = nanos(&[60, 41, 40]).into_iter().map(Some).collect::<Vec<_>>();
        let left = Nanodollars::new(40);
        let granted = grants(Nanodollars::new(100), &wishes);
        assert_eq!(granted, [Ok(Nanodollars::new(60)), Err(left), Ok(left)]);
        assert_eq!(
            grants(Nanodollars::new(1), &[None]),
            [Err(Nanodollars::new(1))],
            "half of that is nothing"
        );
        assert_eq!(grants(left, &[Some(Nanodollars::ZERO)]), [Err(left)]);
    }

    proptest! {
        #[test]
        fn no_more_is_granted_than_is_left(
            left in 0_i64..1_000,
            wishes in prop::collection::vec(prop::option::of(-5_i64..500), 0..40),
        ) {
            let wishes: Vec<_> = wishes.into_iter().map(|wish| wish.map(Nanodollars::new)).collect();
            let granted = grants(Nanodollars::new(left), &wishes);
            prop_assert_eq!(granted.len(), wishes.len());
            let sum: i64 = granted.iter().flatten().map(|grant| grant.get()).sum();
            prop_assert!(sum <= left, "{} of {}", sum, left);
            prop_assert!(granted.iter().flatten().all(|grant| *grant > Nanodollars::ZERO));
        }
    }
}
