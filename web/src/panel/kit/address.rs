//! Parts of addresses.

use std::fmt::Write as _;

/// A place within the panel: what an address says is no reason to send a browser elsewhere.
pub(crate) fn local(place: &str) -> &str {
    // Browsers drop tabs and line ends from an address before they read it.
    let odd = |char: char| char == '\\' || char.is_control();
    let inside = place.starts_with('/') && !place.starts_with("//") && !place.contains(odd);
    if inside { place } else { "/" }
}

/// A text as a part of an address (RFC 3986): only unreserved characters stay.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// A relative path as a part of an address: its slashes stay.
pub(crate) fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_within_the_panel() {
        for bad in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb"] {
            assert_eq!(local(bad), "/", "{bad:?}");
        }
        assert_eq!(local("/jobs?state=failed"), "/jobs?state=failed");
    }

    #[test]
    fn names_are_encoded_for_addresses() {
        assert_eq!(encode("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!(encode_path("src/a b.rs"), "src/a%20b.rs");
    }
}
