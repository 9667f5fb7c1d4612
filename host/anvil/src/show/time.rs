//! Times as a person at this machine reads them.

use anvil_types::{Clock as _, SystemClock, Timestamp};
use jiff::tz::TimeZone;
use std::time::Duration;

/// The present, to which times are told.
pub(crate) struct Moment {
    now: Timestamp,
    zone: TimeZone,
}

impl Moment {
    /// This machine's present and time zone.
    pub(crate) fn now() -> Self {
        Self { now: SystemClock::new().now(), zone: TimeZone::system() }
    }

    /// The host's present: its clock may have been driven.
    pub(crate) fn at(now: Timestamp) -> Self {
        Self { now, ..Self::now() }
    }

    /// `3m ago`, `in 2h`; empty where there is no time.
    pub(crate) fn relative(&self, at: impl Into<Option<Timestamp>>) -> String {
        let Some(at) = at.into() else { return String::new() };
        if at > self.now {
            format!("in {}", elapsed(at.since(self.now)))
        } else {
            format!("{} ago", elapsed(self.now.since(at)))
        }
    }

    /// `2026-11-23 21:44:16 (3m ago)`; empty where there is no time.
    pub(crate) fn full(&self, at: impl Into<Option<Timestamp>>) -> String {
        let Some(at) = at.into() else { return String::new() };
        let local = at.to_jiff().to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
        format!("{local} ({})", self.relative(at))
    }

    /// `21:44:16`; empty where there is no time.
    pub(crate) fn clock(&self, at: impl Into<Option<Timestamp>>) -> String {
        let at = at.into().map(|at| at.to_jiff().to_zoned_datetime(self.zone.clone()));
        at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default()
    }
}

/// A length of time in its two largest units.
pub(crate) fn elapsed(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{}.{}s", seconds, length.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_from_the_present() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
        let moment = Moment { now, zone: TimeZone::UTC };
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert_eq!(moment.relative(at("2026-11-23T11:58:30Z")), "1m 30s ago");
        assert_eq!(moment.relative(at("2026-11-24T14:00:00Z")), "in 1d 02h");
        assert_eq!(moment.full(at("2026-11-23T11:58:30Z")), "2026-11-23 11:58:30 (1m 30s ago)");
        assert_eq!(moment.relative(None), "");
    }
}
