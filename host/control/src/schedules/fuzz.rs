//! Schedules as nobody would write them.

use super::cron::Times;
use anvil_fuzz::Driver;
use anvil_types::Timestamp;

/// The first minute and the gap after it, of an expression that makes sense.
fn times(bytes: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (cron, zone) = text.split_once('@').unwrap_or((text, "UTC"));
    let times = Times::new(cron, zone).ok()?;
    let now = Timestamp::from_secs(1_795_000_000);
    let first = times.after(now)?;
    assert!(first > now, "a time that has been is not to come");
    assert_eq!(first.micros() % 60_000_000, 0, "cron counts minutes");
    let second = times.after(first)?;
    assert!(second > first, "each time comes once");
    Some((first, second))
}

const TIMES: Driver<Option<(Timestamp, Timestamp)>> = Driver {
    corpus: &[
        b"30 6 * * mon-fri@Europe/Berlin",
        b"*/15 0-5,22 1,15 jan-jun *@UTC",
        b"0 0 29 2 *",
        b"@hourly",
        b"5 4 * * sun@America/New_York",
        b"0 0 l * *@Asia/Kolkata",
    ],
    words: &[
        "*/",
        "*",
        " ",
        "1-59/2",
        "59",
        "60",
        "24",
        "31",
        "0",
        "7",
        "fri#5",
        "L",
        "W",
        "?",
        ",",
        "-",
        "@daily",
        "@UTC",
        "@Pacific/Apia",
    ],
    run: times,
};

#[test]
fn no_expression_breaks_the_schedules() {
    TIMES.run();
}

#[test]
fn a_fault_planted_in_the_schedules_is_found() {
    // As if times that are close together became one.
    TIMES.finds(|times| {
        times.is_some_and(|(first, second)| second.since(first) < std::time::Duration::from_mins(15))
    });
}
