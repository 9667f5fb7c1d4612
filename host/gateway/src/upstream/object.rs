//! JSON objects of the wire, member by member.
//!
//! What comes from upstream is read without being taken for granted: a key may come twice, a text may hold
//! half a character, a number may be of any size. Nothing of it makes a whole event unreadable.

use crate::upstream::halves::Text;
use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The most members of one object that are read.
const MOST_MEMBERS: usize = 10_000;

/// An object's members in their order, repeated ones too.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    pub(crate) fn read(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Every value of this name but `null`.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.get()).filter(|value| *value != "null")
    }

    /// Every value.
    pub(crate) fn values(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(_, value)| value.get())
    }

    /// Every value of other names than these but `null`.
    pub(crate) fn others<'s>(&'s self, names: [&'s str; 2]) -> impl Iterator<Item = &'a str> + 's {
        let others = self.0.iter().filter(move |(key, _)| !names.contains(&key.as_ref()));
        others.map(|(_, value)| value.get()).filter(|value| *value != "null")
    }

    /// The last value of this name but `null`, which is the one that most readers take.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).last()
    }

    /// The last value of this name, where it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }

    /// The last value of this name, where it is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        Object::read(self.get(name)?).ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'_>, &RawValue>()? {
                    if members.len() == MOST_MEMBERS {
                        return Err(A::Error::custom("an object has too many members"));
                    }
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A text, its lone halves of characters replaced by U+FFFD; none where it is something else.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    text_bytes(json).map(whole)
}

/// A text's bytes: UTF-8 but for halves of characters, which are kept as they came (WTF-8).
pub(crate) fn text_bytes(json: &str) -> Option<Cow<'_, [u8]>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_bytes(Bytes).ok()
}

/// As it came where it is UTF-8, which as good as all texts are; else without its lone halves.
fn whole(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    let bytes = match bytes {
        Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => return Cow::Borrowed(text),
            Err(_) => bytes.to_vec(),
        },
        Cow::Owned(bytes) => bytes,
    };
    String::from_utf8(bytes).map_or_else(
        |error| {
            let mut text = Text::default();
            text.push(error.as_bytes());
            text.finish().into()
        },
        Cow::Owned,
    )
}

/// A key, whose halves of characters are no reason not to read the object.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes).map(|bytes| Self(whole(bytes)))
    }
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Cow<'de, [u8]>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }
    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_vec()))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text.as_bytes()))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_key_and_half_a_character_leave_the_object_readable() {
        let json = r#"{"a":1,"b":null,"a":2.50,"\ud83d":"x","text":"cut \ud83d","deep":[[[]]]}"#;
        let object = Object::read(json).expect("an object");
        assert_eq!(object.all("a").collect::<Vec<_>>(), ["1", "2.50"]);
        assert_eq!((object.get("a"), object.get("b"), object.get("c")), (Some("2.50"), None, None));
        assert_eq!(object.text("text").as_deref(), Some("cut \u{fffd}"));
        assert_eq!(object.text("\u{fffd}").as_deref(), Some("x"));
        assert!(object.text("a").is_none() && object.object("deep").is_none());
        for no_object in ["[]", "1", "\"{}\"", "{", "{} {}", ""] {
            assert!(Object::read(no_object).is_err(), "{no_object}");
        }
    }

    #[test]
    fn an_object_of_too_many_members_is_not_kept() {
        let many: Vec<_> = (0..=MOST_MEMBERS).map(|n| format!("\"{n}\":0")).collect();
        assert!(Object::read(&format!("{{{}}}", many.join(","))).is_err());
    }
}
