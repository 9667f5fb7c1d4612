//! Forms as nobody would send them.

use super::form_parts::{FormParts, Piece};
use super::part_head::PartHead;
use anvil_fuzz::Driver;

/// Parts with their bytes.
type Parts = Vec<(PartHead, Vec<u8>)>;

/// The parts of a form that comes in pieces of this size, and whether it came to its end; nothing where it makes no sense.
fn parts(form: &[u8], size: usize) -> Option<(Parts, bool)> {
    let mut form_parts = FormParts::new("XX").expect("a boundary");
    let mut parts: Vec<(PartHead, Vec<u8>)> = Vec::new();
    for piece in form.chunks(size) {
        form_parts.feed(piece);
        while let Some(piece) = form_parts.next().ok()? {
            match piece {
                Piece::Head(head) => parts.push((head, Vec::new())),
                Piece::Bytes(bytes) => parts.last_mut().expect("a part").1.extend_from_slice(&bytes),
                Piece::End => {}
            }
        }
    }
    Some((parts, form_parts.is_over()))
}

type Seen = Option<(Vec<(PartHead, Vec<u8>)>, bool)>;

fn form(bytes: &[u8]) -> Seen {
    let whole = parts(bytes, bytes.len().max(1));
    // However it comes, it is the same.
    for size in [1, 2, 7, 64] {
        assert_eq!(parts(bytes, size), whole, "in pieces of {size}");
    }
    if let Some((parts, _)) = &whole {
        let kept: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(kept <= bytes.len(), "more came out than went in");
        assert!(parts.iter().all(|(_, bytes)| !bytes.windows(6).any(|six| six == b"\r\n--XX")));
    }
    whole
}

const FORMS: Driver<Seen> = Driver {
    corpus: &[
        b"--XX\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n{\"agent\":\"a\"}\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--XX--\r\n",
        b"preamble\r\n--XX \t\r\ncontent-disposition: form-data; name=file; filename*=UTF-8''na%C3%AFve.txt\r\n\r\n\r\n--X\r\n\r\n--XX--epilogue",
        b"--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\\\"b%22.txt\"\r\n\r\n\r\n--XX--",
    ],
    words: &["\r\n", "--XX", "\r\n--XX\r\n", "--", "\r\n\r\n", "; name=\"", "\"", "\\", "filename*=", "%22", "Content-Disposition: form-data; name=\"x\"", "\r"],
    run: form,
};

#[test]
fn no_form_breaks_the_entrance() {
    FORMS.run();
}

#[test]
fn a_fault_planted_in_the_entrance_of_forms_is_found() {
    // As if no form could come with three parts.
    FORMS.finds(|seen| seen.as_ref().is_some_and(|(parts, _)| parts.len() > 2));
}
