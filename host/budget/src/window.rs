//! Windows: stretches of time with a limit.

use anvil_types::{AlertWindow, Nanodollars, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The kind of a money window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// Any 60 minutes, in buckets of a minute.
    Hour,
    /// A calendar day.
    Day,
    /// A calendar month.
    Month,
}

impl WindowKind {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    /// The name in JSON and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

impl From<WindowKind> for AlertWindow {
    fn from(kind: WindowKind) -> Self {
        match kind {
            WindowKind::Hour => Self::Hour,
            WindowKind::Day => Self::Day,
            WindowKind::Month => Self::Month,
        }
    }
}

/// The limits of one scope; a window without one is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowLimits {
    /// Dollars in any 60 minutes.
    #[serde(default, rename = "hour_usd", skip_serializing_if = "Option::is_none")]
    pub hour: Option<Nanodollars>,
    /// Dollars in a calendar day.
    #[serde(default, rename = "day_usd", skip_serializing_if = "Option::is_none")]
    pub day: Option<Nanodollars>,
    /// Dollars in a calendar month.
    #[serde(default, rename = "month_usd", skip_serializing_if = "Option::is_none")]
    pub month: Option<Nanodollars>,
}

impl WindowLimits {
    /// The limit of a window, where there is one.
    pub fn get(&self, kind: WindowKind) -> Option<Nanodollars> {
        match kind {
            WindowKind::Hour => self.hour,
            WindowKind::Day => self.day,
            WindowKind::Month => self.month,
        }
    }

    /// Sets the limit of a window, or takes it away.
    pub fn set(&mut self, kind: WindowKind, limit: Option<Nanodollars>) {
        match kind {
            WindowKind::Hour => self.hour = limit,
            WindowKind::Day => self.day = limit,
            WindowKind::Month => self.month = limit,
        }
    }

    /// The windows that have a limit, with it.
    pub fn iter(&self) -> impl Iterator<Item = (WindowKind, Nanodollars)> + use<> {
        let limits = *self;
        WindowKind::ALL.into_iter().filter_map(move |kind| limits.get(kind).map(|limit| (kind, limit)))
    }

    /// Whether no window has a limit.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Money in a window: what was paid, what may have been, and what may yet be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Settled by usage.
    pub settled: Nanodollars,
    /// Counted at the most it can be, for want of better knowledge.
    pub unknown: Nanodollars,
    /// Held by calls under way.
    pub held: Nanodollars,
}

impl Amounts {
    /// Settled and unknown: what alerts and the brake look at, and what people read as spent.
    pub fn spent(self) -> Nanodollars {
        self.settled + self.unknown
    }

    /// All that counts against a limit.
    pub fn committed(self) -> Nanodollars {
        self.spent() + self.held
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.settled += other.settled;
        self.unknown += other.unknown;
        self.held += other.held;
    }
}

/// One instance of a calendar window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSpan {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl WindowSpan {
    /// Whether `time` lies in it.
    pub fn contains(self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// The length of a bucket of the rolling hour.
pub const BUCKET: Duration = Duration::from_mins(1);
/// The rolling hour.
pub const HOUR: Duration = Duration::from_hours(1);

/// Where windows begin and end in a time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    zone: TimeZone,
}

impl Windows {
    /// Windows of a time zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// Windows of the time zone of a name; none where there is no name, or no zone of that name.
    pub fn of_zone(name: Option<&str>) -> Option<Self> {
        TimeZone::get(name?).ok().map(Self::new)
    }

    /// The minute that `time` belongs to.
    pub fn bucket(time: Timestamp) -> Timestamp {
        let minute = 60_000_000;
        Timestamp::from_micros(time.micros().div_euclid(minute) * minute)
    }

    /// The first bucket that still counts at `now`: a bucket is dropped only when its last instant is
    /// 60 minutes old.
    pub fn first_bucket(now: Timestamp) -> Timestamp {
        Self::bucket(now - HOUR)
    }

    /// When a bucket stops counting.
    pub fn bucket_leaves(bucket: Timestamp) -> Timestamp {
        bucket + BUCKET + HOUR
    }

    /// The calendar day that `time` belongs to; 23 or 25 hours where the clocks change.
    pub fn day(&self, time: Timestamp) -> WindowSpan {
        let local = time.to_jiff().to_zoned_datetime(self.zone.clone());
        let start = local.start_of_day().unwrap_or_else(|_| local.clone());
        let end = start.tomorrow().and_then(|next| next.start_of_day()).unwrap_or_else(|_| start.clone());
        WindowSpan { start: start.timestamp().into(), end: end.timestamp().into() }
    }

    /// The calendar month that `time` belongs to.
    pub fn month(&self, time: Timestamp) -> WindowSpan {
        let local = time.to_jiff().to_zoned_datetime(self.zone.clone());
        let first =
            local.first_of_month().and_then(|first| first.start_of_day()).unwrap_or_else(|_| local.clone());
        let next = first
            .last_of_month()
            .and_then(|last| last.tomorrow())
            .and_then(|next| next.start_of_day())
            .unwrap_or_else(|_| first.clone());
        WindowSpan { start: first.timestamp().into(), end: next.timestamp().into() }
    }

    /// The week that `time` belongs to, Monday to Monday.
    pub fn week(&self, time: Timestamp) -> WindowSpan {
        let today = time.to_jiff().to_zoned_datetime(self.zone.clone());
        let since_monday = i64::from(today.weekday().to_monday_zero_offset());
        let monday = today
            .checked_sub(jiff::Span::new().days(since_monday))
            .and_then(|monday| monday.start_of_day())
            .unwrap_or_else(|_| today.clone());
        let next = monday
            .checked_add(jiff::Span::new().days(7))
            .and_then(|next| next.start_of_day())
            .unwrap_or_else(|_| monday.clone());
        WindowSpan { start: monday.timestamp().into(), end: next.timestamp().into() }
    }

    /// The calendar window of this kind that `time` belongs to; for the rolling hour, the one that
    /// ends now.
    pub fn span(&self, kind: WindowKind, time: Timestamp) -> WindowSpan {
        match kind {
            WindowKind::Hour => {
                WindowSpan { start: Self::first_bucket(time), end: Self::bucket(time) + BUCKET }
            }
            WindowKind::Day => self.day(time),
            WindowKind::Month => self.month(time),
        }
    }

    /// The time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// A time as a person of the zone writes it: `2026-11-24 00:00 CET`.
    pub fn local(&self, time: Timestamp) -> String {
        let local = time.to_jiff().to_zoned_datetime(self.zone.clone());
        local.strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// The date of a time in the zone: `2026-11-24`.
    pub fn date(&self, time: Timestamp) -> String {
        time.to_jiff().to_zoned_datetime(self.zone.clone()).date().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn berlin() -> Windows {
        Windows::new(TimeZone::get("Europe/Berlin").expect("the zone"))
    }

    #[test]
    fn a_day_has_the_length_that_the_zone_gives_it() {
        let hours = |time| {
            let day = berlin().day(at(time));
            day.end.since(day.start).as_secs() / 3_600
        };
        assert_eq!(hours("2026-03-29T12:00:00Z"), 23);
        assert_eq!(hours("2026-10-25T12:00:00Z"), 25);
        assert_eq!(hours("2026-11-23T12:00:00Z"), 24);
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let leap = berlin().month(at("2028-02-29T23:30:00Z"));
        // Already March in Berlin.
        assert_eq!(leap.start, at("2028-02-29T23:00:00Z"));
        assert_eq!(leap.end, at("2028-03-31T22:00:00Z"));
    }

    #[test]
    fn a_week_is_monday_to_monday() {
        let week = berlin().week(at("2026-10-25T12:00:00Z"));
        assert_eq!(week.start, at("2026-10-18T22:00:00Z"));
        // The clocks went back on that Sunday.
        assert_eq!(week.end, at("2026-10-25T23:00:00Z"));
        assert_eq!(berlin().week(week.end).start, week.end);
    }

    #[test]
    fn a_bucket_counts_until_its_last_instant_is_an_hour_old() {
        let bucket = at("2026-11-23T12:00:00Z");
        assert!(Windows::first_bucket(at("2026-11-23T13:00:59Z")) <= bucket);
        assert!(Windows::first_bucket(at("2026-11-23T13:01:00Z")) > bucket);
        assert_eq!(Windows::bucket_leaves(bucket), at("2026-11-23T13:01:00Z"));
    }
}
