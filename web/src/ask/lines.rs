//! JSON lines out of a body that comes piece by piece.

use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;

/// The media type of JSON lines.
pub(crate) const MEDIA_LINES: &str = "application/jsonl";
/// The media types that JSON lines are sent with.
const MEDIA: [&str; 4] = [MEDIA_LINES, "application/x-ndjson", "application/ndjson", "application/json"];

/// A body of JSON lines. It is as long as its reader lets it be, who cuts it with [`Lines`].
pub(crate) struct JsonLines(pub(crate) Body);

impl<S: Send + Sync> FromRequest<S> for JsonLines {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let given = request.headers().get(CONTENT_TYPE);
        let given = given.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if MEDIA.contains(&media.as_str()) {
            return Ok(Self(request.into_body()));
        }
        Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-type",
            "The body has the wrong type",
            format!(
                "the request has the Content-Type `{given}`; send JSON lines with `Content-Type: application/jsonl`"
            ),
        ))
    }
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// What it says.
    Text(Vec<u8>),
    /// It has more bytes than a line may have.
    TooLong,
}

/// Cuts a body into lines. A line ends with LF, CR LF, or CR alone: none of them can stand inside JSON that is on one
/// line. The mark that Windows tools begin a file with is no part of the first.
pub(crate) struct Lines {
    longest: usize,
    /// The same of the first line.
    longest_first: usize,
    line: Vec<u8>,
    too_long: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    first: bool,
}

impl Lines {
    pub(crate) fn of_at_most(longest: usize) -> Self {
        let longest_first = longest;
        Self { longest, longest_first, line: Vec::new(), too_long: false, after_cr: false, first: true }
    }

    /// The first line has at most so many bytes.
    pub(crate) fn first_of_at_most(self, longest_first: usize) -> Self {
        Self { longest_first, ..self }
    }

    /// Whether the line that has not ended yet is too long already: it may never end.
    pub(crate) fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// The lines that end in this piece.
    pub(crate) fn cut(&mut self, mut piece: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while !piece.is_empty() {
            if std::mem::take(&mut self.after_cr) && piece[0] == b'\n' {
                piece = &piece[1..];
                continue;
            }
            match piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                Some(end) => {
                    self.add(&piece[..end]);
                    self.after_cr = piece[end] == b'\r';
                    lines.push(self.end());
                    piece = &piece[end + 1..];
                }
                None => {
                    self.add(piece);
                    piece = &[];
                }
            }
        }
        lines
    }

    /// The last line, which needs no end of its own.
    pub(crate) fn rest(mut self) -> Line {
        self.end()
    }

    fn add(&mut self, bytes: &[u8]) {
        let longest = if self.first { self.longest_first } else { self.longest };
        self.too_long |= self.line.len() + bytes.len() > longest;
        if self.too_long {
            // Nobody asks for what there was of it.
            self.line = Vec::new();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end(&mut self) -> Line {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.first) {
            let mark = line.len() - anvil_types::encoding::without_mark(&line).len();
            line.drain(..mark);
        }
        if std::mem::take(&mut self.too_long) { Line::TooLong } else { Line::Text(line) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(body: &[u8], piece: usize) -> Vec<Line> {
        let mut lines = Lines::of_at_most(5);
        let mut cut: Vec<_> = body.chunks(piece).flat_map(|piece| lines.cut(piece)).collect();
        cut.push(lines.rest());
        cut
    }

    #[test]
    fn a_line_without_an_end_is_known_for_too_long_and_nothing_is_kept_of_it() {
        for (before, longest) in [(&b""[..], 2), (b"a\n", 5), (b"\n\n", 5)] {
            for piece in 1..=8 {
                let mut lines = Lines::of_at_most(5).first_of_at_most(2);
                lines.cut(before);
                let mut seen = 0;
                while !lines.is_too_long() {
                    assert!(seen <= longest, "{seen} bytes after {before:?} in pieces of {piece}");
                    assert!(lines.cut(&vec![0; piece]).is_empty());
                    seen += piece;
                }
                assert!(seen > longest && lines.line.capacity() == 0);
                assert_eq!(lines.cut(b"\nab").first(), Some(&Line::TooLong));
                assert!(!lines.is_too_long(), "the next has its own length");
            }
        }
    }

    #[test]
    fn lines_end_as_on_any_machine_wherever_the_pieces_do() {
        let text = |text: &str| Line::Text(text.as_bytes().to_vec());
        for piece in 1..12 {
            for (body, lines) in [
                ("a\nb", vec![text("a"), text("b")]),
                ("a\r\nb\r\n", vec![text("a"), text("b"), text("")]),
                ("a\rb\r\rc", vec![text("a"), text("b"), text(""), text("c")]),
                ("\u{feff}a\n\u{feff}b", vec![text("a"), text("\u{feff}b")]),
                ("123456\n12345\r123456", vec![Line::TooLong, text("12345"), Line::TooLong]),
                ("", vec![text("")]),
            ] {
                assert_eq!(cut(body.as_bytes(), piece), lines, "{body:?} in pieces of {piece}");
            }
        }
    }
}
