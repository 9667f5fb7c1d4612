//! JSON as a tree whose numbers are texts and whose members keep their order: read by another reader than the rules'.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Byte for byte.
    Leaf(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

pub(crate) fn tree(text: &str) -> Tree {
    match text.trim().as_bytes().first() {
        Some(b'{') => {
            let members: Members = serde_json::from_str(text).expect("an object");
            Tree::Object(members.0.into_iter().map(|(name, raw)| (name, tree(raw.get()))).collect())
        }
        Some(b'[') => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).expect("a list");
            Tree::List(items.iter().map(|raw| tree(raw.get())).collect())
        }
        _ => Tree::Leaf(text.trim().to_owned()),
    }
}
