//! What a job asks for.

use serde::Deserialize;

/// The payload of `deliver`. The host has checked it against the schema; it is checked here too, since a plugin may be
/// run by others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// What is wanted.
    pub brief: String,
    /// The language or the framework.
    #[serde(default)]
    pub language: Option<String>,
    /// What must hold.
    #[serde(default)]
    pub constraints: Option<String>,
    /// Whether a person is asked about the design.
    #[serde(default)]
    pub approval: ApprovalMode,
}

/// Whether a person is asked about the design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// Nothing is built that nobody approved.
    #[default]
    Ask,
    /// Nobody is asked.
    Skip,
}

impl Payload {
    /// Reads a payload. The error is a sentence for the person who sent it.
    pub fn read(json: &str) -> Result<Self, String> {
        let mut payload: Self =
            serde_json::from_str(json).map_err(|e| format!("the payload is not valid: {e}"))?;
        if payload.brief.trim().is_empty() {
            return Err("`brief` is empty: say what is wanted".to_owned());
        }
        // A form sends what was left empty as an empty text.
        let is_given = |text: &String| !text.trim().is_empty();
        payload.language = payload.language.take().filter(is_given);
        payload.constraints = payload.constraints.take().filter(is_given);
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_is_all_that_is_needed_and_what_is_left_empty_is_not_given() {
        let payload = Payload::read(r#"{"brief":"A form","language":" ","constraints":""}"#).expect("valid");
        assert_eq!((payload.brief.as_str(), payload.approval), ("A form", ApprovalMode::Ask));
        assert_eq!((payload.language, payload.constraints), (None, None));
    }

    #[test]
    fn a_bad_payload_is_refused_with_a_sentence() {
        for (json, part) in [
            ("", "not valid"),
            ("{}", "missing field `brief`"),
            (r#"{"brief":" "}"#, "`brief` is empty"),
            (r#"{"brief":7}"#, "expected a string"),
            (r#"{"brief":"x","approval":"maybe"}"#, "unknown variant `maybe`"),
            (r#"{"brief":"x","langauge":"rust"}"#, "unknown field `langauge`"),
        ] {
            let error = Payload::read(json).expect_err(json);
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
