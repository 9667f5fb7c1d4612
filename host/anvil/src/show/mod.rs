//! How things are shown on a terminal.

mod bar;
mod difference;
mod table;
mod text;
mod time;

pub(crate) use bar::{bar, money_bar};
pub(crate) use difference::differing_lines;
pub(crate) use table::Table;
pub(crate) use text::{clean, clean_lines, first_line, indented};
pub(crate) use time::{Moment, elapsed};

use crate::failure::Failure;
use anvil_types::Json;
use serde::Serialize;
use serde_json::Value;
use std::io::Write as _;

/// Prints a text and a line end; that nobody reads it any more ends the command quietly.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::Other(error.into()),
    })
}

/// Prints a text exactly as it is: a file's own line ends stay.
pub(crate) fn print_raw(text: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::Other(error.into()),
    })
}

/// Prints JSON of our own, indented.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&indented(&value.to_string()))
}

/// JSON as it came, indented; nothing where there is none.
pub(crate) fn pretty_text(json: &Json) -> String {
    indented(json.as_str())
}

/// A text, cleaned; empty where there is none.
pub(crate) fn some(text: Option<&str>) -> String {
    text.map(clean).unwrap_or_default()
}

/// A word of the API by its name in JSON.
pub(crate) fn word<T: Serialize>(word: T) -> String {
    serde_json::to_value(word).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Bytes as people read them.
pub(crate) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", tenths(1_024)),
        _ => format!("{} MiB", tenths(1_048_576)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        assert_eq!([0, 1_023, 1_536, 5_242_880].map(size), ["0 B", "1023 B", "1.5 KiB", "5.0 MiB"]);
    }
}
