//! What a receiver repeats of its address: behind the host's name stands what only the two of them know.

use reqwest::Url;
use std::borrow::Cow;

/// What stands in the place of it.
const REDACTED: &str = "[redacted]";
/// A part that is shorter is no secret, and would be found in the middle of words.
const LEAST_BYTES: usize = 6;

/// The text without the path and the query of a webhook's address, whole or in parts.
pub(crate) fn without_address(text: &str, address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return text.to_owned() };
    let mut secrets: Vec<String> = vec![url.path().to_owned()];
    secrets.extend(url.query().map(str::to_owned));
    secrets.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
    secrets.extend(url.query_pairs().flat_map(|(name, value)| [name.into_owned(), value.into_owned()]));
    let decoded: Vec<String> = secrets
        .iter()
        .filter_map(|part| match percent_encoding::percent_decode_str(part).decode_utf8() {
            Ok(Cow::Owned(decoded)) => Some(decoded),
            _ => None,
        })
        .collect();
    secrets.extend(decoded);
    secrets.retain(|secret| secret.len() >= LEAST_BYTES);
    // The longest first, so that no part of one is left over.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(&secret, REDACTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_repeats_its_address_tells_nothing_of_it() {
        let address = "https://hooks.example/services/T0/B0/SECRETPATH%21x?k=SECRETQ&a=b";
        for (said, clean) in [
            ("Cannot POST /services/T0/B0/SECRETPATH%21x?k=SECRETQ&a=b", "Cannot POST [redacted]?[redacted]"),
            ("no SECRETPATH!x here", "no [redacted] here"),
            ("bad key SECRETQ", "bad key [redacted]"),
            ("no such b", "no such b"),
        ] {
            assert_eq!(without_address(said, address), clean);
        }
    }
}
