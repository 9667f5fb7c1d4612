//! What a text has to keep to beyond the grammar of JSON.

use super::Json;

/// The most characters of a number that are repeated in an error.
const SHOWN: usize = 40;

/// Why a text is not taken as JSON.
#[derive(Debug, thiserror::Error)]
pub enum BadJson {
    /// It does not keep to the grammar.
    #[error("it is no JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Arrays and objects stand too deep within each other.
    #[error("it is nested deeper than {} levels", Json::DEEPEST)]
    Deep,
    /// A number that no 64-bit float can hold.
    #[error("it has {0}, which is beyond what a number of JSON can be read as (about ±1.8e308)")]
    Number(String),
    /// An escape that is half of a character.
    #[error("it has the escape `{0}`, which is half a character: the other half is missing")]
    Surrogate(String),
}

/// Looks through a text that keeps to the grammar; no recursion, so that no depth is too much for it.
pub(super) fn check(json: &str) -> Result<(), BadJson> {
    let bytes = json.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > Json::DEEPEST {
                    return Err(BadJson::Deep);
                }
                at += 1;
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'"' => at = text(json, at + 1)?,
            b'-' | b'0'..=b'9' => at = number(json, at)?,
            _ => at += 1,
        }
    }
    Ok(())
}

/// The place after a text whose inside begins here.
fn text(json: &str, mut at: usize) -> Result<usize, BadJson> {
    let bytes = json.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Ok(at + 1),
            b'\\' if bytes.get(at + 1) == Some(&b'u') => {
                let lone = || BadJson::Surrogate(json.get(at..at + 6).unwrap_or_default().to_owned());
                match escaped(bytes, at) {
                    Some(0xd800..0xdc00) => match escaped(bytes, at + 6) {
                        Some(0xdc00..0xe000) => at += 12,
                        _ => return Err(lone()),
                    },
                    Some(0xdc00..0xe000) => return Err(lone()),
                    _ => at += 6,
                }
            }
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    Ok(at)
}

/// The unit of a `\uXXXX`.
fn escaped(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
}

/// The place after a number that begins here.
fn number(json: &str, at: usize) -> Result<usize, BadJson> {
    let rest = &json.as_bytes()[at..];
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.iter().take_while(|byte| is_part(byte)).count();
    let number = &json[at..at + length];
    if number.parse::<f64>().is_ok_and(f64::is_finite) {
        return Ok(at + length);
    }
    Err(BadJson::Number(if length > SHOWN {
        format!("a number of {length} characters")
    } else {
        format!("the number `{number}`")
    }))
}
