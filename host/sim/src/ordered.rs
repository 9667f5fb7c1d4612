//! JSON that keeps the order of its keys.
//!
//! The API renders a tool's JSON into the prompt as it came, so that another order of keys is another prompt. A
//! [`serde_json::Value`] sorts its keys and can't tell.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A JSON value, its keys in the order in which they came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OrderedJson {
    /// Null, a boolean, a number or a string.
    Plain(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl OrderedJson {
    /// The field of that name; of several the last, as everywhere.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.fields().iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn item(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(list) => list.get(index),
            _ => None,
        }
    }

    pub(crate) fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }
}

/// Compact, whatever white space it came with.
impl fmt::Display for OrderedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(value) => write!(f, "{value}"),
            Self::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (i, (key, value)) in fields.iter().enumerate() {
                    write!(f, "{}{key:?}:{value}", if i == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for OrderedJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = OrderedJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<OrderedJson, E> {
        Ok(OrderedJson::Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OrderedJson, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(OrderedJson::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<OrderedJson, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            fields.push(entry);
        }
        Ok(OrderedJson::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_their_order_and_white_space_goes() {
        let text = r#"{ "b" : [1, -2, 2.5, true, null], "a":{"z":"é\"", "y":{}} }"#;
        let json: OrderedJson = serde_json::from_str(text).expect("JSON");
        assert_eq!(json.to_string(), r#"{"b":[1,-2,2.5,true,null],"a":{"z":"é\"","y":{}}}"#);
        let other: OrderedJson = serde_json::from_str(r#"{"a":{"y":{},"z":"é\""}}"#).expect("JSON");
        assert_ne!(json.get("a"), other.get("a"));
        assert_eq!(json.get("b").and_then(|list| list.item(1)), Some(&OrderedJson::Plain((-2).into())));
    }
}
