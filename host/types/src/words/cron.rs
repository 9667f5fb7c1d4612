//! What is wrong with the times of a schedule.

use std::fmt;

/// What is wrong with a cron expression or its time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronFault {
    /// It is too long.
    #[error("a cron expression has at most {most} bytes; this one has {bytes}")]
    TooLong {
        /// The most, in bytes.
        most: usize,
        /// Its own.
        bytes: usize,
    },
    /// It is none.
    #[error(
        "`{cron}` is no cron expression ({why}); it has minute, hour, day of the month, month and day of the week, as in \
         `30 6 * * mon-fri`"
    )]
    NoCron {
        /// What was given.
        cron: String,
        /// Why, as its reader says.
        why: String,
    },
    /// There is no such time zone.
    #[error("there is no time zone `{0}`; use a name such as Europe/Berlin or UTC")]
    NoZone(String),
    /// No day fits it.
    #[error("the time never comes")]
    Never,
    /// A list has a place with nothing in it.
    #[error("`{part}` as {field} has a comma with nothing beside it")]
    Comma {
        /// What stands in the field.
        part: String,
        /// The field.
        field: CronField,
    },
    /// A step leaves its field at once.
    #[error(
        "`{part}` as {field} steps over all that is left of it, so that only its first value would count; a step stays \
         within its field (every 90 minutes is two schedules, `0 */3 * * *` and `30 1-23/3 * * *`)"
    )]
    Step {
        /// The part with the step.
        part: String,
        /// The field.
        field: CronField,
    },
}

/// A field of a cron expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronField {
    /// The first.
    Minute,
    /// The second.
    Hour,
    /// The third.
    MonthDay,
    /// The fourth.
    Month,
    /// The fifth.
    Weekday,
}

impl CronField {
    /// All, in the order in which an expression has them.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::MonthDay, Self::Month, Self::Weekday];

    /// Its first value and its last.
    pub fn range(self) -> (u64, u64) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::MonthDay => (1, 31),
            Self::Month => (1, 12),
            // Sunday is 0 and 7.
            Self::Weekday => (0, 7),
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::MonthDay => "day of the month",
            Self::Month => "month",
            Self::Weekday => "day of the week",
        })
    }
}
