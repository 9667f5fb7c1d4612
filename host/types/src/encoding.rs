//! Text out of bytes, as files and clients send them.

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Windows tools write it: Notepad's "Unicode", and `>` in an old PowerShell.
    #[error("this is UTF-16, and has to be UTF-8 (in PowerShell: `| Out-File -Encoding utf8 FILE`)")]
    Utf16,
    /// Some other encoding, or bytes that are none.
    #[error("the bytes from byte {at} on are not UTF-8")]
    NotUtf8 {
        /// How many bytes come before, which are.
        at: usize,
    },
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text in UTF-8 bytes, without the byte order mark that Windows tools begin a file with.
pub fn utf8(bytes: &[u8]) -> Result<&str, NotText> {
    if is_utf16(bytes) {
        return Err(NotText::Utf16);
    }
    let plain = without_mark(bytes);
    let before = bytes.len() - plain.len();
    std::str::from_utf8(plain).map_err(|error| NotText::NotUtf8 { at: before + error.valid_up_to() })
}

/// The bytes without the mark.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// Whether bytes begin as UTF-16 does: with its mark, or with a character of ASCII in two bytes.
pub fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, low, ..] | [low, 0, ..] => low.is_ascii_graphic() || low.is_ascii_whitespace(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_no_part_of_the_text_and_utf_16_is_told_for_what_it_is() {
        for (bytes, text) in [
            (&b"{}"[..], Ok("{}")),
            (b"\xef\xbb\xbf{}", Ok("{}")),
            (b"", Ok("")),
            (b"\xef\xbb", Err(NotText::NotUtf8 { at: 0 })),
            (b"ab\xff", Err(NotText::NotUtf8 { at: 2 })),
            (b"\xef\xbb\xbfab\xff", Err(NotText::NotUtf8 { at: 5 })),
            (b"\xff\xfe{\0}\0", Err(NotText::Utf16)),
            (b"\xfe\xff\0{\0}", Err(NotText::Utf16)),
            (b"{\0}\0", Err(NotText::Utf16)),
            (b"\0{\0}", Err(NotText::Utf16)),
            (b"\0\0", Ok("\0\0")),
        ] {
            assert_eq!(utf8(bytes), text, "{bytes:?}");
        }
    }
}
