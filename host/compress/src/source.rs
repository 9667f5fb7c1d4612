//! Texts whose white space may mean something as a whole: patches, programs, mail that flows.

use crate::layout::{DataSeeker, first_line};

/// Lines that begin a patch, or a conflict in one.
const PATCH: [&str; 10] = [
    "diff --git ",
    "@@ -",
    "@@@ -",
    "--- a/",
    "+++ b/",
    "*** ",
    "Index: ",
    "<<<<<<< ",
    ">>>>>>> ",
    "=======",
];
/// How lines of programs begin.
const BEGINS: [&str; 34] = [
    "import ",
    "from ",
    "def ",
    "class ",
    "fn ",
    "pub ",
    "use ",
    "mod ",
    "impl ",
    "struct ",
    "enum ",
    "#include",
    "#define",
    "#!",
    "package ",
    "func ",
    "function ",
    "const ",
    "let ",
    "var ",
    "public ",
    "private ",
    "static ",
    "export ",
    "return",
    "if (",
    "for (",
    "while (",
    "else",
    "end",
    "require",
    "@",
    "//",
    "/*",
];
/// How they end.
const ENDS: [&str; 9] = ["{", "}", ";", "};", "});", "):", "->", "=>", "\\"];
/// So many of them make a text a program,
const LINES: usize = 3;
/// where they are so large a part of it: one of so many.
const PART: usize = 12;

/// Whether nothing of the text may be touched, since its white space may mean something.
pub(crate) fn is_source(text: &str) -> bool {
    let (mut code, mut all) = (0, 0);
    let (mut rest, mut data) = (text, DataSeeker::of(text));
    while !rest.is_empty() {
        // Lines of JSON data end as lines of programs do.
        if let Some(length) = data.at(rest) {
            rest = &rest[length..];
            continue;
        }
        let first = first_line(rest);
        rest = &rest[first.len()..];
        let line = first.trim_end();
        if line.is_empty() {
            continue;
        }
        if PATCH.iter().any(|begins| line.starts_with(begins)) || line.contains("format=flowed") {
            return true;
        }
        all += 1;
        let trimmed = line.trim_start();
        let begins = BEGINS.iter().any(|begins| trimmed.starts_with(begins)) && !reads_as_prose(trimmed);
        code += usize::from(begins || ENDS.iter().any(|ends| line.ends_with(ends)));
    }
    code >= LINES && code * PART >= all
}

// `use`, `from` and `end` begin sentences too.
fn reads_as_prose(line: &str) -> bool {
    line.ends_with(['.', ',', '?', '!']) && line.contains(' ') && !line.contains(['(', '=', '{', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_programs_and_flowing_mail_are_told_from_prose_data_and_logs() {
        for text in [
            "--- a/x\n+++ b/x\n",
            "diff --git a/x b/x\n",
            "Content-Type: text/plain; format=flowed\n\nHello \nyou\n",
            "import os\n\n\nclass A:\n    pass\n\ndef f():\n    return 1\n",
            "fn main() {\n    let a = 1;\n}\nfn b() {\n}\n",
        ] {
            assert!(is_source(text), "{text}");
        }
        for text in [
            "A sentence.\n\nUse the door. End of it.\n",
            "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n",
            "2026-11-30T06:10:00Z INFO x: served\n2026-11-30T06:10:01Z INFO x: served\n",
            "",
        ] {
            assert!(!is_source(text), "{text}");
        }
    }
}
