//! What an error only repeats of the request: a guest's own words say nothing about the account.

use crate::upstream::words::clean;
use anvil_types::RequestPart;
use serde_json::Value;

/// What of a request its error is read with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The model that was asked, in small letters.
    pub model: String,
    /// The texts of the request in which some of the error's telling words stand, as an error would show them.
    texts: Vec<String>,
    /// Whether one of its texts names the model too.
    names_model: bool,
}

impl Asked {
    /// Looks for these words, in small letters, in the body of a request.
    pub(crate) fn of(body: &[u8], words: &[&str]) -> Self {
        let Ok(Value::Object(mut body)) = serde_json::from_slice(body) else { return Self::default() };
        let model = match body.remove(RequestPart::Model.name()) {
            Some(Value::String(model)) => model.to_lowercase(),
            _ => String::new(),
        };
        let mut asked = Self { model, ..Self::default() };
        asked.look_into(&Value::Object(body), words);
        asked
    }

    fn look_into(&mut self, value: &Value, words: &[&str]) {
        match value {
            Value::String(text) => self.look_at(text, words),
            Value::Array(items) => items.iter().for_each(|item| self.look_into(item, words)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.look_at(name, words);
                    self.look_into(member, words);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn look_at(&mut self, text: &str, words: &[&str]) {
        let shown = clean(text, text.len()).to_lowercase();
        self.names_model |= !self.model.is_empty() && shown.contains(&self.model);
        if words.iter().any(|word| shown.contains(word)) {
            self.texts.push(shown);
        }
    }

    /// Whether an error that names the model may have it out of a text of the request.
    pub(crate) fn names_model(&self) -> bool {
        self.names_model
    }

    /// Whether these words, in small letters, may be the request's own.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.texts.iter().any(|text| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_request_are_found_however_they_were_written() {
        let body =
            br#"{"model":"m","messages":[{"content":[{"text":"credit b\u0061lance\u200b is  TOO low"}]}],
            "tools":[{"input_schema":{"properties":{"api key":{}}}}]}"#;
        let asked = Asked::of(body, &["credit balance is too low", "api key", "suspended"]);
        assert_eq!(asked.model, "m");
        assert!(asked.has("credit balance is too low") && asked.has("api key"));
        assert!(!asked.has("suspended"));
        assert_eq!(Asked::of(b"no JSON", &["x"]), Asked::default());
    }
}
