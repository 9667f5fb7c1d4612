//! How the comparison of predictions with what happened stands, as a sentence.

use crate::Nanodollars;
use std::fmt;

/// How it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PredictionsStand {
    /// Nothing is predicted yet.
    Unmeasured {
        /// Jobs that have to be measured.
        needed: u64,
        /// Those that were when it was last tried.
        measured: u64,
    },
    /// Something is predicted, and not seven days of it are over.
    Waiting {
        /// Days that can be compared.
        days: usize,
        /// When the first day can be, in local time.
        day_at: String,
        /// When the first seven can be, in local time.
        week_at: String,
    },
    /// Seven days were compared.
    Compared {
        /// The first of them.
        from: String,
        /// Jobs done and dollars that were predicted.
        predicted: (u64, Nanodollars),
        /// Those that happened.
        happened: (u64, Nanodollars),
        /// By how much the jobs were off, as it is read.
        jobs_off: String,
        /// By how much the dollars were.
        dollars_off: String,
    },
}

impl fmt::Display for PredictionsStand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmeasured { needed, measured } => write!(
                f,
                "Nothing is predicted yet: that begins with the first day before which at least {needed} jobs had asked \
                 Claude ({measured} had when it was last tried). Its first day is compared when it is over, its seven days \
                 a week after they begin."
            ),
            Self::Waiting { days: 0, day_at, week_at } => write!(
                f,
                "The first day that was predicted can be compared from {day_at} on; the first seven days from {week_at} on."
            ),
            Self::Waiting { days, week_at, .. } => {
                let days = if *days == 1 { "One day".to_owned() } else { format!("{days} days") };
                write!(f, "{days} can be compared; the first seven days from {week_at} on.")
            }
            Self::Compared { from, predicted, happened, jobs_off, dollars_off } => write!(
                f,
                "Of the seven days from {from} on {} jobs done for ${:.2} were predicted, and {} for ${:.2} happened \
                 ({jobs_off} jobs, {dollars_off} dollars).",
                predicted.0,
                predicted.1.usd(),
                happened.0,
                happened.1.usd()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_when_there_will_be_a_first_comparison() {
        let waiting = |days| {
            let (day_at, week_at) = ("Tuesday".to_owned(), "Monday".to_owned());
            PredictionsStand::Waiting { days, day_at, week_at }.to_string()
        };
        assert!(waiting(0).contains("from Tuesday on") && waiting(0).contains("from Monday on"));
        assert!(waiting(1).starts_with("One day can") && waiting(2).starts_with("2 days can"));
        let none = PredictionsStand::Unmeasured { needed: 20, measured: 3 }.to_string();
        assert!(none.contains("at least 20 jobs") && none.contains("(3 had"));
    }
}
