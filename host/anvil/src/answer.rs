//! An answer of the host.

use crate::failure::Failure;
use crate::show::{indented, print};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// An answer: the JSON that came, and the word of the API that it is. It is read where it is shown, so that `--json`
/// shows whatever a newer host says.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    text: Vec<u8>,
    json: Value,
    is: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Answer<T> {
    /// An answer that is JSON; none where it is none.
    pub(crate) fn new(text: Vec<u8>) -> Option<Self> {
        let json = serde_json::from_slice(&text).ok()?;
        Some(Self { text, json, is: PhantomData })
    }

    /// What it says. Members that are not known here are passed over.
    pub(crate) fn read(&self) -> Result<T, Failure> {
        self.read_as()
    }

    /// Shows it: as JSON, or in words.
    pub(crate) fn show(&self, json: bool, words: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if json { self.print() } else { print(&words(&self.read()?)) }
    }

    /// The JSON that came, for what is a part of something else.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }
}

impl<T> Answer<T> {
    /// Prints it as it came, numbers to the digit, indented.
    pub(crate) fn print(&self) -> Result<(), Failure> {
        print(&indented(&self.text()))
    }

    /// The text that came.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// What it says, read as something else: a part of it, or less of it.
    pub(crate) fn read_as<U: DeserializeOwned>(&self) -> Result<U, Failure> {
        serde_json::from_slice(&self.text)
            .map_err(|error| Failure::Unread { reason: error.to_string(), json: self.text() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_api::QueueView;

    fn answer(text: &str) -> Answer<QueueView> {
        Answer::new(text.as_bytes().to_vec()).expect("JSON")
    }

    #[test]
    fn members_of_a_newer_host_are_passed_over_and_shown_as_json() {
        let newer = answer(r#"{"paused": false, "pause": null, "until": "noon"}"#);
        assert!(!newer.read().expect("it can be read").paused);
        assert_eq!(newer.json().to_string(), r#"{"pause":null,"paused":false,"until":"noon"}"#);
    }

    #[test]
    fn what_cannot_be_read_is_told_of_and_is_still_json() {
        let other = answer(r#"{"paused": "perhaps"}"#);
        let told = other.read().expect_err("it is no answer of this kind").to_string();
        assert!(told.contains("cannot read") && told.contains("as it came"), "{told}");
        assert_eq!(other.json().to_string(), r#"{"paused":"perhaps"}"#);
        assert!(Answer::<QueueView>::new(b"<html>".to_vec()).is_none());
    }
}
