//! How two texts differ, line by line.

use std::fmt::Write as _;

/// The lines in which two texts differ, with a sign before each: what was, what is. What is the same before and after
/// is left out, but for the line before.
pub(crate) fn differing_lines(then: &str, now: &str) -> String {
    let (then, now): (Vec<&str>, Vec<&str>) = (then.lines().collect(), now.lines().collect());
    let same = |(one, other): &(&&str, &&str)| one == other;
    let before = then.iter().zip(&now).take_while(same).count();
    let rest = then.len().min(now.len()) - before;
    let after = then.iter().rev().zip(now.iter().rev()).take(rest).take_while(same).count();
    let mut out = String::new();
    if before > 0 {
        let _ = writeln!(out, "  {}", then[before - 1]);
    }
    for (sign, lines) in [('-', &then[..then.len() - after]), ('+', &now[..now.len() - after])] {
        for line in &lines[before..] {
            let _ = writeln!(out, "{sign} {line}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_and_what_is_the_same_is_not() {
        assert_eq!(differing_lines("a\nb\nc\nd", "a\nb\nX\nY\nd"), "  b\n- c\n+ X\n+ Y\n");
        assert_eq!(differing_lines("a", "a\na"), "  a\n+ a\n");
        assert_eq!(differing_lines("a", "b"), "- a\n+ b\n");
        assert_eq!(differing_lines("", "b"), "+ b\n");
    }
}
