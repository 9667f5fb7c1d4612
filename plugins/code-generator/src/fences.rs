//! Finds the fenced blocks of an answer.
//!
//! The rules are CommonMark's where people and CommonMark agree. The scanner is our own because
//! they part exactly where it matters here: for a Markdown file in a three-backtick fence that holds
//! three-backtick fences, for a block that is never closed, and for fences indented in lists. A
//! CommonMark library would answer each of these by its book, and has no words for "never closed".

use crate::language;
use crate::naming::{self, Info};

/// A closing fence may be indented this much more than its opening one.
const SLACK: usize = 3;

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With its closing fence.
    Closed,
    /// Another file's block began inside of it: its own end is missing.
    Interrupted,
    /// The text ended first.
    Cut,
}

/// One fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// What its fence says.
    pub info: Info,
    /// The nearest line above it that is not blank, with at most one blank line between.
    pub line_above: Option<&'a str>,
    /// Its lines, without the indentation of its fence.
    pub lines: Vec<&'a str>,
    /// How it ends.
    pub end: End,
}

impl Block<'_> {
    /// Its text: every line ended by `\n`, no blank lines at its end.
    pub fn content(&self) -> String {
        let filled = self.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        self.lines[..filled].iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// The blocks of a text, in order; blocks inside of blocks belong to the outer one's content.
pub fn scan(text: &str) -> Vec<Block<'_>> {
    scan_lines(&text.lines().collect::<Vec<_>>())
}

/// The blocks of a text that is split into lines already.
pub fn scan_lines<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let (mut at, mut behind_last) = (0, 0);
    while at < lines.len() {
        let Some(fence) = Fence::of(lines[at]) else {
            at += 1;
            continue;
        };
        let line_above = line_above(&lines[behind_last..at]);
        let (end, stop, next) = find_end(lines, at, &fence, line_above);
        let content = lines[at + 1..stop].iter().map(|line| dedent(line, fence.indent)).collect();
        blocks.push(Block { info: naming::of_info(fence.info), line_above, lines: content, end });
        (at, behind_last) = (next, next);
    }
    blocks
}

/// Whether a line opens a block with something in its info string.
pub fn opens_with_info(line: &str) -> Option<Info> {
    Fence::of(line).filter(|fence| !fence.info.is_empty()).map(|fence| naming::of_info(fence.info))
}

/// Whether a line is a fence of any sort.
pub fn is_fence(line: &str) -> bool {
    Fence::of(line).is_some()
}

/// A line of three or more backticks or tildes.
struct Fence<'a> {
    indent: usize,
    mark: u8,
    length: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches([' ', '\t']);
        let mark = *text.as_bytes().first().filter(|mark| matches!(mark, b'`' | b'~'))?;
        let length = text.bytes().take_while(|byte| *byte == mark).count();
        let info = text[length..].trim();
        // By CommonMark, an info string with a backtick makes the line inline code.
        let inline = mark == b'`' && info.contains('`');
        (length >= 3 && !inline).then_some(Self { indent: line.len() - text.len(), mark, length, info })
    }

    /// Whether `inner` could end this fence's block, or open a level in it, by its marks and place.
    fn concerns(&self, inner: &Self) -> bool {
        inner.mark == self.mark && inner.length >= self.length && inner.indent <= self.indent + SLACK
    }
}

/// Where the block that opens at `start` ends: how, the line behind its content, and the line where
/// the search for the next block begins.
///
/// An inner fence with an info string opens a level, a bare one closes the innermost: so a person
/// reads it. Text in a language other than Markdown has no named blocks inside; there, one begins the
/// next file, and this block was left open.
fn find_end(lines: &[&str], start: usize, outer: &Fence<'_>, above: Option<&str>) -> (End, usize, usize) {
    let info = naming::of_info(outer.info);
    let name = info.name.clone().or_else(|| above.and_then(naming::of_line));
    let markdown = language::is_markdown(&info.language, name.as_deref());
    let mut levels = vec![Fence { info: "", ..*outer }];
    let mut named_inside = None;
    for at in start + 1..lines.len() {
        let (Some(fence), Some(innermost)) = (Fence::of(lines[at]), levels.last()) else { continue };
        if !innermost.concerns(&fence) {
            continue;
        }
        if !fence.info.is_empty() {
            if levels.len() == 1 && naming::of_info(fence.info).name.is_some() {
                if !markdown {
                    return (End::Interrupted, at, at);
                }
                named_inside.get_or_insert(at);
            }
            levels.push(fence);
        } else if markdown && levels.len() == 1 && opens_bare(lines, at, outer) {
            levels.push(fence);
        } else {
            levels.pop();
            if levels.is_empty() {
                return (End::Closed, at, at + 1);
            }
        }
    }
    match named_inside {
        // Nothing closes it, so what looked like a block inside of it is the next file.
        Some(at) => (End::Interrupted, at, at),
        None => (End::Cut, lines.len(), lines.len()),
    }
}

/// Whether the bare fence at `at`, directly inside a Markdown file, opens a block (such as a tree of
/// folders) instead of closing the file: text follows it at once, and behind it are enough bare
/// fences to close both.
fn opens_bare(lines: &[&str], at: usize, outer: &Fence<'_>) -> bool {
    if lines.get(at + 1).is_none_or(|next| next.trim().is_empty() || Fence::of(next).is_some()) {
        return false;
    }
    let (mut closing, mut opening) = (0_usize, 0_usize);
    for fence in lines[at + 1..].iter().filter_map(|line| Fence::of(line)).filter(|f| outer.concerns(f)) {
        if fence.info.is_empty() {
            closing += 1;
        } else if naming::of_info(fence.info).name.is_some() {
            break;
        } else {
            opening += 1;
        }
    }
    closing >= opening + 2
}

fn line_above<'a>(lines: &[&'a str]) -> Option<&'a str> {
    lines.iter().rev().take(2).find(|line| !line.trim().is_empty()).copied()
}

/// Without up to `indent` characters of white space at its start.
fn dedent(line: &str, indent: usize) -> &str {
    let white = line.bytes().take(indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[white..]
}
