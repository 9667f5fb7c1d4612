//! An answer of the host.

use crate::failure::Failure;
use crate::show::{print, print_json};
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
        if json { print_json(&self.json) } else { print(&words(&self.read()?)) }
    }

    /// The JSON that came.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }
}

impl<T> Answer<T> {
    /// What it says, read as something else: a part of it, or less of it.
    pub(crate) fn read_as<U: DeserializeOwned>(&self) -> Result<U, Failure> {
        serde_json::from_slice(&self.text).map_err(|error| {
            let version = env!("CARGO_PKG_VERSION");
            anyhow::anyhow!(
                "the host says something that this version of anvil ({version}) cannot read: {error}; --json shows \
                 it as it came"
            )
            .into()
        })
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
        assert!(told.contains("cannot read") && told.contains("--json"), "{told}");
        assert_eq!(other.json().to_string(), r#"{"paused":"perhaps"}"#);
        assert!(Answer::<QueueView>::new(b"<html>".to_vec()).is_none());
    }
}
