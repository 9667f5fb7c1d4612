//! JSON in one form for equal content: whatever the order of keys, the spacing, the escapes.

use crate::Json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

impl Json {
    /// Whether both say the same: keys in another order, other white space, another spelling of a character or a
    /// number (`1.0`, `10e-1`) make no difference. Numbers are compared exactly, however long they are.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self == other || {
            let canonical = |json: &Self| {
                let mut text = String::with_capacity(json.as_str().len());
                write(json.as_str(), &mut text).map(|()| text)
            };
            // One that cannot be read is the same as its own text only.
            matches!((canonical(self), canonical(other)), (Some(one), Some(other)) if one == other)
        }
    }
}

fn write(text: &str, to: &mut String) -> Option<()> {
    match text.trim_start().bytes().next()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            to.push('{');
            for (name, value) in members {
                *to += &serde_json::to_string(&name).ok()?;
                to.push(':');
                write(value.get(), to)?;
                to.push(',');
            }
            to.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            to.push('[');
            for item in items {
                write(item.get(), to)?;
                to.push(',');
            }
            to.push(']');
        }
        b'"' => {
            let string: String = serde_json::from_str(text).ok()?;
            *to += &serde_json::to_string(&string).ok()?;
        }
        b'-' | b'0'..=b'9' => write_number(text.trim(), to)?,
        _ => *to += text.trim(),
    }
    Some(())
}

/// Digits without zeros at either end, and the power of ten of the last one.
fn write_number(text: &str, to: &mut String) -> Option<()> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        to.push('0');
        return Some(());
    }
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    to.extend([sign, significant, "e", &power.to_string()]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        text.parse().expect("JSON")
    }

    #[test]
    fn equal_content_is_the_same_however_it_is_written() {
        for (one, other) in [
            (r#"{"a":1,"b":[true,null]}"#, "{ \"b\" : [ true , null ],\n \"a\" : 1 }"),
            (r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"y":2,"x":1}}"#),
            (r#""once""#, r#""\u006fnce""#),
            (r#"{"\u0061":1}"#, r#"{"a":1}"#),
            ("1", "1.0"),
            ("100", "1e2"),
            ("0.1", "1E-1"),
            ("0", "-0.0e5"),
            ("12345678901234567890123", "12345678901234567890123.0"),
        ] {
            assert!(json(one).says_the_same_as(&json(other)), "{one} {other}");
        }
    }

    #[test]
    fn other_content_is_not() {
        for (one, other) in [
            ("12345678901234567890123", "12345678901234567890124"),
            ("0.1", "0.10000000000000000000001"),
            ("1", "-1"),
            ("1", "\"1\""),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,1]"),
            ("[12]", "[1,2]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":"b,c"}"#, r#"{"a":"b","c":null}"#),
            ("null", "false"),
            (r#""a ""#, r#""a""#),
        ] {
            assert!(!json(one).says_the_same_as(&json(other)), "{one} {other}");
        }
    }
}
