//! What an upstream says of its own failure, in whatever form it says it.

use crate::upstream::object::{Object, text};
use crate::upstream::words::{MOST_WORD_BYTES, clean};
use serde_json::value::RawValue;

/// The most bytes of a message that are kept.
const MOST_MESSAGE_BYTES: usize = 1_000;
/// How deep errors are looked for within errors.
const DEEPEST: usize = 10;

/// An error in upstream's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its `type`, as `overloaded_error`; empty where it has none.
    pub kind: String,
    /// Its `error_code` or `code`; empty where it has none.
    pub code: String,
    /// For people, on one line; empty where there is none.
    pub message: String,
}

impl Fault {
    /// The body of an error: JSON of any form, HTML, or plain text.
    pub(crate) fn of_body(body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').trim();
        match body.as_bytes().first() {
            Some(b'{' | b'[' | b'"') => Self::of_error(body),
            Some(b'<') => Self::of_text(&html(body)),
            _ => Self::of_text(body),
        }
    }

    /// Each of its texts, to take out of it what must not be told.
    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        [&mut self.kind, &mut self.code, &mut self.message].into_iter()
    }

    /// Plain text.
    pub(crate) fn of_text(text: &str) -> Self {
        Self { message: clean(text, MOST_MESSAGE_BYTES), ..Self::default() }
    }

    /// JSON. Where no form is known the text itself is what is told.
    pub(crate) fn of_error(json: &str) -> Self {
        let mut fault = Self::default();
        fault.look_into(json.trim(), DEEPEST);
        if fault.message.is_empty() {
            fault.message = clean(json, MOST_MESSAGE_BYTES);
        }
        fault
    }

    fn look_into(&mut self, json: &str, deep: usize) {
        let Some(deep) = deep.checked_sub(1) else { return };
        if let Some(said) = text(json) {
            self.say(&said, deep);
        } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json) {
            if let Some(first) = list.first() {
                self.look_into(first.get(), deep);
            }
        } else if let Ok(fields) = Object::read(json) {
            self.look_into_fields(&fields, deep);
        }
    }

    fn look_into_fields(&mut self, fields: &Object<'_>, deep: usize) {
        for inner in ["error", "errors", "fault"] {
            if let Some(inner) = fields.get(inner) {
                self.look_into(inner, deep);
            }
        }
        let word =
            |name: &str| fields.text(name).map(|word| clean(&word, MOST_WORD_BYTES)).unwrap_or_default();
        for kind in ["type", "status"].map(word) {
            // The body's own type is that it is an error.
            if self.kind.is_empty() && kind != "error" {
                self.kind = kind;
            }
        }
        let details = fields.object("details").unwrap_or_default();
        for code in [details.text("error_code"), fields.text("code")].into_iter().flatten() {
            if self.code.is_empty() {
                self.code = clean(&code, MOST_WORD_BYTES);
            }
        }
        for said in ["message", "msg", "detail", "error_description", "title", "reason"] {
            let Some(said) = fields.get(said).filter(|_| self.message.is_empty()) else { continue };
            self.look_into(said, deep);
        }
        // Which field of the request it is about.
        if let Some(place) =
            fields.get("loc").and_then(|place| serde_json::from_str::<Vec<&RawValue>>(place).ok())
        {
            let names: Vec<_> = place
                .iter()
                .map(|name| text(name.get()).unwrap_or_else(|| name.to_string().into()))
                .collect();
            self.message = clean(&format!("{}: {}", names.join("."), self.message), MOST_MESSAGE_BYTES);
        }
    }

    // A message may hold another error whole, as JSON or HTML.
    fn say(&mut self, said: &str, deep: usize) {
        if !self.message.is_empty() {
            return;
        }
        let inner = said.trim();
        if inner.starts_with(['{', '[']) && deep > 0 {
            self.look_into(inner, deep);
        }
        if self.message.is_empty() {
            let page = inner.starts_with('<').then(|| html(inner));
            self.message = clean(page.as_deref().unwrap_or(said), MOST_MESSAGE_BYTES);
        }
    }
}

/// What an HTML page says: its title, or else its text.
pub(crate) fn html(page: &str) -> String {
    // ASCII lower case keeps every byte in its place.
    let lower = page.to_ascii_lowercase();
    for tag in ["title", "h1"] {
        let open = lower.find(&format!("<{tag}"));
        let inner = open.and_then(|open| Some(open + lower[open..].find('>')? + 1));
        let end = inner.and_then(|inner| Some(inner + lower[inner..].find(&format!("</{tag}"))?));
        if let (Some(inner), Some(end)) = (inner, end) {
            let said = without_tags(&page[inner..end]);
            if !said.trim().is_empty() {
                return said;
            }
        }
    }
    without_tags(page)
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(tag) = rest.find('<') {
        text.push_str(&rest[..tag]);
        text.push(' ');
        let Some(end) = rest[tag..].find('>') else { return unescaped(&text) };
        rest = &rest[tag + end + 1..];
    }
    text.push_str(rest);
    unescaped(&text)
}

fn unescaped(text: &str) -> String {
    let common =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    common.iter().fold(text.to_owned(), |text, (escape, char)| text.replace(escape, char))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_helps_is_found_in_every_form() {
        for (body, kind, message) in [
            (
                r#"{"type":"error","error":{"type":"api_error","message":"no"},"request_id":"r"}"#,
                "api_error",
                "no",
            ),
            (r#"{"error":"model not allowed"}"#, "", "model not allowed"),
            (
                r#"[{"error":{"code":400,"message":"quota missing","status":"INVALID"}}]"#,
                "INVALID",
                "quota missing",
            ),
            (
                r#"{"message":"Forbidden by policy 17","type":"forbidden"}"#,
                "forbidden",
                "Forbidden by policy 17",
            ),
            (
                r#"{"detail":[{"loc":["body","model",0],"msg":"field required"}]}"#,
                "",
                "body.model.0: field required",
            ),
            (r#"{"detail":"Not authenticated"}"#, "", "Not authenticated"),
            (r#"{"errors":[{"title":"Too long"}]}"#, "", "Too long"),
            (r#"{"error":{"message":"{\"error\":{\"type\":\"x\",\"message\":\"inner\"}}"}}"#, "x", "inner"),
            (r#"{"error":{"message":"<html><title>Bad gateway</title></html>"}}"#, "", "Bad gateway"),
            (r#"{"error":{"message":"cut \ud83d"}}"#, "", "cut \u{fffd}"),
            (
                "\u{feff}<!DOCTYPE html><HTML><head><TITLE lang=x> Blocked &amp; gone\n</TITLE><body>x",
                "",
                "Blocked & gone",
            ),
            ("<html><body><p>Sign <b>in</b></p></body></html>", "", "Sign in"),
            ("Request Entity Too Large: limit is 10 MB\n", "", "Request Entity Too Large: limit is 10 MB"),
            (r#"{"ok":false}"#, "", r#"{"ok":false}"#),
            ("\"plain\"", "", "plain"),
            ("{broken", "", "{broken"),
            ("<", "", ""),
            ("", "", ""),
        ] {
            let fault = Fault::of_body(body);
            assert_eq!((fault.kind.as_str(), fault.message.as_str()), (kind, message), "{body}");
        }
        let cap = r#"{"error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        assert_eq!(Fault::of_body(cap).code, "enforced_spend_limit_reached");
    }

    #[test]
    fn an_error_is_bounded_and_clean() {
        let escape = r#"{"error":{"type":"a\u001b[31m","message":"bad \u001b[31mred\u001b[0m\u001b]0;title\u0007 end"}}"#;
        assert_eq!(Fault::of_body(escape).message, "bad red end");
        let long =
            format!(r#"{{"error":{{"type":"{}","message":"{}"}}}}"#, "t".repeat(9_000), "m".repeat(100_000));
        let fault = Fault::of_body(&long);
        assert!(fault.kind.len() <= MOST_WORD_BYTES && fault.message.len() == MOST_MESSAGE_BYTES);
        let deep = "[".repeat(100_000);
        assert!(Fault::of_body(&deep).message.len() <= MOST_MESSAGE_BYTES);
        let nested =
            (0..9).fold("end".to_owned(), |inner, _| serde_json::json!({ "message": inner }).to_string());
        assert!(!Fault::of_body(&nested).message.is_empty());
    }
}
