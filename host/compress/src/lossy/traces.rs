//! Middles of stack traces.

use super::with_left_out;
use std::borrow::Cow;

/// Lines that are left at a trace's beginning, and at its end.
const FIRST: usize = 6;
const LAST: usize = 4;

/// The text without the middles of its stack traces.
pub fn without_trace_middles(text: &str) -> Cow<'_, str> {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let (mut gaps, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let length = trace(&lines[at..]);
        if length > FIRST + LAST + 2 {
            gaps.push(at + FIRST..at + length - LAST);
        }
        at += length.max(1);
    }
    with_left_out(text, &gaps, |count| format!("    [{count} lines of the stack trace left out]\n"))
}

/// How many lines at the beginning are frames, or stand between a frame's place and the next.
fn trace(lines: &[&str]) -> usize {
    let mut length = 0;
    let mut after_place = false;
    for line in lines {
        let indented = line.starts_with([' ', '\t']);
        let shown = line.trim();
        let frame = is_frame(shown);
        // The line of the program that a frame is at.
        if !indented || shown.is_empty() || !(frame || after_place) {
            break;
        }
        after_place = frame && (shown.starts_with("File \"") || starts_with_number(shown));
        length += 1;
    }
    length
}

fn is_frame(line: &str) -> bool {
    line.starts_with("at ") || line.starts_with("File \"") || starts_with_number(line)
}

// `12: core::panicking::panic_fmt`, as Rust writes it.
fn starts_with_number(line: &str) -> bool {
    let rest = line.trim_start_matches(|digit: char| digit.is_ascii_digit());
    rest.len() < line.len() && rest.starts_with(": ") && rest.contains("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_trace_keeps_its_ends() {
        let frames: Vec<_> = (0..30).map(|at| format!("    at f{at} (a.js:{at})\n")).collect();
        let text = format!("Error: no\n{}and so on\n", frames.concat());
        let told = without_trace_middles(&text);
        let expected = format!(
            "Error: no\n{}    [20 lines of the stack trace left out]\n{}and so on\n",
            frames[..6].concat(),
            frames[26..].concat()
        );
        assert_eq!(told, expected);
        let short = format!("Error: no\n{}", frames[..10].concat());
        assert_eq!(without_trace_middles(&short), short);
    }

    #[test]
    fn pythons_and_rusts_frames_are_known() {
        for frame in
            ["  File \"a.py\", line 1, in f\n    x()\n", "  12: core::panic\n             at ./a.rs:1\n"]
        {
            assert!(
                without_trace_middles(&frame.repeat(20)).contains("30 lines of the stack trace left out"),
                "{frame}"
            );
        }
    }
}
