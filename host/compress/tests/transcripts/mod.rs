//! Transcripts on which compression is measured: chosen before its rules were written, and held to by their digests.
//!
//! Some were written by hand (the files beside this one), the others are made from a seed.

#![allow(dead_code, reason = "each test binary uses its part")]

mod made;

/// Who has said a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    User,
    Assistant,
    /// A tool.
    Result,
}

/// What was said, or what a tool gave.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) who: Who,
    pub(crate) text: String,
}

/// A conversation of one kind of text.
#[derive(Clone, Debug)]
pub(crate) struct Transcript {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) said: Vec<Said>,
}

/// The kinds, in the order of the table.
pub(crate) const KINDS: [&str; 5] = ["json", "logs", "repeated", "code", "prose"];

const FILES: [(&str, &str, &str); 13] = [
    ("json", "json-orders", include_str!("json-orders.txt")),
    ("json", "json-pod", include_str!("json-pod.txt")),
    ("json", "json-metrics", include_str!("json-metrics.txt")),
    ("logs", "logs-service", include_str!("logs-service.txt")),
    ("logs", "logs-lines", include_str!("logs-lines.txt")),
    ("logs", "logs-build", include_str!("logs-build.txt")),
    ("repeated", "repeated-brief", include_str!("repeated-brief.txt")),
    ("repeated", "repeated-read", include_str!("repeated-read.txt")),
    ("code", "code-python", include_str!("code-python.txt")),
    ("code", "code-diff", include_str!("code-diff.txt")),
    ("code", "code-rust", include_str!("code-rust.txt")),
    ("prose", "prose-mail", include_str!("prose-mail.txt")),
    ("prose", "prose-contract", include_str!("prose-contract.txt")),
];

/// All of them.
pub(crate) fn held_out() -> Vec<Transcript> {
    let files = FILES.iter().map(|(kind, name, text)| Transcript {
        kind,
        name: (*name).to_owned(),
        said: read(text),
    });
    files.chain(made::transcripts()).collect()
}

// `>>> user`, `>>> assistant` and `>>> result` stand above what each has said.
fn read(text: &str) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    for line in text.split_inclusive('\n') {
        let who = match line.trim_end() {
            ">>> user" => Some(Who::User),
            ">>> assistant" => Some(Who::Assistant),
            ">>> result" => Some(Who::Result),
            _ => None,
        };
        match (who, said.last_mut()) {
            (Some(who), _) => said.push(Said { who, text: String::new() }),
            (None, Some(last)) => last.text.push_str(line),
            (None, None) => {}
        }
    }
    said
}
