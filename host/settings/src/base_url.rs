//! The address of the API, as people write it.

use crate::error::{SettingProblem, SettingsError};
use url::Url;

/// What half of all tools want at the end of the address, and Anvil adds by itself.
const ENDINGS: [&str; 2] = ["/v1/messages", "/v1"];
/// Endpoints that are not the one that is asked: no address of an API ends in them.
const OTHER_ENDPOINTS: [&str; 6] = [
    "/chat/completions",
    "/count_tokens",
    "/messages/batches",
    "/v1/complete",
    "/v1/models",
    "/v1/responses",
];

/// Reads `ANTHROPIC_BASE_URL`: without the ending that Anvil adds itself, and without a slash at its end. What was
/// taken in another sense than it was written goes into `notes`.
pub(crate) fn base_url(text: &str, notes: &mut Vec<String>) -> Result<String, SettingsError> {
    let wrong = |why: &str| {
        let sentence = format!("ANTHROPIC_BASE_URL is `{}`, {why}", without_userinfo(text));
        Err(SettingProblem::Contradiction(sentence).into())
    };
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("with a blank or a line break in it");
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return wrong("but must begin with https:// or http://");
    }
    // A reader of URLs would take what follows the third slash for the host.
    if text.split_once("://").is_some_and(|(_, rest)| rest.starts_with('/')) {
        return wrong("which names no host");
    }
    let Ok(mut url) = Url::parse(text) else {
        return wrong("which is no address; it looks like https://api.anthropic.com");
    };
    if url.query().is_some() {
        return wrong("but must have no query (what follows `?`): Anvil adds /v1/messages at its end");
    }
    if url.fragment().is_some() {
        return wrong("but must have no fragment (what follows `#`), which is never sent");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let lower = path.to_ascii_lowercase();
    if OTHER_ENDPOINTS.iter().any(|other| lower.ends_with(other)) {
        return wrong("which is another endpoint; Anvil adds /v1/messages to where the API is by itself");
    }
    let mut kept = path.as_str();
    // Written twice, it is meant once.
    while let Some(ending) = ENDINGS.iter().find(|ending| kept.to_ascii_lowercase().ends_with(*ending)) {
        kept = kept[..kept.len() - ending.len()].trim_end_matches('/');
    }
    let (kept, ending) = (kept.to_owned(), path[kept.len()..].trim_start_matches('/').to_owned());
    if !ending.is_empty() {
        let written = text.trim_end_matches('/');
        notes.push(format!(
            "ANTHROPIC_BASE_URL ends in /{ending}, which Anvil adds by itself: it asks {}/v1/messages",
            without_userinfo(&written[..written.len() - ending.len()]).trim_end_matches('/')
        ));
    }
    url.set_path(&kept);
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return wrong("which names no host"),
    };
    if url.scheme() == "http" && !loopback {
        notes.push(
            "ANTHROPIC_BASE_URL begins with http://: key, prompts and replies cross the network in the clear"
                .to_owned(),
        );
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The text without what stands before an `@`, which may be a password.
pub(crate) fn without_userinfo(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        // What is not even a host's name may be a key that was set under the wrong name.
        let shown = if text.contains(['.', ':']) { text } else { "…" };
        return shown.rsplit_once('@').map_or_else(|| shown.to_owned(), |(_, rest)| rest.to_owned());
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A query may be a key.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => format!("{scheme}://{authority}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_it_is_meant() {
        for (text, meant, noted) in [
            ("https://api.anthropic.com", "https://api.anthropic.com", None),
            ("http://127.0.0.1:9///", "http://127.0.0.1:9", None),
            ("HTTP://LocalHost:9", "http://localhost:9", None),
            ("HtTpS://Claude.Example/Proxy/", "https://claude.example/Proxy", None),
            (
                "https://claude.example/v1",
                "https://claude.example",
                Some("asks https://claude.example/v1/messages"),
            ),
            ("https://claude.example/v1/", "https://claude.example", Some("ends in /v1,")),
            (
                "https://claude.example/x/V1/Messages",
                "https://claude.example/x",
                Some("ends in /V1/Messages,"),
            ),
            ("https://claude.example/v1//", "https://claude.example", Some("ends in /v1,")),
            ("https://claude.example/apiv1", "https://claude.example/apiv1", None),
            (
                "https://claude.example/v1/v1",
                "https://claude.example",
                Some("asks https://claude.example/v1/messages"),
            ),
            ("https://gate.example/v1/me/anthropic", "https://gate.example/v1/me/anthropic", None),
            ("http://[::1]:9/v1", "http://[::1]:9", Some("asks http://[::1]:9/v1/messages")),
            ("http://claude.example", "http://claude.example", Some("in the clear")),
            (
                "https://me:pw@claude.example/v1",
                "https://me:pw@claude.example",
                Some("asks https://claude.example/v1/messages"),
            ),
        ] {
            let mut notes = Vec::new();
            assert_eq!(base_url(text, &mut notes).expect(text), meant);
            assert_eq!(notes.len(), usize::from(noted.is_some()), "{text}: {notes:?}");
            assert!(noted.is_none_or(|part| notes[0].contains(part)), "{text}: {notes:?}");
            assert!(!notes.iter().any(|note| note.contains("pw")), "{notes:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for (text, part) in [
            ("example.com", "`example.com`, but must begin with https://"),
            ("localhost:8080", "must begin with https://"),
            ("sk-ant-pw", "`…`, but must begin"),
            ("ftp://me:pw@example.com", "`ftp://example.com`, but must begin"),
            ("me:pw@example.com", "`example.com`, but must begin"),
            ("https://", "which is no address"),
            ("http:///v1", "names no host"),
            ("https://claude.example/v1/chat/completions", "another endpoint"),
            ("https://claude.example/v1/messages/count_tokens/", "another endpoint"),
            ("https://me:pw@", "which is no address"),
            ("https://exa mple.com", "a blank or a line break"),
            ("https://example.com\nhttps://pw", "a blank or a line break"),
            ("https://example.com/?key=pw", "`https://example.com/`, but must have no query"),
            ("https://example.com/v1?key=pw", "must have no query"),
            ("https://example.com/#pw", "must have no fragment"),
            ("https://example.com:99999", "which is no address"),
        ] {
            let error = base_url(text, &mut Vec::new()).expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("pw") || text.contains('\n'), "{error}");
        }
    }
}
