//! The brake: while it has a cause, no new call goes out.

use crate::thresholds::Share;
use crate::window::{Amounts, WindowSpan};
use anvil_types::{BrakeCauseKind, Nanodollars, Timestamp};
use serde::{Deserialize, Serialize};

/// The share of the day at which the brake engages, in percent.
pub const DAY_BRAKE_PERCENT: u32 = 95;

/// One cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BrakeCause {
    /// Its kind; at most one of each.
    pub kind: BrakeCauseKind,
    /// A sentence for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who, where a person did it.
    pub by: Option<String>,
}

/// What a look at the day calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrakeChange {
    /// Nothing.
    Keep,
    /// Engage with this cause.
    Engage(BrakeCause),
    /// The cause that the day raised is gone: it rolled over, or its limit was raised.
    Release,
}

/// Judges the day: 95 % of its limit, on settled + unknown, engages the brake once for each day
/// unless a person has muted it for that day.
///
/// `raised` is the cause that the day has now, `muted_for` the start of the day for which a person
/// ended it.
pub fn evaluate_day(
    limit: Nanodollars,
    amounts: Amounts,
    day: WindowSpan,
    raised: Option<&BrakeCause>,
    muted_for: Option<Timestamp>,
    now: Timestamp,
) -> BrakeChange {
    let full = Share::of(amounts.spent(), limit).is_at_least(DAY_BRAKE_PERCENT);
    match (raised, full) {
        (None, true) if muted_for != Some(day.start) => BrakeChange::Engage(BrakeCause {
            kind: BrakeCauseKind::Day,
            reason: format!(
                "{} of the day's {limit} are spent: {DAY_BRAKE_PERCENT} % is reached. Raise the day's limit, \
                 release the brake, or wait for the next day",
                amounts.spent(),
            ),
            since: now,
            until: Some(day.end),
            by: None,
        }),
        (Some(cause), false) if cause.kind == BrakeCauseKind::Day => BrakeChange::Release,
        _ => BrakeChange::Keep,
    }
}
