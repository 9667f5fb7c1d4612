//! Time on a page: relative for reading, absolute for machines and in the title.

use anvil_budget::Windows;
use anvil_types::Timestamp;
use askama::Template;
use askama::filters::HtmlSafe;
use std::time::Duration;

/// A point in time, relative to the page's own time. The panel's script keeps it fresh.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ iso }}" title="{{ absolute }}"{% if elapsed %} data-elapsed{% endif %}>{{ shown }}</time>"#,
    ext = "html"
)]
pub(crate) struct When {
    iso: String,
    absolute: String,
    shown: String,
    elapsed: bool,
}

impl HtmlSafe for When {}

impl When {
    /// `3 min ago`, `in 2 h`.
    pub(crate) fn relative(at: Timestamp, now: Timestamp) -> Self {
        let shown = if at > now && at.since(now) >= Duration::from_secs(1) {
            format!("in {}", length(at.since(now)))
        } else if now.since(at) < Duration::from_secs(2) {
            "just now".to_owned()
        } else {
            format!("{} ago", length(now.since(at)))
        };
        Self { shown, ..Self::at(at) }
    }

    /// How long something has gone on: `1 min 12 s`.
    pub(crate) fn elapsed(since: Timestamp, now: Timestamp) -> Self {
        Self { shown: long(now.since(since)), elapsed: true, ..Self::at(since) }
    }

    fn at(at: Timestamp) -> Self {
        Self { iso: at.to_string(), absolute: absolute(at), shown: String::new(), elapsed: false }
    }
}

/// A time for a sentence that is not about now: `2026-11-23 14:00:00 UTC`.
pub(crate) fn absolute(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A time as people of the host's zone say it: `16:40` today, `Tue 1 Dec 00:00` on another day.
pub(crate) fn local(at: Timestamp, now: Timestamp, windows: &Windows) -> String {
    let zoned = |time: Timestamp| time.to_jiff().to_zoned_datetime(windows.zone().clone());
    let (there, here) = (zoned(at), zoned(now));
    let form = match (there.date() == here.date(), there.year() == here.year()) {
        (true, _) => "%H:%M",
        (false, true) => "%a %-d %b %H:%M",
        (false, false) => "%-d %b %Y %H:%M",
    };
    there.strftime(form).to_string()
}

/// A length by its largest unit: `12 s`, `3 min`, `5 h`, `9 d`.
pub(crate) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length by its two largest units: `840 ms`, `3.2 s`, `2 min 5 s`, `1 h 3 min`.
pub(crate) fn long(length: Duration) -> String {
    let (millis, seconds) = (length.as_millis(), length.as_secs());
    match seconds {
        0 => format!("{millis} ms"),
        1..10 => format!("{}.{} s", seconds, millis % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..172_800 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_the_hosts_zone() {
        let windows = Windows::new(jiff::tz::TimeZone::get("Europe/Berlin").expect("the zone"));
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let now = at("2026-11-23T12:00:00Z");
        for (time, shown) in [
            ("2026-11-23T15:40:00Z", "16:40"),
            ("2026-11-30T23:00:00Z", "Tue 1 Dec 00:00"),
            ("2026-12-31T23:00:00Z", "1 Jan 2027 00:00"),
        ] {
            assert_eq!(local(at(time), now, &windows), shown);
        }
    }

    #[test]
    fn lengths_read_well() {
        for (millis, shown) in [
            (0, "0 ms"),
            (840, "840 ms"),
            (3_250, "3.2 s"),
            (125_000, "2 min 5 s"),
            (3_780_000, "1 h 3 min"),
            (190_000_000, "2 d 4 h"),
        ] {
            assert_eq!(long(Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn the_past_is_ago_and_the_future_is_in() {
        let now = Timestamp::from_secs(1_000_000);
        let shown = |at| When::relative(Timestamp::from_secs(at), now).shown;
        assert_eq!(shown(999_999), "just now");
        assert_eq!(shown(999_700), "5 min ago");
        assert_eq!(shown(1_010_800), "in 3 h");
    }
}
