//! An answer that grows: Claude's first reply, and what it adds when it was cut.

use crate::fences::{self, Block, End};
use crate::{files, language};

/// How much of the end of an answer is looked at for the place where its continuation joins.
const OVERLAP: usize = 4 * 1024;
/// A repeated piece that begins in the middle of a line counts only from this length on.
const CERTAIN: usize = 40;
/// How many lines Claude is asked to repeat, and how many bytes of them.
const REPEATED_LINES: usize = 3;
const REPEATED_BYTES: usize = 300;

/// An answer in one or more texts. There is more than one where Claude did not go on but began anew:
/// each then stands for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    texts: Vec<String>,
}

impl Answer {
    /// Adds what Claude said next.
    ///
    /// Claude is asked to repeat the last lines before it goes on. What it does instead is understood
    /// too: going on at the very character, opening the block again, beginning the file anew, or
    /// turning to the next file.
    pub fn add(&mut self, next: &str) {
        let Some(last) = self.texts.last_mut() else {
            self.texts.push(next.to_owned());
            return;
        };
        match seam(last, next) {
            Seam::Apart => self.texts.push(next.to_owned()),
            Seam::At { keep, from, newline } => {
                last.truncate(keep);
                if newline && !last.ends_with('\n') && !next[from..].starts_with(['\n', '\r']) {
                    last.push('\n');
                }
                last.push_str(&next[from..]);
            }
        }
    }

    /// Its texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Whether nothing was said yet.
    pub fn is_blank(&self) -> bool {
        self.texts.iter().all(|text| text.trim().is_empty())
    }

    /// Whether its last block is still open.
    pub fn is_open(&self) -> bool {
        self.texts.last().is_some_and(|last| open_block(last).is_some())
    }

    /// The last lines, for Claude to repeat.
    pub fn last_lines(&self) -> &str {
        let text = self.texts.last().map_or("", |last| last.trim_end());
        let start = text.rmatch_indices('\n').nth(REPEATED_LINES - 1).map_or(0, |(at, _)| at + 1);
        let lines = &text[start..];
        &lines[lines.ceil_char_boundary(lines.len().saturating_sub(REPEATED_BYTES))..]
    }

    /// The answer so far as one text, without its beginning where it has more than `most` bytes.
    pub fn tail(&self, most: usize) -> String {
        let whole = self.texts.join("\n\n");
        let whole = whole.trim_end();
        if whole.len() <= most {
            return whole.to_owned();
        }
        let tail = &whole[whole.ceil_char_boundary(whole.len() - most)..];
        let tail = tail.split_once('\n').map_or(tail, |(_, lines)| lines);
        format!("(The beginning is left out.)\n{tail}")
    }
}

/// Where two texts join.
#[derive(Debug, PartialEq, Eq)]
enum Seam {
    /// Nowhere: the second stands for itself.
    Apart,
    /// The first is kept up to `keep`, and goes on with the second from `from`, on a new line or not.
    At { keep: usize, from: usize, newline: bool },
}

impl Seam {
    /// Whether all that is repeated is a fence with more behind it: then it is no repetition of a
    /// closing fence, but the next file's opening one.
    fn is_next_fence(&self, next: &str) -> bool {
        let Self::At { from, .. } = self else { return false };
        let (repeated, rest) = next.split_at(*from);
        fences::is_fence(repeated.trim())
            && repeated.trim().lines().count() == 1
            && !rest.is_empty()
            && !rest.starts_with(['\n', '\r'])
    }
}

fn seam(before: &str, next: &str) -> Seam {
    let keep = before.trim_end().len();
    let open = open_block(before);
    if let Some(seam) = repeated(before, next, 0).filter(|seam| open.is_some() || !seam.is_next_fence(next)) {
        return seam;
    }
    let Some(open) = open else {
        // Between two files, a fence begins the next one.
        let begins = next.lines().find(|line| !line.trim().is_empty()).is_some_and(fences::is_fence);
        return if begins { Seam::Apart } else { Seam::At { keep: before.len(), from: 0, newline: false } };
    };
    let Some((fence, behind)) = opening(next) else {
        let newline = next.lines().next().is_some_and(fences::is_fence);
        return Seam::At { keep: before.len(), from: 0, newline };
    };
    let (name, cut) = (fence.name.as_deref(), files::name_of(&open));
    let markdown = language::is_markdown(&open.info.language, cut.as_deref());
    let same_name = name.is_some() && name == cut.as_deref();
    let same_language = name.is_none() && language::same(&fence.language, &open.info.language);
    if same_name || (same_language && !markdown) {
        let first = |text: &str| text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
        return repeated(before, next, behind).unwrap_or_else(|| {
            if first(&open.content()) == first(&next[behind..]) {
                Seam::Apart
            } else {
                Seam::At { keep, from: behind, newline: true }
            }
        });
    }
    if name.is_some() { Seam::Apart } else { Seam::At { keep: before.len(), from: 0, newline: true } }
}

/// Where the end of `before` is repeated at `from` in `next`.
fn repeated(before: &str, next: &str, from: usize) -> Option<Seam> {
    let text = before.trim_end();
    let from = from + (next[from..].len() - next[from..].trim_start_matches(['\n', '\r']).len());
    let most = text.len().min(next.len() - from).min(OVERLAP);
    (1..=most).rev().filter(|length| next.is_char_boundary(from + length)).find_map(|length| {
        let piece = &next[from..from + length];
        let part_of_a_fence = length < 3 && piece.bytes().all(|byte| matches!(byte, b'`' | b'~'));
        let start = text.len() - length;
        let begins_a_line = || text[..start].rsplit('\n').next().is_some_and(|head| head.trim().is_empty());
        let counts = text.ends_with(piece)
            && !piece.trim().is_empty()
            && !part_of_a_fence
            && (length >= CERTAIN || begins_a_line());
        counts.then_some(Seam::At { keep: text.len(), from: from + length, newline: false })
    })
}

/// The block that a text leaves open, if any.
fn open_block(text: &str) -> Option<Block<'_>> {
    fences::scan(text).pop().filter(|block| block.end == End::Cut)
}

/// The opening fence that a text begins with, perhaps behind a remark that ends with a colon, and
/// where the line behind the fence starts.
fn opening(text: &str) -> Option<(crate::naming::Info, usize)> {
    let mut start = 0;
    let mut remarks = 0;
    for line in text.split_inclusive('\n') {
        start += line.len();
        if line.trim().is_empty() {
            continue;
        }
        if let Some(info) = fences::opens_with_info(line) {
            return Some((info, start));
        }
        remarks += 1;
        if remarks > 1 || !line.trim_end().ends_with([':', '…']) {
            return None;
        }
    }
    None
}
