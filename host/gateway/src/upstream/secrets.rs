//! What must not leave the gateway: the key, and what stands before the `@` of the upstream's address.
//!
//! An upstream, or a gateway before it, may repeat them in an error, and from there they would reach guests,
//! pages and the database. So everything that leaves the gateway passes here.

use crate::config::Upstream;
use crate::upstream::answer::Answer;
use anvil_types::{ContentBlock, Reply, UpstreamKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";
/// A secret that is shorter is no secret, and would be found in the middle of words.
const LEAST_BYTES: usize = 6;
/// Of a long secret, a part of so many bytes is looked for by pieces of half the length.
const PART: usize = 16;

/// Takes secrets out of texts.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<String>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor(…)")
    }
}

impl Redactor {
    /// Knows the secrets of this upstream.
    pub(crate) fn of(upstream: &Upstream) -> Self {
        let mut secrets = Vec::new();
        // The simulator's key is a word that everybody may read.
        if let Some(key) = upstream.api_key.as_ref().filter(|_| upstream.kind == UpstreamKind::Live) {
            secrets.push(key.reveal().to_owned());
            secrets.push(STANDARD.encode(key.reveal()));
        }
        let address = reqwest::Url::parse(&upstream.base_url).ok();
        for url in address.into_iter().chain(proxies()) {
            let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
            if !password.is_empty() {
                secrets.push(STANDARD.encode(format!("{user}:{password}")));
                secrets.push(format!("{}:{}", url.username(), url.password().unwrap_or_default()));
                secrets.push(url.password().unwrap_or_default().to_owned());
            } else if !user.is_empty() {
                // A token that stands alone is the secret.
                secrets.push(STANDARD.encode(format!("{user}:")));
                secrets.push(url.username().to_owned());
            }
            secrets.extend([password, user].into_iter().take(if url.password().is_some() { 1 } else { 2 }));
        }
        secrets.retain(|secret| secret.len() >= LEAST_BYTES);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self(secrets)
    }

    /// Whether there is nothing to take out.
    pub(crate) fn knows_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without the secrets, whole or all but a few of their letters.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in &self.0 {
            let found = find(&clean, secret);
            if found.is_empty() {
                continue;
            }
            let mut without = String::new();
            let mut from = 0;
            for (start, end) in found {
                without.push_str(&clean[from..start]);
                without.push_str(REDACTED);
                from = end;
            }
            without.push_str(&clean[from..]);
            clean = Cow::Owned(without);
        }
        clean
    }

    pub(crate) fn clean_text(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.clean(text) {
            *text = clean;
        }
    }

    /// A reply, before it goes to whoever asked.
    pub(crate) fn clean_reply(&self, reply: &mut Reply) {
        for block in &mut reply.content {
            self.clean_block(block);
        }
        self.clean_text(&mut reply.stop_reason);
        self.clean_text(&mut reply.model);
    }

    /// What an answer says of itself: it stands in the ledger, in alerts, on pages.
    pub(crate) fn clean_answer(&self, answer: &mut Answer) {
        for word in answer.words_mut() {
            self.clean_text(word);
        }
    }

    fn clean_block(&self, block: &mut ContentBlock) {
        let texts = match block {
            ContentBlock::Text { text } => vec![text],
            // The signature binds the text as it came: Anthropic takes neither back changed.
            ContentBlock::Thinking { text, .. } => vec![text],
            ContentBlock::ToolUse { id, name, input } => vec![id, name, input],
            ContentBlock::ToolResult { content, .. } => vec![content],
            ContentBlock::Other { json } => vec![json],
            ContentBlock::Image { .. } => Vec::new(),
        };
        for text in texts {
            self.clean_text(text);
        }
    }

    /// How many bytes at the end of a text may be the beginning of a secret.
    fn begun_at_end(&self, text: &str) -> usize {
        let longest = self.0.iter().map(String::len).max().unwrap_or(0);
        let from = text.len().saturating_sub(longest.saturating_sub(1));
        let begins = |at: &usize| {
            text.is_char_boundary(*at) && self.0.iter().any(|secret| begins_with(secret, &text[*at..]))
        };
        (from..text.len()).find(begins).map_or(0, |at| text.len() - at)
    }
}

/// Text that is shown while it streams by, in which a secret may be cut between two parts.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    redactor: &'a Redactor,
    kept: String,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, kept: String::new() }
    }

    /// What can be shown now.
    pub(crate) fn push(&mut self, text: &str) -> String {
        self.kept.push_str(text);
        let keep = self.redactor.begun_at_end(&self.kept);
        let rest = self.kept.split_off(self.kept.len() - keep);
        let shown = std::mem::replace(&mut self.kept, rest);
        self.redactor.clean(&shown).into_owned()
    }

    /// The rest.
    pub(crate) fn finish(&mut self) -> String {
        self.redactor.clean(&std::mem::take(&mut self.kept)).into_owned()
    }
}

fn begins_with(secret: &str, text: &str) -> bool {
    secret.as_bytes().get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
}

/// Where a secret, or most of a long one, stands in a text: ranges that do not overlap.
fn find(text: &str, secret: &str) -> Vec<(usize, usize)> {
    // In small letters, which have as many bytes: who repeats a secret may shout it.
    let (text, secret) = (&text.to_ascii_lowercase()[..], &secret.to_ascii_lowercase()[..]);
    if secret.len() < PART {
        return text.match_indices(secret).map(|(at, found)| (at, at + found.len())).collect();
    }
    // Whatever has `PART` bytes of the secret in a row has one of these pieces whole.
    let (bytes, whole) = (text.as_bytes(), secret.as_bytes());
    let mut found: Vec<(usize, usize)> = Vec::new();
    let starts = (0..=whole.len() - PART / 2).step_by(PART / 2);
    for piece in starts.filter(|at| secret.is_char_boundary(*at) && secret.is_char_boundary(at + PART / 2)) {
        for (at, _) in text.match_indices(&secret[piece..piece + PART / 2]) {
            let before = bytes[..at].iter().rev().zip(whole[..piece].iter().rev());
            let before = before.take_while(|(a, b)| a == b).count();
            let after = bytes[at..].iter().zip(&whole[piece..]).take_while(|(a, b)| a == b).count();
            let (mut start, mut end) = (at - before, at + after);
            if end - start < PART {
                continue;
            }
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            while !text.is_char_boundary(end) {
                end += 1;
            }
            found.push((start, end));
        }
    }
    found.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match apart.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => apart.push((start, end)),
        }
    }
    apart
}

/// The proxies of the environment, by which the client goes: a password in one may be repeated by it.
fn proxies() -> impl Iterator<Item = reqwest::Url> {
    let names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"];
    names.into_iter().filter_map(|name| {
        let value = std::env::var(name).ok()?;
        let value = value.trim();
        let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        reqwest::Url::parse(&url).ok()
    })
}

/// Percent-decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits =
            tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiKey;

    const KEY: &str = "sk-ant-api03-SECRETSECRETSECRET0123456789-AA";

    fn redactor(base_url: &str) -> Redactor {
        Redactor::of(&Upstream {
            kind: UpstreamKind::Live,
            base_url: base_url.to_owned(),
            api_key: Some(ApiKey::new(KEY)),
        })
    }

    #[test]
    fn a_key_is_taken_out_whole_or_nearly_whole() {
        let redactor = redactor("https://api.anthropic.com");
        for (text, clean) in [
            (format!("invalid key: {KEY}"), "invalid key: [redacted]"),
            (format!("{KEY}{KEY} twice"), "[redacted] twice"),
            (format!("«{}»", &KEY[1..KEY.len() - 3]), "«[redacted]»"),
            (format!("ends {}", &KEY[20..]), "ends [redacted]"),
            (format!("loud: {}", KEY.to_uppercase()), "loud: [redacted]"),
            (format!("coded: {}", STANDARD.encode(KEY)), "coded: [redacted]"),
            ("no key, sk-ant- or else".to_owned(), "no key, sk-ant- or else"),
        ] {
            assert_eq!(redactor.clean(&text), clean);
        }
    }

    #[test]
    fn a_password_in_the_address_is_taken_out_in_every_form() {
        let redactor = redactor("https://me:s3cr%C3%A9tpw@proxy.example");
        let basic = STANDARD.encode("me:s3cr\u{e9}tpw");
        let text = format!("s3cr\u{e9}tpw s3cr%C3%A9tpw Basic {basic} me");
        assert_eq!(redactor.clean(&text), "[redacted] [redacted] Basic [redacted] me");
        let token = self::redactor("https://t0kent0ken@proxy.example");
        assert_eq!(token.clean("t0kent0ken!"), "[redacted]!");
        let short = self::redactor("https://a:b@proxy.example");
        assert_eq!(short.clean("a or b"), "a or b");
    }

    #[test]
    fn a_secret_that_is_cut_between_parts_is_not_shown() {
        let redactor = redactor("https://api.anthropic.com");
        for cut in 0..KEY.len() {
            let mut shown = Shown::new(&redactor);
            let parts = ["the key is ", &KEY[..cut], &KEY[cut..], " and s", "o on"];
            let all: String = parts.iter().map(|part| shown.push(part)).collect();
            assert_eq!(all + &shown.finish(), "the key is [redacted] and so on", "cut at {cut}");
        }
    }
}
