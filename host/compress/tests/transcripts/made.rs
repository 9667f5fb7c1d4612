//! Transcripts that are made from a seed: texts as agents get them from tools and people.

use super::{Said, Transcript, Who};
use std::fmt::Write as _;

/// How many of each kind.
const EACH: u64 = 8;

/// SplitMix64: the same on every machine and for ever.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }
}

const WORDS: [&str; 48] = [
    "account", "review", "delivery", "the", "of", "a", "region", "request", "when", "is", "under",
    "customer", "limit", "change", "before", "and", "window", "service", "not", "may", "by", "report",
    "each", "order", "after", "team", "must", "value", "where", "payment", "first", "to", "in", "contract",
    "other", "time", "between", "page", "without", "error", "approved", "draft", "party", "month", "which",
    "notice", "for", "as",
];
const NAMES: [&str; 12] = [
    "id",
    "name",
    "created_at",
    "state",
    "items",
    "labels",
    "owner",
    "amount",
    "url",
    "count",
    "enabled",
    "notes",
];
const MODULES: [&str; 8] =
    ["http", "store", "queue", "auth", "billing::invoice", "search::index", "mailer", "cache"];

/// Makes one of its kind.
type Make = fn(&mut Dice) -> Vec<Said>;

pub(super) fn transcripts() -> Vec<Transcript> {
    let kinds: [(&'static str, Make); 5] =
        [("json", json), ("logs", logs), ("repeated", repeated), ("code", code), ("prose", prose)];
    let mut all = Vec::new();
    for (at, (kind, make)) in (0_u64..).zip(kinds) {
        for number in 0..EACH {
            let said = make(&mut Dice(1_411 + at * 1_000 + number));
            all.push(Transcript { kind, name: format!("{kind}-{number}"), said });
        }
    }
    all
}

fn said(who: Who, text: impl Into<String>) -> Said {
    Said { who, text: text.into() }
}

fn words(dice: &mut Dice, count: u64) -> String {
    let mut text = String::new();
    for at in 0..count {
        let word = dice.one(&WORDS);
        if at == 0 {
            text.push_str(&word[..1].to_uppercase());
            text.push_str(&word[1..]);
        } else {
            let _ = write!(text, " {word}");
        }
    }
    text.push('.');
    text
}

fn paragraph(dice: &mut Dice) -> String {
    let sentences: Vec<_> = (0..3 + dice.below(4))
        .map(|_| {
            let count = 7 + dice.below(14);
            words(dice, count)
        })
        .collect();
    sentences.join(" ")
}

/// How JSON is laid out by what writes it.
#[derive(Clone, Copy)]
enum Layout {
    /// One thing a line, by so many spaces.
    Pretty(usize),
    /// `, ` and `: `, as Python writes it.
    Spaced,
    Tight,
}

fn layout(dice: &mut Dice) -> Layout {
    match dice.below(20) {
        0..10 => Layout::Pretty(2),
        10..14 => Layout::Pretty(4),
        14..17 => Layout::Spaced,
        _ => Layout::Tight,
    }
}

fn record(dice: &mut Dice, layout: Layout, depth: usize, out: &mut String) {
    let line = |depth: usize| match layout {
        Layout::Pretty(by) => format!("\n{}", " ".repeat(by * depth)),
        Layout::Spaced | Layout::Tight => String::new(),
    };
    let comma = if matches!(layout, Layout::Spaced) { ", " } else { "," };
    let colon = if matches!(layout, Layout::Tight) { ":" } else { ": " };
    out.push('{');
    let members = 4 + dice.below(6);
    for at in 0..members {
        if at > 0 {
            out.push_str(comma);
        }
        let _ = write!(out, "{}\"{}\"{colon}", line(depth + 1), NAMES[usize::try_from(at).expect("small")]);
        match dice.below(9) {
            0 | 1 => {
                let count = 2 + dice.below(5);
                let _ = write!(out, "\"{}\"", words(dice, count));
            }
            2 => {
                let _ = write!(out, "{}", dice.below(100_000));
            }
            3 => {
                let _ = write!(out, "{}.{:02}", dice.below(900), dice.below(100));
            }
            4 => {
                let _ = write!(
                    out,
                    "\"2026-{:02}-{:02}T{:02}:00:00Z\"",
                    1 + dice.below(12),
                    1 + dice.below(28),
                    dice.below(24)
                );
            }
            5 => out.push_str(dice.one(&["true", "false", "null"])),
            6 => {
                let _ = write!(out, "\"https://example.com/v1/things/{}\"", dice.below(1 << 40));
            }
            _ if depth < 4 => record(dice, layout, depth + 1, out),
            _ => out.push_str("[]"),
        }
    }
    let _ = write!(out, "{}}}", line(depth));
}

fn list(dice: &mut Dice, layout: Layout) -> String {
    let mut out = "[".to_owned();
    for at in 0..3 + dice.below(9) {
        if at > 0 {
            out.push_str(if matches!(layout, Layout::Spaced) { ", " } else { "," });
        }
        if let Layout::Pretty(by) = layout {
            let _ = write!(out, "\n{}", " ".repeat(by));
        }
        record(dice, layout, 1, &mut out);
    }
    out.push_str(if matches!(layout, Layout::Pretty(_)) { "\n]" } else { "]" });
    out
}

fn json(dice: &mut Dice) -> Vec<Said> {
    let mut all = vec![said(Who::User, words(dice, 22))];
    for _ in 0..2 + dice.below(3) {
        let layout = layout(dice);
        let data = list(dice, layout);
        if dice.below(3) == 0 {
            let (before, after) = (words(dice, 9), words(dice, 12));
            all.push(said(Who::User, format!("{before}\n\n{data}\n\n{after}\n")));
        } else {
            all.push(said(Who::Result, data));
        }
        let count = 20 + dice.below(30);
        all.push(said(Who::Assistant, words(dice, count)));
    }
    all.push(said(Who::User, words(dice, 11)));
    all
}

fn log_line(dice: &mut Dice, second: u64) -> String {
    let level = dice.one(&["INFO ", "INFO ", "INFO ", "INFO ", "DEBUG", "WARN ", "ERROR"]);
    let module = dice.one(&MODULES);
    let (count, id, took) = (3 + dice.below(7), dice.below(1 << 32), dice.below(900));
    format!(
        "2026-11-29T{:02}:{:02}:{:02}.{:03}Z {level} {module}: {} id={id:08x} took_ms={took}",
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
        dice.below(1_000),
        words(dice, count)
    )
}

fn trace(dice: &mut Dice) -> String {
    let mut text = format!("Error: {}\n", words(dice, 6));
    for _ in 0..6 + dice.below(25) {
        let (module, line) = (dice.one(&MODULES), dice.below(400));
        let _ = writeln!(
            text,
            "    at {}.{} (/srv/app/{}.js:{line}:{})",
            dice.one(&NAMES),
            dice.one(&WORDS),
            module.replace("::", "/"),
            dice.below(80)
        );
    }
    text
}

fn logs(dice: &mut Dice) -> Vec<Said> {
    let mut all = vec![said(Who::User, words(dice, 18))];
    let mut second = 20_000 + dice.below(40_000);
    // What a command says that is run again until it does what it should.
    let mut build = String::from("$ make check\n\n\n");
    for _ in 0..12 + dice.below(20) {
        let line = format!(
            "  [{:>3}/{}] {} {}",
            dice.below(400),
            400,
            dice.one(&["CC", "CXX", "LD", "GEN"]),
            dice.one(&MODULES)
        );
        let _ = writeln!(build, "{line:<72}");
    }
    build.push_str("\n\n\n");
    build.push_str(&trace(dice));
    for turn in 0..3 + dice.below(2) {
        let mut text = String::new();
        match (turn + dice.below(2)) % 3 {
            0 => text.push_str(&build),
            1 => {
                for _ in 0..25 + dice.below(50) {
                    second += dice.below(4);
                    let line = log_line(dice, second);
                    let _ = writeln!(text, "{line}{}", if dice.below(6) == 0 { "  " } else { "" });
                    if dice.below(30) == 0 {
                        text.push_str(&trace(dice));
                    }
                }
            }
            _ => {
                for _ in 0..20 + dice.below(30) {
                    second += dice.below(4);
                    let (module, took, count) = (dice.one(&MODULES), dice.below(900), 3 + dice.below(6));
                    let _ = writeln!(
                        text,
                        "{{\"ts\": {second}, \"level\": \"info\", \"logger\": \"{module}\", \"msg\": \"{}\", \"took_ms\": {took}}}",
                        words(dice, count)
                    );
                }
            }
        }
        all.push(said(Who::Result, text));
        let count = 15 + dice.below(25);
        all.push(said(Who::Assistant, words(dice, count)));
    }
    all.push(said(Who::User, words(dice, 9)));
    all
}

fn repeated(dice: &mut Dice) -> Vec<Said> {
    let sections = 5 + dice.below(6);
    let mut brief: Vec<_> = (0..sections)
        .map(|_| {
            let count = 3 + dice.below(3);
            format!("## {}\n\n{}", words(dice, count), paragraph(dice))
        })
        .collect();
    let data = list(dice, Layout::Pretty(2));
    let mut all = Vec::new();
    for turn in 0..3 + dice.below(3) {
        // Now and then somebody changes a section of it.
        if turn > 0 && dice.below(3) == 0 {
            let at = usize::try_from(dice.below(sections)).expect("small");
            brief[at] = format!("## {}\n\n{}", words(dice, 4), paragraph(dice));
        }
        all.push(said(Who::User, format!("{}\n\n{}\n", brief.join("\n\n"), words(dice, 14))));
        if dice.below(2) == 0 {
            all.push(said(Who::Result, data.clone()));
        }
        let count = 30 + dice.below(60);
        all.push(said(Who::Assistant, words(dice, count)));
    }
    all.push(said(Who::User, words(dice, 8)));
    all
}

fn code(dice: &mut Dice) -> Vec<Said> {
    let mut source = String::from("import os\nimport sys\n\n\n");
    for _ in 0..5 + dice.below(8) {
        let (name, count) = (dice.one(&WORDS), 4 + dice.below(6));
        let _ = writeln!(
            source,
            "def {name}_{}(value):\n    \"\"\"{}\"\"\"\n    # {}",
            dice.below(90),
            words(dice, count),
            words(dice, 5)
        );
        for _ in 0..2 + dice.below(6) {
            let _ = writeln!(
                source,
                "    value = {}(value, {}){}",
                dice.one(&NAMES),
                dice.below(50),
                if dice.below(9) == 0 { "   " } else { "" }
            );
        }
        source.push_str("    return value\n\n\n");
    }
    vec![
        said(Who::User, words(dice, 15)),
        said(Who::Result, source.clone()),
        said(
            Who::Assistant,
            format!("{}\n\n```python\n{}```\n", words(dice, 12), &source[..source.len() / 2]),
        ),
        said(Who::User, format!("{}\n\n```\n{}```\n", words(dice, 10), &source[source.len() / 2..])),
    ]
}

fn prose(dice: &mut Dice) -> Vec<Said> {
    let mut all = Vec::new();
    for _ in 0..2 + dice.below(2) {
        let paragraphs: Vec<_> = (0..3 + dice.below(5)).map(|_| paragraph(dice)).collect();
        all.push(said(Who::User, paragraphs.join("\n\n")));
        all.push(said(Who::Assistant, paragraph(dice)));
    }
    all.push(said(Who::User, words(dice, 12)));
    all
}
