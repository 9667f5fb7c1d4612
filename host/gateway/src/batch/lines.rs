//! A body's lines, as it comes.

use bytes::{Bytes, BytesMut};

/// The longest line that is read: the longest answer, and what stands around it.
const LONGEST: usize = crate::upstream::answer::MOST_ANSWER_BYTES + 64 * 1024;

/// Cuts what comes into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: BytesMut,
    /// Up to where no line ends.
    looked: usize,
    /// A line was too long: what is left of it is passed over.
    skips: bool,
}

impl Lines {
    /// More has come.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next whole line, without its end; an empty one where one was too long.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let found = self.rest[self.looked..].iter().position(|byte| *byte == b'\n');
        let Some(end) = found.map(|found| self.looked + found) else {
            self.looked = self.rest.len();
            if self.looked > LONGEST {
                (self.skips, self.looked) = (true, 0);
                self.rest.clear();
            }
            return None;
        };
        let mut line = self.rest.split_to(end + 1).freeze();
        line.truncate(end);
        self.looked = 0;
        Some(if std::mem::take(&mut self.skips) { Bytes::new() } else { line })
    }

    /// What stands behind the last line's end.
    pub(crate) fn last(self) -> Option<Bytes> {
        (!self.rest.is_empty() && !self.skips).then(|| self.rest.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"{\"a\":1}\n\n{\"b\":\"\xc3\xa4\"}\nrest";
        for cut in 0..text.len() {
            let (mut lines, mut got) = (Lines::default(), Vec::new());
            for part in [&text[..cut], &text[cut..]] {
                lines.push(part);
                while let Some(line) = lines.next() {
                    got.push(line);
                }
            }
            assert_eq!(got, [&b"{\"a\":1}"[..], b"", b"{\"b\":\"\xc3\xa4\"}"], "{cut}");
            assert_eq!(lines.last().as_deref(), Some(&b"rest"[..]));
        }
    }

    #[test]
    fn a_line_without_an_end_is_passed_over() {
        let mut lines = Lines::default();
        for _ in 0..=LONGEST / 65_536 {
            lines.push("x".repeat(65_536).as_bytes());
            assert_eq!(lines.next(), None);
        }
        lines.push(b"x\nnext\n");
        assert_eq!(lines.next().as_deref(), Some(&b""[..]));
        assert_eq!(lines.next().as_deref(), Some(&b"next"[..]));
    }
}
