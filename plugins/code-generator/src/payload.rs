//! What a job asks for.

use serde::Deserialize;

/// The payload of `generate`. The host has checked it against the schema; it is checked here too,
/// since a plugin may be run by others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// What is to be built.
    pub requirements: String,
    /// The language or the framework.
    #[serde(default)]
    pub language: Option<String>,
    /// How the code should read.
    #[serde(default)]
    pub style: Option<String>,
    /// What must hold.
    #[serde(default)]
    pub constraints: Option<String>,
    /// The most files.
    #[serde(default)]
    pub files_max: Option<usize>,
    /// Whether tests are written too.
    #[serde(default)]
    pub tests: bool,
}

impl Payload {
    /// Reads a payload. The error is a sentence for the person who sent it.
    pub fn read(json: &str) -> Result<Self, String> {
        let payload: Self =
            serde_json::from_str(json).map_err(|e| format!("the payload is not valid: {e}"))?;
        if payload.requirements.trim().is_empty() {
            return Err("`requirements` is empty: say what is to be built".to_owned());
        }
        if payload.files_max.is_some_and(|most| !(1..=64).contains(&most)) {
            return Err("`files_max` must be from 1 to 64".to_owned());
        }
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_all_that_is_needed() {
        let payload = Payload::read(r#"{"requirements":"Build a login form"}"#).expect("valid");
        assert_eq!(payload.requirements, "Build a login form");
        assert!(!payload.tests);
    }

    #[test]
    fn a_bad_payload_is_refused_with_a_sentence() {
        for (json, part) in [
            ("", "not valid"),
            ("{}", "missing field `requirements`"),
            (r#"{"requirements":" "}"#, "`requirements` is empty"),
            (r#"{"requirements":7}"#, "expected a string"),
            (r#"{"requirements":"x","langauge":"rust"}"#, "unknown field `langauge`"),
            (r#"{"requirements":"x","files_max":0}"#, "from 1 to 64"),
            (r#"{"requirements":"x","files_max":65}"#, "from 1 to 64"),
        ] {
            let error = Payload::read(json).expect_err(json);
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
