//! The limits in force.

use crate::Nanodollars;
use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        /// Every limit that can be changed at run time. No `Default`: they come from settings, by name.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// A change of some limits; what is absent stays.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct LimitsPatch {
            $($(#[$doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
        }

        impl LimitsPatch {
            /// The names of all limits, in the order in which they are shown.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The names of the limits that this changes.
            pub fn names(&self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $(if self.$name.is_some() { names.push(stringify!($name)); })*
                names
            }

            /// This patch over an older one: where both set a limit, this one's counts.
            #[must_use]
            pub fn over(self, older: Self) -> Self {
                Self { $($name: self.$name.or(older.$name),)* }
            }
        }

        impl Limits {
            /// These limits with the patch applied.
            #[must_use]
            pub fn with(&self, patch: &LimitsPatch) -> Self {
                Self { $($name: patch.$name.unwrap_or(self.$name),)* }
            }
        }
    };
}

limits! {
    /// Dollars in any 60 minutes.
    hour_usd: Nanodollars;
    /// Dollars in a calendar day of the configured time zone.
    day_usd: Nanodollars;
    /// Dollars in a calendar month of the configured time zone.
    month_usd: Nanodollars;
    /// Hours with a call in flight in a week, Monday to Monday.
    week_hours: u32;
    /// Dollars that one job may spend when it does not say.
    job_usd: Nanodollars;
    /// Requests in any 60 seconds.
    requests_per_minute: u32;
    /// Input tokens a minute, cache reads not counted.
    input_tokens_per_minute: u32;
    /// Output tokens a minute.
    output_tokens_per_minute: u32;
    /// Input tokens of one call, by the estimate.
    max_input_tokens: u32;
    /// Output tokens of one call.
    max_output_tokens: u32;
    /// Agent slots that are always on.
    agents_min: u32;
    /// The most agent slots.
    agents_max: u32;
    /// The most unfinished jobs.
    queue_max: u32;
}
