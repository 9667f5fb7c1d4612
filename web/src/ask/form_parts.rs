//! A `multipart/form-data` body (RFC 7578, RFC 2046), taken apart as it comes: what is kept of it at a time is what came
//! last, and no part's head is longer than a head has to be.

use super::part_head::PartHead;
use bytes::{Buf as _, Bytes, BytesMut};

/// The longest head of a part.
const LONGEST_HEAD: usize = 8 << 10;
/// The longest boundary (RFC 2046, 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// What comes next in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A part begins.
    Head(PartHead),
    /// More of its bytes.
    Bytes(Bytes),
    /// The form is over; what follows it is nobody's.
    End,
}

/// Where in the form it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary, whose line is still to end.
    Line,
    /// In a part's head.
    Head,
    /// In a part's bytes.
    Body,
    /// Behind the last boundary.
    Over,
}

/// Takes a form apart.
#[derive(Debug)]
pub(super) struct FormParts {
    /// CR LF, two dashes, the boundary.
    delimiter: Vec<u8>,
    came: BytesMut,
    place: Place,
}

impl FormParts {
    /// A form whose parts are divided by this boundary; none where it cannot be one.
    pub(super) fn new(boundary: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        if boundary.is_empty()
            || boundary.len() > LONGEST_BOUNDARY
            || boundary.ends_with(' ')
            || !boundary.bytes().all(fits)
        {
            return None;
        }
        // The first boundary may stand at the very beginning.
        let came = BytesMut::from(&b"\r\n"[..]);
        Some(Self { delimiter: format!("\r\n--{boundary}").into_bytes(), came, place: Place::Preamble })
    }

    /// More has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.place != Place::Over {
            self.came.extend_from_slice(bytes);
        }
    }

    /// Whether the form has come to its end.
    pub(super) fn is_over(&self) -> bool {
        self.place == Place::Over
    }

    /// What comes next; none where more has to come first. A sentence says why the form makes no sense.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, String> {
        loop {
            match self.place {
                Place::Over => return Ok(None),
                Place::Preamble => {
                    let (before, found) = self.before_delimiter();
                    self.came.advance(before);
                    if !found {
                        return Ok(None);
                    }
                    self.pass_delimiter();
                }
                Place::Body => {
                    let (before, found) = self.before_delimiter();
                    if before > 0 {
                        return Ok(Some(Piece::Bytes(self.came.split_to(before).freeze())));
                    }
                    if !found {
                        return Ok(None);
                    }
                    self.pass_delimiter();
                }
                Place::Line => {
                    let blank = self.came.iter().take_while(|byte| matches!(**byte, b' ' | b'\t')).count();
                    if blank > LONGEST_HEAD {
                        return Err("a boundary is followed by too much white space".to_owned());
                    }
                    let Some(after) = self.came.get(blank..blank + 2) else { return Ok(None) };
                    match after {
                        b"\r\n" => {
                            // An empty head ends with the line end that begins it.
                            self.came.advance(blank);
                            self.place = Place::Head;
                        }
                        b"--" if blank == 0 => {
                            self.place = Place::Over;
                            self.came.clear();
                            return Ok(Some(Piece::End));
                        }
                        _ => return Err("the boundary stands where no part ends".to_owned()),
                    }
                }
                Place::Head => {
                    let end = self.came.windows(4).take(LONGEST_HEAD).position(|four| four == b"\r\n\r\n");
                    let Some(end) = end else {
                        if self.came.len() >= LONGEST_HEAD + 3 {
                            return Err(format!("the head of a part has more than {LONGEST_HEAD} bytes"));
                        }
                        return Ok(None);
                    };
                    let head = PartHead::read(&self.came[..end])?;
                    self.came.advance(end + 4);
                    self.place = Place::Body;
                    return Ok(Some(Piece::Head(head)));
                }
            }
        }
    }

    /// How many bytes stand for certain before the next delimiter, and whether that follows them.
    fn before_delimiter(&self) -> (usize, bool) {
        let mut from = 0;
        while let Some(at) = self.came[from..].iter().position(|byte| *byte == b'\r') {
            let at = from + at;
            let there = &self.came[at..];
            if there.starts_with(&self.delimiter) {
                return (at, true);
            }
            if self.delimiter.starts_with(there) {
                return (at, false);
            }
            from = at + 1;
        }
        (self.came.len(), false)
    }

    fn pass_delimiter(&mut self) {
        self.came.advance(self.delimiter.len());
        self.place = Place::Line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{\"a\":\r\n--X\r\n1}\
        \r\n--XX \t\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\n\r\n\r\n\r--X\r\n--XX--\r\nepilogue";

    /// A part: its name, the name of its file, its bytes.
    type Read = (String, Option<String>, Vec<u8>);

    /// The parts of a form that comes in pieces of this size, and whether it came to its end.
    fn parts(form: &[u8], size: usize) -> Result<(Vec<Read>, bool), String> {
        let mut form_parts = FormParts::new("XX").expect("a boundary");
        let mut parts: Vec<(String, Option<String>, Vec<u8>)> = Vec::new();
        for piece in form.chunks(size) {
            form_parts.feed(piece);
            while let Some(piece) = form_parts.next()? {
                match piece {
                    Piece::Head(head) => parts.push((head.name, head.file, Vec::new())),
                    Piece::Bytes(bytes) => parts.last_mut().expect("a part").2.extend_from_slice(&bytes),
                    Piece::End => {}
                }
            }
            assert!(form_parts.came.len() <= size + form_parts.delimiter.len() + LONGEST_HEAD);
        }
        Ok((parts, form_parts.is_over()))
    }

    #[test]
    fn a_form_has_the_same_parts_however_it_comes() {
        let expected = [
            ("job".to_owned(), None, b"{\"a\":\r\n--X\r\n1}".to_vec()),
            ("file".to_owned(), Some("a.bin".to_owned()), b"".to_vec()),
            ("file".to_owned(), Some("b".to_owned()), b"\r\n\r\n\r--X".to_vec()),
        ];
        for size in (1..40).chain([FORM.len()]) {
            let (parts, over) = parts(FORM.as_bytes(), size).expect("a form");
            assert_eq!((parts.as_slice(), over), (&expected[..], true), "in pieces of {size}");
        }
        let nothing = parts(b"--XX--\r\n", 3).expect("a form");
        assert_eq!(nothing, (Vec::new(), true));
    }

    #[test]
    fn a_form_that_is_cut_anywhere_is_not_over() {
        let end = FORM.find("--XX--").expect("it ends") + "--XX--".len();
        for cut in 0..end {
            let (_, over) = parts(&FORM.as_bytes()[..cut], 7).expect("what came makes sense");
            assert!(!over, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_form_says_why() {
        for (form, says) in [
            (&b"--XXY\r\n"[..], "no part ends"),
            (b"--XX\r\n\r\nbytes", "no Content-Disposition"),
            (b"--XX\r\nnonsense\r\n\r\n", "no header"),
        ] {
            assert!(parts(form, 5).expect_err(says).contains(says));
        }
        let endless = [&b"--XX\r\nX: "[..], &b"y".repeat(20_000)].concat();
        assert!(parts(&endless, 1_000).expect_err("it ends").contains("more than 8192 bytes"));
        let endless = [&b"--XX"[..], &b" ".repeat(20_000)].concat();
        assert!(parts(&endless, 1_000).expect_err("it ends").contains("white space"));
        for bad in ["", &"x".repeat(71), "a\"b", "ends ", "ü"] {
            assert!(FormParts::new(bad).is_none(), "{bad:?}");
        }
    }
}
