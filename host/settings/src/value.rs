//! Values: what a layer gives, and how each type reads it.

use anvil_types::{Compression, Nanodollars, Tier, UpstreamKind};
use jiff::tz::TimeZone;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::de::DeValue;

/// A value as a layer gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// From the environment or a flag: it is whatever the setting takes it for.
    Word(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer or float.
    Number(String),
    /// A TOML boolean.
    Bool(bool),
    /// A TOML array.
    List(Vec<Raw>),
    /// A table, a date, or a number in a form that nothing takes.
    Other(&'static str),
}

impl Raw {
    /// A value out of a parsed file.
    pub(crate) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other("a number that large"), |number| Self::Number(number.to_string())),
            DeValue::Float(number) => Self::Number(number.as_str().to_owned()),
            DeValue::Boolean(value) => Self::Bool(*value),
            DeValue::Array(items) => Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect()),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }

    /// A default out of the schema, which is TOML.
    pub(crate) fn of_default(toml: &str) -> Self {
        DeValue::parse(toml).map_or(Self::Other("no TOML"), |value| Self::of(value.get_ref()))
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Number(text) => Some(text.trim()),
            _ => None,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) if text.is_empty() => f.write_str("empty"),
            Self::Word(text) | Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// A type that a setting can have.
pub(crate) trait Value: Sized {
    /// What a value has to be.
    const EXPECTED: &'static str;

    /// Reads it; the error says more than [`Self::EXPECTED`] where there is more to say.
    fn read(raw: &Raw) -> Result<Self, Option<String>>;

    /// The value as TOML.
    fn show(&self) -> String;

    /// The value as a number, for its range.
    fn number(&self) -> Option<f64> {
        None
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = "a whole number";
            fn read(raw: &Raw) -> Result<Self, Option<String>> {
                raw.number().and_then(|text| text.replace('_', "").parse().ok()).ok_or(None)
            }
            fn show(&self) -> String {
                self.to_string()
            }
            fn number(&self) -> Option<f64> {
                self.to_string().parse().ok()
            }
        }
    )*};
}
whole_numbers!(u32, u64);

impl Value for f64 {
    const EXPECTED: &'static str = "a number";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.number().and_then(|text| text.parse().ok()).filter(|number: &f64| number.is_finite()).ok_or(None)
    }
    fn show(&self) -> String {
        format!("{self:?}")
    }
    fn number(&self) -> Option<f64> {
        Some(*self)
    }
}

impl Value for Nanodollars {
    const EXPECTED: &'static str = "an amount of dollars such as 8 or 0.25";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let usd: Option<f64> = raw.number().and_then(|text| text.trim_start_matches('$').parse().ok());
        usd.and_then(Self::from_usd).ok_or(None)
    }
    fn show(&self) -> String {
        self.to_string().replace('$', "")
    }
    fn number(&self) -> Option<f64> {
        Some(self.usd())
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw {
            Raw::Bool(value) => Ok(*value),
            Raw::Word(text) => text.parse().map_err(|_| None),
            _ => Err(None),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    const EXPECTED: &'static str = "a text";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().map(str::to_owned).ok_or(None)
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().filter(|text| !text.is_empty()).map(Self::from).ok_or(None)
    }
    fn show(&self) -> String {
        quoted(&self.display().to_string())
    }
}

impl Value for Option<PathBuf> {
    const EXPECTED: &'static str = "a path, or empty";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let text = raw.text().ok_or(None)?;
        Ok((!text.is_empty()).then(|| PathBuf::from(text)))
    }
    fn show(&self) -> String {
        quoted(&self.as_ref().map(|path| path.display().to_string()).unwrap_or_default())
    }
}

impl Value for Option<UpstreamKind> {
    const EXPECTED: &'static str = "`live`, `simulated`, or empty";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw.text() {
            Some("") => Ok(None),
            Some("live") => Ok(Some(UpstreamKind::Live)),
            Some("simulated") => Ok(Some(UpstreamKind::Simulated)),
            _ => Err(None),
        }
    }
    fn show(&self) -> String {
        quoted(self.map_or("", UpstreamKind::name))
    }
}

impl Value for Vec<String> {
    const EXPECTED: &'static str = "a list of texts (in the environment and in flags: separated by commas)";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        match raw {
            Raw::List(items) => items.iter().map(String::read).collect(),
            Raw::Word(text) => Ok(text
                .split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect()),
            _ => Err(None),
        }
    }
    fn show(&self) -> String {
        format!("[{}]", self.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
    }
}

impl Value for Tier {
    const EXPECTED: &'static str = Self::EXPECTED;
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().and_then(|text| text.parse().ok()).ok_or(None)
    }
    fn show(&self) -> String {
        quoted(self.name())
    }
}

impl Value for Compression {
    const EXPECTED: &'static str = "`off`, `on` or `lossy`";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        raw.text().and_then(Self::named).ok_or(None)
    }
    fn show(&self) -> String {
        quoted(self.name())
    }
}

impl Value for SocketAddr {
    const EXPECTED: &'static str = "an address and a port such as 127.0.0.1:8787 (port 0: any that is free)";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let text = raw.text().ok_or(None)?;
        let text =
            text.strip_prefix("localhost:").map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
        text.parse().map_err(|_| None)
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for TimeZone {
    const EXPECTED: &'static str =
        "the name of a time zone such as `UTC` or `Europe/Berlin` (`timedatectl list-timezones` lists them)";
    fn read(raw: &Raw) -> Result<Self, Option<String>> {
        let name = raw.text().ok_or(None)?;
        Self::get(name).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            anvil_types::nearest::by_slips(name, known.iter().map(String::as_str))
                .map(|zone| format!("did you mean `{zone}`?"))
        })
    }
    fn show(&self) -> String {
        quoted(self.iana_name().unwrap_or("UTC"))
    }
}

/// A text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_taken_for_what_the_setting_is() {
        let word = |text: &str| Raw::Word(text.to_owned());
        assert_eq!(u32::read(&word("8_000")), Ok(8_000));
        assert_eq!(Nanodollars::read(&word("$0.25")), Ok(Nanodollars::new(250_000_000)));
        assert_eq!(<Vec<String>>::read(&word("a, b")), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(bool::read(&word("false")), Ok(false));
        assert_eq!(u32::read(&word("-1")), Err(None));
        assert_eq!(f64::read(&word("nan")), Err(None));
    }

    #[test]
    fn a_number_in_quotes_is_not_a_number() {
        assert_eq!(u32::read(&Raw::Text("5".to_owned())), Err(None));
        assert_eq!(String::read(&Raw::Number("5".to_owned())), Err(None));
    }
}
