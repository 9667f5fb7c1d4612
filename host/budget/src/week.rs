//! Hours of use: how long any call was in flight in a week.
//!
//! A flight begins with the first hold and ends when none stands any more; its length goes to the weeks
//! that it lies in.

use crate::calendar::Calendar;
use crate::thresholds::Share;
use crate::window::WindowSpan;
use anvil_types::Timestamp;
use std::time::Duration;

/// The hours of use of one upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeekUse {
    /// The first instant of the week that `past` belongs to.
    pub start: Timestamp,
    /// Flights of that week that have ended, in microseconds.
    pub past: i64,
    /// Since when the flight under way goes on.
    pub flight: Option<Timestamp>,
}

impl WeekUse {
    /// For how long any call was in flight in this week, up to now.
    pub fn used(&self, week: WindowSpan, now: Timestamp) -> Duration {
        let past = if week.start == self.start { self.past.unsigned_abs() } else { 0 };
        let present = self.flight.map_or(Duration::ZERO, |since| now.since(since.max(week.start)));
        Duration::from_micros(past) + present
    }

    /// The share of the week's hours that is used.
    pub fn share(&self, week: WindowSpan, now: Timestamp, limit_hours: u32) -> Share {
        let used = i64::try_from(self.used(week, now).as_micros()).unwrap_or(i64::MAX);
        Share::of_micros(used, i64::from(limit_hours) * 3_600_000_000)
    }

    /// Until when no hour is left, where that is so.
    pub fn full_until(&self, week: WindowSpan, now: Timestamp, limit_hours: u32) -> Option<Timestamp> {
        self.share(week, now, limit_hours).is_at_least(100).then_some(week.end)
    }

    /// The first call goes out. Answers the beginning of the week that it is kept with: this week, or a
    /// later one where a change of the time zone has moved the week back.
    pub fn flight_begins(&mut self, calendar: &mut Calendar, now: Timestamp) -> Timestamp {
        let week = calendar.week(now).start;
        if week > self.start {
            (self.start, self.past) = (week, 0);
        }
        self.flight = Some(now);
        self.start
    }

    /// The last call that was in flight has ended at `end`. Answers what to add to which week.
    pub fn flight_ends(&mut self, calendar: &mut Calendar, end: Timestamp) -> Vec<(Timestamp, i64)> {
        let Some(mut from) = self.flight.take() else { return Vec::new() };
        let mut added = Vec::new();
        while from < end {
            let week = calendar.week(from);
            let until = week.end.min(end);
            let micros = until.micros() - from.micros();
            if week.start != self.start {
                (self.start, self.past) = (week.start, 0);
            }
            self.past += micros;
            added.push((week.start, micros));
            from = until;
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Windows;
    use jiff::tz::TimeZone;

    #[test]
    fn a_flight_over_monday_belongs_to_both_weeks() {
        let mut calendar = Calendar::new(Windows::new(TimeZone::UTC));
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let (sunday, monday) = (at("2026-11-22T22:00:00Z"), at("2026-11-23T01:00:00Z"));
        let mut week = WeekUse::default();
        assert_eq!(week.flight_begins(&mut calendar, sunday), calendar.week(sunday).start);
        let this = calendar.week(monday);
        assert_eq!(week.used(this, monday), Duration::from_hours(1));
        assert_eq!(week.full_until(this, monday, 1), Some(this.end));
        assert_eq!(week.full_until(this, monday, 2), None);
        let hour = 3_600_000_000;
        assert_eq!(
            week.flight_ends(&mut calendar, monday),
            [(calendar.week(sunday).start, 2 * hour), (this.start, hour)]
        );
        assert_eq!(week.used(this, monday + Duration::from_hours(9)), Duration::from_hours(1));
        assert_eq!(week.flight_ends(&mut calendar, monday), []);
    }
}
