//! Runs of blank lines.

use crate::layout::{Kind, Part, parts};
use std::borrow::Cow;

/// The text with one blank line in the place of several, where none of it is beside what is left as it is.
pub fn without_blank_runs(text: &str) -> Cow<'_, str> {
    if !has_run(text) {
        return Cow::Borrowed(text);
    }
    let parts = parts(text);
    let mut out = String::new();
    let mut changed = false;
    let mut at = 0;
    while at < parts.len() {
        let run = parts[at..].iter().take_while(|part| part.kind == Kind::Blank).count();
        if run == 0 {
            out.push_str(parts[at].text);
            at += 1;
            continue;
        }
        let free =
            is_free(at.checked_sub(1).and_then(|before| parts.get(before))) && is_free(parts.get(at + run));
        let most = if free { 1 } else { run };
        changed |= most < run;
        parts[at..at + most].iter().for_each(|part| out.push_str(part.text));
        at += run;
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

/// Whether two lines without a character that shows stand one after the other.
fn has_run(text: &str) -> bool {
    let mut blank = text.split_inclusive('\n').map(|line| line.trim_matches([' ', '\n']).is_empty());
    let mut before = false;
    blank.any(|blank| std::mem::replace(&mut before, blank) && blank)
}

/// Whether what stands beside a run lets it be shortened: it is nothing that stays, and no quotation of a mail.
fn is_free(beside: Option<&Part<'_>>) -> bool {
    beside.is_none_or(|part| part.kind != Kind::Kept && !part.text.starts_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_become_one_where_no_code_is_beside_them() {
        for (text, shorter) in [
            ("a\n\n\n\nb\n", "a\n\nb\n"),
            ("\n\n\na", "\na"),
            ("a\n\n\n", "a\n\n"),
            ("a\n\nb\n", "a\n\nb\n"),
            ("a\n\n\n    code\n\n\n    code\n\n\nb\n", "a\n\n\n    code\n\n\n    code\n\n\nb\n"),
            ("a\n\n\n```\n\n\n\n```\n\n\nb\n", "a\n\n```\n\n\n\n```\n\nb\n"),
            ("> a\n\n\nb\n", "> a\n\n\nb\n"),
            ("'''\n\n\n'''\n", "'''\n\n\n'''\n"),
        ] {
            assert_eq!(without_blank_runs(text), shorter, "{text:?}");
        }
    }
}
