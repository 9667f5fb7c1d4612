//! Middles of long logs.

use super::with_left_out;
use std::borrow::Cow;

/// Lines that are left at a log's beginning, and at its end.
const FIRST: usize = 20;
const LAST: usize = 20;
/// A log with fewer lines than these beside them is left.
const FEWEST: usize = 20;
/// A line that has one of these is never left out.
const WORTH_READING: [&str; 7] = ["error", "warn", "fatal", "panic", "exception", "fail", "critical"];

/// The text without the middles of its long logs, but for the lines in them that tell of trouble.
pub fn without_log_middles(text: &str) -> Cow<'_, str> {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let (mut gaps, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let length = lines[at..].iter().take_while(|line| is_log(line)).count();
        if length >= FIRST + LAST + FEWEST {
            let ends = at + length - LAST;
            let mut begins = at + FIRST;
            let worth_reading = (begins..ends).filter(|number| is_worth_reading(lines[*number]));
            for number in worth_reading.chain([ends]) {
                gaps.extend((begins < number).then_some(begins..number));
                begins = number + 1;
            }
        }
        at += length.max(1);
    }
    with_left_out(text, &gaps, |count| format!("[{count} lines of the log left out]\n"))
}

fn is_worth_reading(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    WORTH_READING.iter().any(|word| line.contains(word))
}

/// Whether a line begins with a time, or is an object that has one.
fn is_log(line: &str) -> bool {
    let shown = line.trim_start_matches(['[', ' ']).as_bytes();
    let like = |pattern: &str| {
        shown.len() >= pattern.len()
            && pattern
                .bytes()
                .zip(shown)
                .all(|(sign, byte)| if sign == b'0' { byte.is_ascii_digit() } else { sign == *byte })
    };
    let object = line.starts_with("{\"")
        && ["\"ts\"", "\"time\"", "\"timestamp\"", "\"level\""].iter().any(|name| line.contains(name));
    like("0000-00-00") || like("00:00:00") || object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_ends_and_what_tells_of_trouble() {
        let line =
            |at: usize| format!("2026-11-30T00:00:{at:02}Z {} x\n", if at == 40 { "ERROR" } else { "INFO" });
        let lines: Vec<_> = (0..80).map(line).collect();
        let told = without_log_middles(&lines.concat()).into_owned();
        let expected = [
            &lines[..20].concat(),
            "[20 lines of the log left out]\n",
            &lines[40],
            "[19 lines of the log left out]\n",
            &lines[60..].concat(),
        ];
        assert_eq!(told, expected.concat());
        let short = lines[..50].concat();
        assert_eq!(without_log_middles(&short), short);
    }
}
