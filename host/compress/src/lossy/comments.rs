//! Comments in fenced code.

use crate::layout::{Kind, parts};
use std::borrow::Cow;

/// What a comment begins with, by the language that a fence names.
const LANGUAGES: [(&str, &[&str]); 2] = [
    (
        "//",
        &[
            "rust",
            "rs",
            "js",
            "jsx",
            "javascript",
            "ts",
            "tsx",
            "typescript",
            "java",
            "c",
            "h",
            "cpp",
            "c++",
            "cc",
            "go",
            "swift",
            "kotlin",
            "kt",
            "scala",
            "cs",
            "csharp",
            "dart",
        ],
    ),
    ("#", &["python", "py", "sh", "bash", "shell", "zsh", "ruby", "rb", "yaml", "yml", "toml", "perl"]),
];
/// Comments that tools read.
const READ_BY_TOOLS: [&str; 12] = [
    "#!",
    "# type:",
    "# noqa",
    "# pylint",
    "# -*-",
    "# frozen",
    "//go:",
    "// +build",
    "// @ts",
    "// eslint",
    "# syntax",
    "# fmt",
];

/// The text without the lines of its fenced code that are comments alone.
pub fn without_comments(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    for part in parts(text) {
        let mark = (part.kind == Kind::Fenced).then(|| mark_of(part.text)).flatten();
        match mark {
            Some(mark) => code_without(part.text, mark, &mut out),
            None => out.push_str(part.text),
        }
    }
    if out.len() < text.len() { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

fn mark_of(fenced: &str) -> Option<&'static str> {
    let info = fenced.lines().next()?.trim_start_matches([' ', '\t', '>', '-', '*', '+', '`', '~']);
    let language = info.split([' ', ',', '{']).next()?.to_ascii_lowercase();
    LANGUAGES.iter().find(|(_, names)| names.contains(&language.as_str())).map(|(mark, _)| *mark)
}

/// What may be within a string is no comment: from the first line on that may open one, all is left.
fn code_without(fenced: &str, mark: &str, out: &mut String) {
    let lines: Vec<_> = fenced.split_inclusive('\n').collect();
    let mut in_string = false;
    for (at, line) in lines.iter().enumerate() {
        let shown = line.trim_start();
        let read = READ_BY_TOOLS.iter().any(|begins| shown.starts_with(begins));
        let inside = at > 0 && at + 1 < lines.len();
        if inside && !in_string && shown.starts_with(mark) && !read {
            continue;
        }
        in_string |= opens_string(line);
        out.push_str(line);
    }
}

fn opens_string(line: &str) -> bool {
    let quotes = line.matches('"').count();
    let several = ["\"\"\"", "'''", "/*", "<<", "r#\""].iter().any(|sign| line.contains(sign));
    let block = line.trim_end().ends_with(['|', '>']) || line.trim_end().ends_with("|-");
    quotes % 2 == 1 || several || block || (line.contains('`') && !line.trim_start().starts_with("```"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_what_tools_read_and_strings_stay() {
        for (text, shorter) in [
            ("a\n```rust\n// gone\nlet x = 1; // stays\n```\n", "a\n```rust\nlet x = 1; // stays\n```\n"),
            ("```py\n#!/bin/python\n# gone\nx = 1\n```\n", "```py\n#!/bin/python\nx = 1\n```\n"),
            ("```py\nx = \"\"\"\n# stays\n\"\"\"\n```\n", "```py\nx = \"\"\"\n# stays\n\"\"\"\n```\n"),
            ("```\n// stays\n```\n", "```\n// stays\n```\n"),
            ("```text\n# stays\n```\n", "```text\n# stays\n```\n"),
            ("# stays\n", "# stays\n"),
        ] {
            assert_eq!(without_comments(text), shorter);
        }
    }
}
