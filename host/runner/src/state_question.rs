//! A question to an agent's state, as its journal knows it.

use anvil_types::{Json, StateAsk};
use serde::Serialize;

/// A question as the journal knows it: what is to be written stands by its digest.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Question<'a> {
    Get { key: &'a str },
    Set { key: &'a str, bytes: usize, blake3: String },
    CompareAndSet { key: &'a str, expected: Option<u64>, bytes: usize, blake3: String },
    Delete { key: &'a str },
    List { prefix: &'a str, after: Option<&'a str>, limit: u32 },
}

/// What tells one question from another, for people too.
pub(crate) fn question(ask: &StateAsk) -> Json {
    let digest = |value: &[u8]| blake3::hash(value).to_hex().to_string();
    Json::of(&match ask {
        StateAsk::Get { key } => Question::Get { key: key.as_str() },
        StateAsk::Set { key, value } => {
            Question::Set { key: key.as_str(), bytes: value.len(), blake3: digest(value) }
        }
        StateAsk::CompareAndSet { key, expected, value } => Question::CompareAndSet {
            key: key.as_str(),
            expected: *expected,
            bytes: value.len(),
            blake3: digest(value),
        },
        StateAsk::Delete { key } => Question::Delete { key: key.as_str() },
        StateAsk::List { prefix, after, limit } => {
            Question::List { prefix, after: after.as_deref(), limit: *limit }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::hash;

    #[test]
    fn a_question_tells_what_is_written_by_its_digest() {
        let key = || "notes/today".parse().expect("a key");
        let set = question(&StateAsk::Set { key: key(), value: b"hello".to_vec() });
        assert!(!set.as_str().contains("hello") && set.as_str().contains(r#""bytes":5"#), "{}", set.as_str());
        let others = [
            StateAsk::Set { key: key(), value: b"hullo".to_vec() },
            StateAsk::CompareAndSet { key: key(), expected: None, value: b"hello".to_vec() },
            StateAsk::CompareAndSet { key: key(), expected: Some(0), value: b"hello".to_vec() },
            StateAsk::Get { key: key() },
            StateAsk::Delete { key: key() },
            StateAsk::List { prefix: "notes/today".into(), after: None, limit: 1 },
            StateAsk::List { prefix: "notes/today".into(), after: Some(String::new()), limit: 1 },
        ];
        let mut hashes: Vec<_> = others.iter().map(|ask| hash(&question(ask))).collect();
        hashes.push(hash(&set));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), others.len() + 1, "each is another question");
    }
}
