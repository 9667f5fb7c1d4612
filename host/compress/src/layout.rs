//! What of a text may be touched: its lines, told apart into data, plain lines, and what is left as it is.
//!
//! Fenced and indented code, what may be part of a string that goes over several lines, and whole patches and programs are
//! left as they are. Where two readings differ, the one that leaves more is taken.

use crate::json::end_of_data;
use crate::source::is_source;
use crate::verbatim;

/// How often a text is read for data that turns out to be none.
const PATIENCE: usize = 4;

/// What may be done to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Kept,
    /// It is one fenced block: nothing, but it may be repeated as a whole.
    Fenced,
    /// One or several whole lines that are a JSON object or list.
    Json,
    /// A line whose white space at the end means nothing but a Markdown line break.
    Plain,
    /// A line without a character that shows.
    Blank,
}

/// Whole lines of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'t> {
    pub kind: Kind,
    pub text: &'t str,
}

/// The text's parts. Joined together they are the text.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    if is_data(text) {
        return vec![Part { kind: Kind::Json, text }];
    }
    if text.contains('\r') || is_source(text) {
        return vec![Part { kind: Kind::Kept, text }];
    }
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut reader = Reader { open: Open::default(), muddled: false, data: DataSeeker::of(text) };
    let mut rest = text;
    while !rest.is_empty() {
        let (kind, length) = reader.next(rest);
        let (part, after) = rest.split_at(length);
        parts.push(Part { kind, text: part });
        rest = after;
    }
    // What is still open at the end was opened anywhere: each sign before it may have been an end.
    let is_open = Open { verbatim: false, ..reader.open } != Open::default();
    let doubtful = |part: &Part<'_>| {
        (reader.muddled && part.kind == Kind::Fenced)
            || (is_open && part.kind != Kind::Fenced && has_sign(part.text))
    };
    let first = parts.iter().position(doubtful).unwrap_or(parts.len());
    for part in &mut parts[first..] {
        part.kind = Kind::Kept;
    }
    parts
}

/// Whether a text has what may begin or end a string.
fn has_sign(text: &str) -> bool {
    text.contains(['"', '\'', '`']) || text.contains("<<")
}

/// Whether all of a text is one JSON object or list.
fn is_data(text: &str) -> bool {
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    end_of_data(trimmed) == Ok(trimmed.len())
}

/// Reads a text line by line.
#[derive(Debug)]
struct Reader {
    open: Open,
    /// Fences that cannot be read in one way: all that follows is kept.
    muddled: bool,
    data: DataSeeker,
}

/// What may be open at the end of a line, each by a count of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a count of its own, even or odd")]
struct Open {
    double: bool,
    double_not_escaped: bool,
    single: bool,
    back: bool,
    triple_double: bool,
    triple_single: bool,
    heredoc: bool,
    /// Where it ends is not looked for.
    verbatim: bool,
}

impl Reader {
    /// What comes next, and how long it is.
    fn next(&mut self, rest: &str) -> (Kind, usize) {
        let line = first_line(rest);
        let shown = line.trim_end_matches('\n');
        let kept = (Kind::Kept, line.len());
        if self.muddled {
            return kept;
        }
        if self.open == Open::default() {
            if let Some(fence) = Fence::opened_by(shown) {
                return match fence.length(rest) {
                    Some(length) => (Kind::Fenced, length),
                    None => {
                        self.muddled = true;
                        kept
                    }
                };
            }
            if let Some(length) = self.data.at(rest) {
                return (Kind::Json, length);
            }
        } else if Fence::opened_by(shown).is_some() {
            self.muddled = true;
            return kept;
        }
        let was_open = self.open;
        self.open.read(shown);
        if was_open != Open::default() || self.open != Open::default() {
            return kept;
        }
        let kind = if shown.trim_matches(' ').is_empty() {
            Kind::Blank
        } else if shown.starts_with([' ', '\t']) || shown.trim().is_empty() {
            Kind::Kept
        } else {
            Kind::Plain
        };
        (kind, line.len())
    }
}

pub(crate) fn first_line(rest: &str) -> &str {
    rest.split_inclusive('\n').next().unwrap_or(rest)
}

/// Looks for data in a text. What begins like data on each of its lines is not read to its end from each of them: the
/// whole costs a few readings of the text.
#[derive(Debug)]
pub(crate) struct DataSeeker {
    /// Bytes that are still read for data that turns out to be none. After that none is looked for.
    patience: usize,
}

impl DataSeeker {
    pub(crate) fn of(text: &str) -> Self {
        Self { patience: text.len().saturating_mul(PATIENCE) }
    }

    /// The length of the lines at the beginning of the text's rest that are a JSON object or list, and nothing else.
    pub(crate) fn at(&mut self, rest: &str) -> Option<usize> {
        if self.patience == 0 {
            return None;
        }
        let found = data_at(rest);
        if let Err(read) = found {
            self.patience = self.patience.saturating_sub(read);
        }
        found.ok()
    }
}

// Else how far it was read.
fn data_at(rest: &str) -> Result<usize, usize> {
    let end = end_of_data(rest)?;
    let data = &rest[..end];
    let line = first_line(&rest[end..]);
    let alone = line.trim_matches([' ', '\n']).is_empty();
    // A list of bare numbers in one line may be many things.
    if alone && data.contains('"') { Ok(end + line.len()) } else { Err(end) }
}

/// The sign that a fenced block begins with: what it is of, and how often.
#[derive(Clone, Copy, Debug)]
struct Fence {
    sign: char,
    count: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let fence = Self::at(line, true)?;
        let info = line.trim_start_matches(PREFIX).trim_start_matches(fence.sign);
        // A text between signs of code in one line.
        (!(fence.sign == '`' && info.contains('`'))).then_some(fence)
    }

    fn at(line: &str, in_list: bool) -> Option<Self> {
        let begins =
            if in_list { line.trim_start_matches(PREFIX) } else { line.trim_start_matches([' ', '\t', '>']) };
        let sign = begins.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
        let count = begins.chars().take_while(|next| *next == sign).count();
        (count >= 3).then_some(Self { sign, count })
    }

    /// The length of the block that begins with its line; none where it does not end, or where it may be read in two ways.
    fn length(self, rest: &str) -> Option<usize> {
        let mut length = first_line(rest).len();
        for line in rest[length..].split_inclusive('\n') {
            length += line.len();
            let Some(other) =
                Self::at(line, true).filter(|other| other.sign == self.sign && other.count >= self.count)
            else {
                continue;
            };
            let plain = line.trim_start_matches([' ', '\t', '>']);
            let bare = plain.trim_end().len() == other.count;
            // One with nothing in it may be two that stand beside each other.
            let empty = length == first_line(rest).len() + line.len();
            return (bare && !empty).then_some(length);
        }
        None
    }
}

/// What may stand before a fence in a quotation or a list.
const PREFIX: [char; 18] =
    [' ', '\t', '>', '-', '*', '+', '.', ')', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

impl Open {
    fn read(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        let bytes = line.as_bytes();
        let is_word = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at))
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        };
        let mut escaped = false;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.double ^= true;
                    self.double_not_escaped ^= !escaped;
                }
                b'`' => self.back ^= true,
                // Not the one within a word.
                b'\'' => self.single ^= !(is_word(at.checked_sub(1)) && is_word(Some(at + 1))),
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
        self.triple_double ^= line.matches("\"\"\"").count() % 2 == 1;
        self.triple_single ^= line.matches("'''").count() % 2 == 1;
        // Where a document in a shell's text ends is not looked for.
        self.heredoc |= line.match_indices("<<").any(|(at, sign)| {
            let word = line[at + sign.len()..].trim_start_matches(['<', '-', '~', ' ', '\'', '"', '\\']);
            word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        });
        self.verbatim = self.verbatim || verbatim::opens(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let of = |part: &Part<'_>| match part.kind {
            Kind::Kept => 'k',
            Kind::Fenced => 'f',
            Kind::Json => 'j',
            Kind::Plain => 'p',
            Kind::Blank => 'b',
        };
        parts(text).iter().map(of).collect()
    }

    #[test]
    fn code_strings_and_data_are_told_from_plain_lines() {
        for (text, expected) in [
            ("a\n\nb\n", "pbp"),
            ("a\n    code\n\tcode\nb\n", "pkkp"),
            ("a\n```rust\nx\n\n\n```\nb\n", "pfp"),
            ("a\n~~~\n```\n~~~\nb\n", "pfp"),
            ("````\n```\nx\n```\n````\nb\n", "fp"),
            ("- ```\n  x\n  ```\nb\n", "fp"),
            ("> ```\n> x\n> ```\nb\n", "fp"),
            ("a ```b``` c\n```d``` e\nf\n", "ppp"),
            ("```\nnever ends\n\n", "kkk"),
            ("```\nx\n```python\ny\n```\nz\n", "kkkkkk"),
            ("say \"it\nis\" so\nb\n", "kkp"),
            ("x \"y\"\nb\n5\" wide\nc\n", "kkkk"),
            ("a\n```\n```\nx\n", "pkkk"),
            ("```\nx\n```\na\n```\ny\n", "kkkk"),
            ("x = '''\n\n'''\nb\n", "kkkp"),
            ("it's\nb\n", "pp"),
            ("x = `\n\n`\nb\n", "kkkp"),
            ("cat <<EOF\na\nEOF\n", "kkk"),
            ("data:\n{\n \"a\": 1\n}\nb\n", "pjp"),
            ("{\"a\": 1}\n{\"a\": 2}\n", "jj"),
            ("{\"a\": 1} b\n", "p"),
            ("[1, 2]\nb\n", "pp"),
            ("[1, 2]\n", "j"),
            (" \n \t\n", "bk"),
            ("a\r\nb\r\n", "k"),
        ] {
            assert_eq!(kinds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_begins_like_data_on_each_line_is_not_read_to_its_end_each_time() {
        let data = "{\n \"a\": 1\n}\n";
        let found = |lines: usize| kinds(&format!("{}{data}", "[\n".repeat(lines))).ends_with('j');
        assert!(found(3));
        assert!(!found(1_000));
    }
}
