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
        /// Those that were when it was last tried; none where it was not tried yet.
        measured: Option<u64>,
    },
    /// What was predicted cannot be read.
    Unreadable,
    /// Of what was predicted no seven days can be compared.
    Cut {
        /// Days that can be.
        days: usize,
    },
    /// Something is predicted, and not seven days of it are over.
    Waiting {
        /// Days that can be compared.
        days: usize,
        /// When the first day can be, in local time; none where that is not told.
        day_at: Option<String>,
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

impl PredictionsStand {
    /// What is added where the time zone was changed.
    pub const ZONE_CHANGED: &str = " The time zone was changed since: days and weeks that this cut are not compared, and the \
        next prediction is of the next whole day.";
}

/// How many days can be compared, as a sentence begins.
fn can_be(days: usize) -> String {
    if days == 1 { "One day can be compared".to_owned() } else { format!("{days} days can be compared") }
}

impl fmt::Display for PredictionsStand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmeasured { needed, measured } => {
                let tried = measured.map(|jobs| format!(" ({jobs} had when it was last tried)")).unwrap_or_default();
                write!(
                    f,
                    "Nothing is predicted yet: that begins with the first day before which at least {needed} jobs had \
                     asked Claude{tried}. Its first day is compared when it is over, its seven days a week after they begin."
                )
            }
            Self::Unreadable => f.write_str(
                "What was predicted cannot be read: the log says why. The next prediction is made with the next day.",
            ),
            Self::Cut { days } => {
                write!(f, "{}; no seven days that were predicted can be yet.", can_be(*days))
            }
            Self::Waiting { days: 0, day_at: Some(day_at), week_at } => write!(
                f,
                "The first day that was predicted can be compared from {day_at} on; the first seven days from {week_at} on."
            ),
            Self::Waiting { days, week_at, .. } => {
                write!(f, "{}; the first seven days from {week_at} on.", can_be(*days))
            }
            Self::Compared { from, predicted, happened, jobs_off, dollars_off } => write!(
                f,
                "Of the seven days from {from} on {} jobs done for {} were predicted, and {} for {} happened \
                 ({jobs_off} jobs, {dollars_off} dollars).",
                predicted.0,
                predicted.1.rounded(),
                happened.0,
                happened.1.rounded()
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
            let (day_at, week_at) = (Some("Tuesday".to_owned()), "Monday".to_owned());
            PredictionsStand::Waiting { days, day_at, week_at }.to_string()
        };
        assert!(waiting(0).contains("from Tuesday on") && waiting(0).contains("from Monday on"));
        assert!(waiting(1).starts_with("One day can") && waiting(2).starts_with("2 days can"));
        let none = |measured| PredictionsStand::Unmeasured { needed: 20, measured }.to_string();
        assert!(none(Some(3)).contains("at least 20 jobs") && none(Some(3)).contains("(3 had"));
        assert!(none(None).contains("had asked Claude. Its first day"), "{}", none(None));
        assert_eq!(
            PredictionsStand::Cut { days: 0 }.to_string(),
            "0 days can be compared; no seven days that were predicted can be yet."
        );
    }
}
