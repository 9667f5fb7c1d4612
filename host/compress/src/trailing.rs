//! White space at the ends of lines.
//!
//! What means something stays: one space is where a mail flows on, two are a line break in Markdown, `-- ` stands above a mail's signature, and the cells
//! of a table may be empty.

use crate::layout::{Kind, parts};
use std::borrow::Cow;

/// The text without white space at the ends of its plain lines; of more than two spaces two are left.
pub fn without_trailing_space(text: &str) -> Cow<'_, str> {
    if !text.ends_with(' ') && !text.contains(" \n") {
        return Cow::Borrowed(text);
    }
    let parts = parts(text);
    let shortened = |at: usize| {
        let part = parts[at];
        let (line, end) = part.text.strip_suffix('\n').map_or((part.text, ""), |line| (line, "\n"));
        let shown = line.trim_end_matches(' ');
        let spaces = line.len() - shown.len();
        let kept = match part.kind {
            Kind::Blank
                if is_kept(parts.get(at + 1)) || is_kept(at.checked_sub(1).and_then(|at| parts.get(at))) =>
            {
                spaces
            }
            Kind::Blank => 0,
            Kind::Plain if may_end_here(shown) => spaces.min(2),
            _ => spaces,
        };
        (kept < spaces).then(|| (&line[..shown.len() + kept], end))
    };
    let mut out = String::new();
    let (mut taken, mut at) = (0, 0);
    for (number, part) in parts.iter().enumerate() {
        if let Some((line, end)) = shortened(number) {
            out.push_str(&text[taken..at]);
            out.push_str(line);
            out.push_str(end);
            taken = at + part.text.len();
        }
        at += part.text.len();
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[taken..]);
    Cow::Owned(out)
}

fn is_kept(part: Option<&crate::layout::Part<'_>>) -> bool {
    part.is_some_and(|part| part.kind == Kind::Kept)
}

/// Whether spaces after this line mean nothing for certain.
fn may_end_here(line: &str) -> bool {
    let cells = line.contains('\t') || has_tight_comma(line);
    // A patch's lines, and quotations.
    let quoted = line.starts_with(['+', '-', '>', '<']);
    let last = line.chars().next_back();
    let ends =
        last.is_some_and(|last| last.is_alphanumeric() || matches!(last, '.' | '!' | '?' | ')' | ']' | '"'));
    ends && !cells && !quoted
}

/// Cells are told apart by commas without a space.
fn has_tight_comma(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair[0], b',' | b';') && pair[1] != b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_goes() {
        for (text, shorter) in [("break      \nnext", "break  \nnext"), ("a.   \n   \nb", "a.  \n\nb")] {
            assert_eq!(without_trailing_space(text), shorter);
        }
    }

    #[test]
    fn what_may_mean_something_stays() {
        for text in [
            "a line  \nbreak\n",
            "a line \nthat flows\n",
            "-- \nAnn\n",
            "a\tb\t \n",
            "a,b, \n",
            "> quoted \n",
            "+added  \t \n",
            "$ \n",
            "    code   \n",
            "    code\n   \n    code\n",
            "```\ncode   \n```\n",
            "x = \"\"\"   \n   \n\"\"\"\n",
            "a   \r\n",
        ] {
            assert_eq!(without_trailing_space(text), text);
        }
    }
}
