//! A member's name that an object has twice: one reader takes the first value, another the last.

use super::Json;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

impl Json {
    /// The first name that an object in it has twice, if one does.
    pub fn repeated_name(&self) -> Option<String> {
        let mut repeated = None;
        let mut reader = serde_json::Deserializer::from_str(self.as_str());
        // It was read before, so that nothing but what is looked for can end it.
        let _ = Look(&mut repeated).deserialize(&mut reader);
        repeated
    }
}

struct Look<'a>(&'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                *self.0 = Some(name);
                return Err(serde::de::Error::custom("a name is there twice"));
            }
            names.insert(name);
            map.next_value_seed(Look(self.0))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Look(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_found_wherever_it_stands() {
        for (text, name) in [
            (r#"{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]}"#, None),
            (r#"{"a":1,"b":2,"a":3}"#, Some("a")),
            (r#"[1,"x",null,{"a":{"b":[{"c":1,"c":1}]}}]"#, Some("c")),
            // One name, written in two ways.
            (r#"{"a":1,"\u0061":2}"#, Some("a")),
            ("12345678901234567890123", None),
            ("\"a\"", None),
        ] {
            let json: Json = text.parse().expect(text);
            assert_eq!(json.repeated_name().as_deref(), name, "{text}");
        }
    }
}
