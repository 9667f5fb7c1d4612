//! Which names a file may have.
//!
//! The rules are the contract's, checked here so that a refused name becomes a line in the result
//! and not a surprise. A name is never mended into another one: what a person did not ask for must
//! not appear under a name that they did not choose.

use std::fmt;

/// The longest name, in bytes.
pub const LONGEST: usize = 255;

/// Why a text cannot name a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// Nothing is left of it.
    Empty,
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// `/etc/passwd`, `C:\x`, `~/x`.
    Absolute,
    /// A part is `..`.
    Escapes,
    /// `a//b`, `a/ /b`.
    EmptyPart,
    /// `a/`.
    Folder,
    /// A backslash.
    Backslash,
    /// A colon.
    Colon,
    /// A control character, or one that hides or reorders what stands around it.
    Control,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the name is empty",
            Self::TooLong => "the name is longer than 255 bytes",
            Self::Absolute => "the name is an absolute path",
            Self::Escapes => "the name has a `..` part",
            Self::EmptyPart => "the name has an empty part",
            Self::Folder => "the name ends with `/`: a folder, not a file",
            Self::Backslash => "the name has a backslash",
            Self::Colon => "the name has a colon",
            Self::Control => "the name has a control or invisible character",
        })
    }
}

/// The name under which a file is handed over: `raw` without harmless `./` parts.
pub fn clean(raw: &str) -> Result<String, BadName> {
    let name = raw.trim_matches(' ');
    if name.chars().any(hides) {
        return Err(BadName::Control);
    }
    if name.starts_with(['/', '~']) || is_drive(name) || name.starts_with("\\\\") {
        return Err(BadName::Absolute);
    }
    if name.split(['/', '\\']).any(|part| part.trim() == "..") {
        return Err(BadName::Escapes);
    }
    if name.contains('\\') {
        return Err(BadName::Backslash);
    }
    if name.contains(':') {
        return Err(BadName::Colon);
    }
    let parts: Vec<&str> = name.split('/').filter(|part| *part != ".").collect();
    match parts.as_slice() {
        [] | [""] => return Err(BadName::Empty),
        [.., ""] => return Err(BadName::Folder),
        _ if parts.iter().any(|part| part.trim().is_empty()) => return Err(BadName::EmptyPart),
        _ => {}
    }
    let name = parts.join("/");
    if name.len() > LONGEST { Err(BadName::TooLong) } else { Ok(name) }
}

/// Whether it begins as `C:\` or `C:/` does.
pub fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

/// Control characters, and marks that make a name look like another one. Joiners, which some
/// scripts need, are not among them.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn harmless_names_pass() {
        for (raw, name) in [
            ("login.html", "login.html"),
            ("./login.html", "login.html"),
            ("././src/./a.rs", "src/a.rs"),
            (" src/a b.rs ", "src/a b.rs"),
            (".env", ".env"),
            ("..a/b..", "..a/b.."),
            ("größe/日本.py", "größe/日本.py"),
        ] {
            assert_eq!(clean(raw).as_deref(), Ok(name), "{raw:?}");
        }
    }

    #[test]
    fn a_name_that_could_point_elsewhere_is_refused_with_its_reason() {
        let long = "a".repeat(256);
        for (raw, reason) in [
            ("", BadName::Empty),
            ("  ", BadName::Empty),
            (".", BadName::Empty),
            ("..", BadName::Escapes),
            ("../a", BadName::Escapes),
            ("a/../b", BadName::Escapes),
            ("..\\a", BadName::Escapes),
            ("a/.. /b", BadName::Escapes),
            ("/etc/passwd", BadName::Absolute),
            ("~/.bashrc", BadName::Absolute),
            ("C:\\a.txt", BadName::Absolute),
            ("c:/a.txt", BadName::Absolute),
            ("\\\\host\\a", BadName::Absolute),
            ("src\\a.rs", BadName::Backslash),
            ("a:b", BadName::Colon),
            ("a//b", BadName::EmptyPart),
            ("a/ /b", BadName::EmptyPart),
            ("a/", BadName::Folder),
            ("a\0b", BadName::Control),
            ("a\u{7f}", BadName::Control),
            ("a\u{202E}txt.exe", BadName::Control),
            (&long, BadName::TooLong),
        ] {
            assert_eq!(clean(raw), Err(reason), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn a_clean_name_keeps_the_contract_and_stays_as_it_is(raw in "(\\.|/|\\\\|:|[a-z]|\\PC|\\x00){0,40}") {
            if let Ok(name) = clean(&raw) {
                prop_assert!((1..=LONGEST).contains(&name.len()));
                prop_assert!(!name.contains(['\\', ':']) && !name.chars().any(char::is_control));
                prop_assert!(name.split('/').all(|p| !p.trim().is_empty() && p != "." && p != ".."));
                prop_assert_eq!(clean(&name), Ok(name));
            }
        }
    }
}
