//! Admission: may this much more be held?

use crate::brake::BrakeCause;
use crate::window::{Amounts, WindowKind};
use anvil_types::{Nanodollars, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which limit refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitName {
    /// A window of everything, one agent or one API key.
    Window {
        /// Whose limit.
        scope: Scope,
        /// Of which window.
        window: WindowKind,
    },
    /// Hours of use in the week.
    Week,
    /// What the job may spend.
    Job,
}

impl LimitName {
    /// The rolling hour of everything.
    pub const HOUR: Self = Self::Window { scope: Scope::All, window: WindowKind::Hour };
    /// The calendar day of everything.
    pub const DAY: Self = Self::Window { scope: Scope::All, window: WindowKind::Day };
    /// The calendar month of everything.
    pub const MONTH: Self = Self::Window { scope: Scope::All, window: WindowKind::Month };

    /// Whether every call falls under it: one that it stops is no reason for others to wait otherwise.
    pub fn is_for_everything(&self) -> bool {
        match self {
            Self::Window { scope, .. } => *scope == Scope::All,
            Self::Week => true,
            Self::Job => false,
        }
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { scope, window } => {
                write!(f, "the {}'s limit", window.name())?;
                match scope {
                    Scope::All => Ok(()),
                    Scope::Agent(name) => write!(f, " of agent `{name}`"),
                    Scope::ApiKey(name) => write!(f, " of API key `{name}`"),
                }
            }
            Self::Week => f.write_str("the week's hours of use"),
            Self::Job => f.write_str("the job's own limit"),
        }
    }
}

/// One limit and what counts against it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Which.
    pub limit_name: LimitName,
    /// How much.
    pub limit: Nanodollars,
    /// What counts against it.
    pub amounts: Amounts,
    /// When what is spent stops counting: for each moment, how much leaves then, by rising time. A
    /// calendar window lets go of everything at its end; a job's own limit of nothing, ever.
    pub leaves: Vec<(Timestamp, Nanodollars)>,
}

/// Why no more money is held for a call. Where there is no reason, it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Denial {
    /// The brake is engaged.
    Braked(Vec<BrakeCause>),
    /// Not now; room comes when holds settle.
    WaitForHolds {
        /// The limit that has no room.
        limit: LimitName,
    },
    /// Not before this time.
    ParkUntil {
        /// The earliest time at which it can fit.
        at: Timestamp,
        /// The limit that has no room.
        limit: LimitName,
    },
    /// Not under this limit, however long one waits.
    Never {
        /// The limit.
        limit: LimitName,
        /// How much it is.
        allowed: Nanodollars,
        /// How much of it is spent for good (a job's own).
        spent: Nanodollars,
    },
}

/// Judges one more hold of `amount`: the brake, then the week's hours of use, then every limit. `week_full_until` says until when no hour of use is left, where
/// that is so.
pub fn decide(
    causes: Vec<BrakeCause>,
    week_full_until: Option<Timestamp>,
    standings: &[Standing],
    amount: Nanodollars,
) -> Result<(), Denial> {
    if !causes.is_empty() {
        return Err(Denial::Braked(causes));
    }
    match week_full_until {
        Some(at) => Err(Denial::ParkUntil { at, limit: LimitName::Week }),
        None => admit(standings, amount),
    }
}

/// A job's own limit. What a job spent never comes back, so nothing ever leaves.
pub fn job_standing(limit: Nanodollars, amounts: Amounts) -> Standing {
    Standing { limit_name: LimitName::Job, limit, amounts, leaves: Vec::new() }
}

/// Judges one more hold of `amount` against every limit that it falls under. Rule 2 of the design:
/// granted only where settled + unknown + held + amount ≤ limit for all of them.
pub fn admit(standings: &[Standing], amount: Nanodollars) -> Result<(), Denial> {
    let denials = standings.iter().filter_map(|standing| judge(standing, amount).err());
    denials.reduce(worse).map_or(Ok(()), Err)
}

fn judge(standing: &Standing, amount: Nanodollars) -> Result<(), Denial> {
    let limit = standing.limit_name.clone();
    let fits = |committed: Nanodollars| committed + amount <= standing.limit;
    if fits(standing.amounts.committed()) {
        return Ok(());
    }
    if fits(standing.amounts.spent()) {
        return Err(Denial::WaitForHolds { limit });
    }
    let mut left = standing.amounts.spent();
    for (at, leaving) in &standing.leaves {
        left = left.less(*leaving);
        if fits(left) {
            return Err(Denial::ParkUntil { at: *at, limit });
        }
    }
    let spent = if standing.leaves.is_empty() { standing.amounts.spent() } else { Nanodollars::ZERO };
    Err(Denial::Never { limit, allowed: standing.limit, spent })
}

// Of two the one that holds for longer; of equals the first.
fn worse(one: Denial, other: Denial) -> Denial {
    let rank = |denial: &Denial| match denial {
        Denial::WaitForHolds { .. } => (0, Timestamp::default()),
        Denial::ParkUntil { at, .. } => (1, *at),
        Denial::Never { .. } => (2, Timestamp::default()),
        Denial::Braked(_) => (3, Timestamp::default()),
    };
    if rank(&other) > rank(&one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(limit: i64, settled: i64, unknown: i64, held: i64, leaves: &[(i64, i64)]) -> Standing {
        Standing {
            limit_name: LimitName::DAY,
            limit: Nanodollars::new(limit),
            amounts: Amounts {
                settled: Nanodollars::new(settled),
                unknown: Nanodollars::new(unknown),
                held: Nanodollars::new(held),
            },
            leaves: leaves.iter().map(|(at, n)| (Timestamp::from_secs(*at), Nanodollars::new(*n))).collect(),
        }
    }

    #[test]
    fn a_hold_is_granted_up_to_the_last_nano_dollar() {
        let full = |amount| admit(&[standing(100, 40, 20, 30, &[(9, 60)])], Nanodollars::new(amount));
        assert_eq!(full(10), Ok(()));
        assert_eq!(full(11), Err(Denial::WaitForHolds { limit: LimitName::DAY }));
        assert_eq!(full(41), Err(Denial::ParkUntil { at: Timestamp::from_secs(9), limit: LimitName::DAY }));
        assert!(matches!(full(101), Err(Denial::Never { .. })));
    }

    #[test]
    fn the_rolling_hour_names_the_minute_at_which_enough_has_left() {
        let hour = standing(100, 90, 0, 0, &[(1, 20), (2, 30), (3, 40)]);
        let until = |amount| admit(std::slice::from_ref(&hour), Nanodollars::new(amount));
        assert_eq!(until(30), Err(Denial::ParkUntil { at: Timestamp::from_secs(1), limit: LimitName::DAY }));
        assert_eq!(until(31), Err(Denial::ParkUntil { at: Timestamp::from_secs(2), limit: LimitName::DAY }));
        assert_eq!(until(100), Err(Denial::ParkUntil { at: Timestamp::from_secs(3), limit: LimitName::DAY }));
    }

    #[test]
    fn what_a_job_has_spent_never_comes_back() {
        let mut job = standing(100, 90, 0, 5, &[]);
        job.limit_name = LimitName::Job;
        assert_eq!(
            admit(std::slice::from_ref(&job), Nanodollars::new(10)),
            Err(Denial::WaitForHolds { limit: LimitName::Job })
        );
        assert!(matches!(admit(&[job], Nanodollars::new(11)), Err(Denial::Never { .. })));
    }

    #[test]
    fn a_limit_is_named_by_scope_and_window() {
        let name = |scope, window| LimitName::Window { scope, window }.to_string();
        assert_eq!(LimitName::HOUR.to_string(), "the hour's limit");
        assert_eq!(name(Scope::Agent("writer".into()), WindowKind::Day), "the day's limit of agent `writer`");
        assert_eq!(name(Scope::ApiKey("ci".into()), WindowKind::Month), "the month's limit of API key `ci`");
    }

    #[test]
    fn the_brake_comes_first_and_the_week_before_the_limits() {
        let room = [standing(100, 0, 0, 0, &[])];
        let monday = Timestamp::from_secs(7);
        let amount = Nanodollars::new(1);
        assert_eq!(decide(Vec::new(), None, &room, amount), Ok(()));
        assert_eq!(
            decide(Vec::new(), Some(monday), &room, amount),
            Err(Denial::ParkUntil { at: monday, limit: LimitName::Week })
        );
        let cause = BrakeCause {
            kind: anvil_types::BrakeCauseKind::Person,
            reason: "lunch".into(),
            since: monday,
            until: None,
            by: None,
        };
        assert_eq!(
            decide(vec![cause.clone()], Some(monday), &room, amount),
            Err(Denial::Braked(vec![cause]))
        );
    }
}
