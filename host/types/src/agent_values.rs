//! What an agent reads as its own settings.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What an agent reads as its own settings: values by name. Cheap to clone.
///
/// What they are is its owner's own business: where the house tells of them (a log, an error) it tells their names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AgentValues(Arc<BTreeMap<String, String>>);

impl AgentValues {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for AgentValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AgentValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from)
    }
}

impl From<BTreeMap<String, String>> for AgentValues {
    fn from(values: BTreeMap<String, String>) -> Self {
        Self(Arc::new(values))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for AgentValues {
    fn from(values: [(&str, &str); N]) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(Arc::new(values.collect()))
    }
}

impl fmt::Debug for AgentValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_told_in_a_log() {
        let values = AgentValues::from([("tone", "dry"), ("token", "s3cret")]);
        assert_eq!(format!("{values:?}"), r#"{"token", "tone"}"#);
        assert_eq!((values.get("tone"), values.get("other")), (Some("dry"), None));
        let text = serde_json::to_string(&values).expect("JSON");
        assert_eq!(serde_json::from_str::<AgentValues>(&text).expect("it reads"), values);
    }
}
