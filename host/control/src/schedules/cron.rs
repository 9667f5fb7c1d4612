//! When a schedule's times come: a cron expression in a time zone.
//!
//! As cron does it where clocks change: a time that does not exist that day is run at the moment after
//! the gap, and one that exists twice is run at its first.

use anvil_types::words::{CronFault, CronField};
use anvil_types::{MissedRuns, Timestamp};
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ZonedDateTime};
use std::cmp::Ordering;
use std::time::Duration;

/// A time that is late by less than this was not missed.
pub(crate) const LATE: Duration = Duration::from_mins(5);
/// The longest expression, in bytes.
const LONGEST: usize = 256;
/// The most jobs that missed times make.
const MOST_MISSED: usize = 100;
/// The most times that are fired in one step.
const MOST_AT_ONCE: usize = 100;

/// The times of a schedule.
#[derive(Debug)]
pub(crate) struct Times {
    cron: Cron,
    zone: TimeZone,
}

/// What is to be done about the times that have come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Times that make a job each, the oldest first.
    pub runs: Vec<Timestamp>,
    /// The first time that has not come.
    pub next: Option<Timestamp>,
}

impl Times {
    /// Reads an expression and the name of a time zone.
    pub(crate) fn new(cron: &str, zone: &str) -> Result<Self, CronFault> {
        if cron.len() > LONGEST {
            return Err(CronFault::TooLong { most: LONGEST, bytes: cron.len() });
        }
        check_steps(cron)?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(cron)
            .map_err(|error| CronFault::NoCron { cron: cron.to_owned(), why: error.to_string() })?;
        let zone = TimeZone::get(zone).map_err(|_| CronFault::NoZone(zone.to_owned()))?;
        let times = Self { cron, zone };
        // An expression that no day ever fits is found out here.
        if times.after(Timestamp::from_secs(1_700_000_000)).is_none() {
            return Err(CronFault::Never);
        }
        Ok(times)
    }

    /// The first time after a moment.
    pub(crate) fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        self.seek(moment, false)
    }

    /// The last time up to a moment.
    pub(crate) fn newest_by(&self, moment: Timestamp) -> Option<Timestamp> {
        self.before(moment, true)
    }

    fn seek(&self, moment: Timestamp, inclusive: bool) -> Option<Timestamp> {
        let at = Moment(moment.to_jiff().to_zoned_datetime(self.zone.clone()));
        let found = self.cron.find_next_occurrence(&at, inclusive).ok()?;
        Some(found.0.timestamp().into())
    }

    fn before(&self, moment: Timestamp, inclusive: bool) -> Option<Timestamp> {
        let at = Moment(moment.to_jiff().to_zoned_datetime(self.zone.clone()));
        let found = self.cron.find_previous_occurrence(&at, inclusive).ok()?;
        Some(found.0.timestamp().into())
    }

    /// What is to be done at `now` about the times from `first` on, which is one of them. Times up to `owed_to`
    /// came while the host was there: each of them is owed its job, however late it finds a place. What becomes
    /// of the later ones, `missed` says.
    pub(crate) fn due(
        &self,
        missed: MissedRuns,
        first: Timestamp,
        owed_to: Option<Timestamp>,
        now: Timestamp,
    ) -> Due {
        let mut runs = match owed_to.filter(|owed_to| *owed_to >= first) {
            Some(owed_to) => self.oldest(first, owed_to.min(now)),
            None => Vec::new(),
        };
        if runs.len() >= MOST_AT_ONCE {
            // The rest follows when these have found a place.
            let next = runs.last().and_then(|last| self.after(*last));
            return Due { runs, next };
        }
        let first = match owed_to {
            Some(owed_to) if owed_to >= first => match self.after(owed_to.min(now)) {
                Some(next) if next <= now => next,
                next => return Due { runs, next },
            },
            _ => first,
        };
        let mut others = match missed {
            MissedRuns::Skip => self.newest(first.max(now - LATE), now),
            MissedRuns::RunOnce => {
                let last = self.before(now, true).filter(|last| *last > first);
                vec![last.unwrap_or(first)]
            }
            MissedRuns::RunAll => self.newest(first, now),
        };
        others.reverse();
        runs.extend(others);
        Due { runs, next: self.after(now) }
    }

    /// The times from `since`, which is one, to `until`, the oldest first.
    fn oldest(&self, since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let mut next = Some(since);
        while let Some(time) = next.filter(|time| *time <= until && times.len() < MOST_AT_ONCE) {
            times.push(time);
            next = self.after(time);
        }
        times
    }

    /// The times from `since` to `until`, the newest first.
    fn newest(&self, since: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let mut last = self.before(until, true);
        while let Some(time) = last.filter(|time| *time >= since && times.len() < MOST_MISSED) {
            times.push(time);
            last = self.before(time, false);
        }
        times
    }
}

/// Refuses a step that never steps: `*/90` as a minute is minute 0 of every hour, and not what was meant.
fn check_steps(cron: &str) -> Result<(), CronFault> {
    for (parts, field) in cron.split_whitespace().zip(CronField::ALL) {
        let (first, last) = field.range();
        for part in parts.split(',') {
            if part.is_empty() {
                return Err(CronFault::Comma { part: parts.to_owned(), field });
            }
            let Some((range, step)) = part.split_once('/') else { continue };
            let Ok(step) = step.parse::<u64>() else { continue };
            let numbers = |range: &str| -> Option<(u64, u64)> {
                match range.split_once('-') {
                    Some((from, to)) => Some((from.parse().ok()?, to.parse().ok()?)),
                    None => Some((range.parse().ok()?, last)),
                }
            };
            // A range of names is left to the parser; a whole field may have a step as long as itself.
            let most = match range {
                // Sunday is 0 and 7.
                "*" | "?" if last == 7 => 7,
                "*" | "?" => last - first + 1,
                _ => match numbers(range) {
                    Some((from, to)) if from <= to => u64::max(1, to - from),
                    _ => continue,
                },
            };
            if step > most {
                return Err(CronFault::Step { part: part.to_owned(), field });
            }
        }
    }
    Ok(())
}

/// A moment in a time zone, as the cron library counts.
#[derive(Clone, Debug)]
struct Moment(ZonedDateTime);

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let (date, time) = (self.0.date(), self.0.time());
        let part = |part: i8| u32::from(part.unsigned_abs());
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(i32::from(date.year()), part(date.month()), part(date.day())),
            CivilTime::from_parts_unchecked(part(time.hour()), part(time.minute()), part(time.second())),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(u32::from(self.0.weekday().to_sunday_zero_offset().unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let small = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidTime);
        let year = i16::try_from(civil.date().year()).map_err(|_| CronError::InvalidDate)?;
        let local = jiff::civil::DateTime::new(
            year,
            small(civil.date().month())?,
            small(civil.date().day())?,
            small(civil.time().hour())?,
            small(civil.time().minute())?,
            small(civil.time().second())?,
            0,
        )
        .map_err(|_| CronError::InvalidDate)?;
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(local);
        let bad = |_| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Self(ambiguous.unambiguous().map_err(bad)?))
            }
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Self(ambiguous.clone().earlier().map_err(bad)?),
                Self(ambiguous.later().map_err(bad)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn next(cron: &str, from: &str, count: usize) -> Vec<String> {
        let times = Times::new(cron, "Europe/Berlin").expect("an expression");
        let mut at = time(from);
        let mut list = Vec::new();
        for _ in 0..count {
            at = times.after(at).expect("a time");
            list.push(at.to_string());
        }
        list
    }

    #[test]
    fn times_are_those_of_the_zone_over_both_changes_of_the_clock() {
        // 02:30 does not exist on 28 March 2027 in Berlin, and exists twice on 31 October.
        assert_eq!(
            next("30 2 * * *", "2027-03-26T12:00:00Z", 3),
            ["2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"]
        );
        assert_eq!(
            next("30 2 * * *", "2027-10-29T12:00:00Z", 3),
            ["2027-10-30T00:30:00Z", "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"]
        );
        assert_eq!(next("0 6 * * mon", "2026-11-23T05:00:00Z", 1), ["2026-11-30T05:00:00Z"]);
    }

    #[test]
    fn what_is_no_time_is_refused_with_a_reason() {
        for (cron, zone, word) in [
            ("every day", "UTC", "no cron expression"),
            ("* * * * * *", "UTC", "no cron expression"),
            ("61 * * * *", "UTC", "no cron expression"),
            ("0 0 30 2 *", "UTC", "never comes"),
            ("0 0 * * *", "Mars/Olympus", "no time zone"),
        ] {
            let error = Times::new(cron, zone).expect_err(cron).to_string();
            assert!(error.contains(word), "{cron}: {error}");
        }
    }

    #[test]
    fn a_step_that_never_steps_is_refused_for_what_it_is() {
        for cron in [
            "*/90 * * * *",
            "*/61 * * * *",
            "0 */25 * * *",
            "0 0 */32 * *",
            "0 0 1 */13 *",
            "0 0 * * */9",
            "50/20 * * * *",
            "1,0-10/11 * * * *",
            "*/99999999999 * * * *",
        ] {
            let error = Times::new(cron, "UTC").expect_err(cron).to_string();
            assert!(error.contains("steps over"), "{cron}: {error}");
        }
        for cron in ["*/45 * * * *", "0 */12 * * *", "5-59/15 * * * *", "0-30/30 * * * *", "1,*/20 * * * *"] {
            assert!(Times::new(cron, "UTC").is_ok(), "{cron}");
        }
    }

    #[test]
    fn missed_times_are_left_out_made_up_for_once_or_all_made_up_for() {
        let hourly = Times::new("0 * * * *", "UTC").expect("an expression");
        let first = time("2026-11-23T01:00:00Z");
        let due =
            |missed, owed_to: Option<&str>, now| hourly.due(missed, first, owed_to.map(time), time(now));
        let hours = |range: std::ops::RangeInclusive<i64>| -> Vec<Timestamp> {
            range.map(|hour| Timestamp::from_secs(first.micros() / 1_000_000 + 3_600 * (hour - 1))).collect()
        };
        for missed in MissedRuns::ALL {
            let on_time = due(missed, None, "2026-11-23T01:00:00.5Z");
            assert_eq!((on_time.runs, on_time.next), (hours(1..=1), Some(hours(2..=2)[0])), "{missed}");
        }
        let late = "2026-11-23T05:30:00Z";
        assert_eq!(due(MissedRuns::Skip, None, late).runs, []);
        assert_eq!(due(MissedRuns::Skip, None, "2026-11-23T05:04:00Z").runs, hours(5..=5));
        assert_eq!(due(MissedRuns::RunOnce, None, late).runs, hours(5..=5));
        assert_eq!(due(MissedRuns::RunAll, None, late).runs, hours(1..=5));
        for missed in MissedRuns::ALL {
            let owed = due(missed, Some(late), late);
            assert_eq!(owed.runs, hours(1..=5), "{missed}: it was there, and the queue was full");
            assert_eq!(owed.next, Some(hours(6..=6)[0]));
        }
        // It was there until three, and then it was not.
        let gone = |missed| due(missed, Some("2026-11-23T03:00:00Z"), late).runs;
        assert_eq!(gone(MissedRuns::Skip), hours(1..=3));
        assert_eq!(gone(MissedRuns::RunOnce), [hours(1..=3), hours(5..=5)].concat());
        assert_eq!(gone(MissedRuns::RunAll), hours(1..=5));
        // So many that they need several steps: the oldest first, and none is lost.
        let many = due(MissedRuns::Skip, Some("2026-12-23T05:30:00Z"), "2026-12-23T05:30:00Z");
        assert_eq!((many.runs.len(), many.next), (MOST_AT_ONCE, Some(hours(101..=101)[0])));
        assert_eq!(many.runs, hours(1..=100));
        let year = due(MissedRuns::RunAll, None, "2027-11-23T05:30:00Z");
        assert_eq!(year.runs.len(), MOST_MISSED);
        assert_eq!(year.runs.last(), Some(&time("2027-11-23T05:00:00Z")), "the newest");
        assert_eq!(year.next, Some(time("2027-11-23T06:00:00Z")));
    }
}
