//! The limits in force.

use crate::Nanodollars;
use serde::{Deserialize, Serialize};

/// A limit that is not the same in two sets of limits, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitDifference {
    /// The limit's name.
    pub name: &'static str,
    /// Its value here.
    pub this: String,
    /// Its value there.
    pub other: String,
    /// Whether the value here is the stricter one.
    pub stricter: bool,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        // No `Default`: they come from settings, by name.
        /// Every limit that can be changed at run time.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// A change of some limits; what is absent stays.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

            /// Of each limit the lower: less is stricter for all of them.
            #[must_use]
            pub fn each_at_most(&self, most: &Self) -> Self {
                Self { $($name: self.$name.min(most.$name),)* }
            }

            /// Where these limits are not the other ones.
            pub fn differences(&self, other: &Self) -> Vec<LimitDifference> {
                let mut differences = Vec::new();
                $(if self.$name != other.$name {
                    differences.push(LimitDifference {
                        name: stringify!($name),
                        this: self.$name.to_string(),
                        other: other.$name.to_string(),
                        stricter: self.$name < other.$name,
                    });
                })*
                differences
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
