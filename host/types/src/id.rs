//! Ids: ULIDs, which sort by the time they were made.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use ulid::Ulid;

/// A text is no id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no id; ids are 26 letters and digits, as in 01JD9Z6W3NQ8Y5R2K7M4T1X0VB")]
pub struct BadId(String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// An id made at `now` out of 80 of the random bits.
            pub fn new(now: Timestamp, random: u128) -> Self {
                Self(Ulid::from_parts(now.millis(), random))
            }

            /// When it was made, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                Timestamp::from_micros(i64::try_from(self.0.timestamp_ms()).unwrap_or(0) * 1_000)
            }

            /// The id as a number, which sorts as the text does.
            pub fn number(self) -> u128 {
                self.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0.to_string())
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                // 26 letters of five bits are 130: a first letter above 7 would lose its upper bits without a word.
                let fits = text.as_bytes().first().is_some_and(|first| (b'0'..=b'7').contains(first));
                let id = Ulid::from_string(text).ok().filter(|_| fits);
                id.map(Self).ok_or_else(|| BadId(text.chars().take(64).collect()))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }
    )*};
}

ids! {
    /// A job.
    JobId;
    /// A call to Claude, and the hold that pays for it.
    CallId;
    /// A host: the same over restarts with the same data folder.
    HostId;
    /// One life of a host's process.
    BootId;
    /// An alert.
    AlertId;
    /// A message to a webhook.
    DeliveryId;
    /// An action on all jobs that match a filter.
    JobActionId;
    /// A question to people.
    QuestionId;
    /// A schedule.
    ScheduleId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_no_more_than_128_bits() {
        let largest = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<JobId>().expect("128 bits");
        assert_eq!(largest.number(), u128::MAX);
        for text in
            ["80000000000000000000000000", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "G1JD9Z6W3NQ8Y5R2K7M4T1X0VB", ""]
        {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }
}
