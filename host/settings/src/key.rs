//! What is known of each setting.

use crate::value::Value;
use anvil_budget::default_models;
use anvil_types::{Effort, Tier};

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its default.
    pub default: DefaultValue,
    /// What a value has to be, as in "a whole number".
    pub expected: &'static str,
    /// The least and the most, for numbers.
    pub range: Option<(f64, f64)>,
}

/// Where a setting's default stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultValue {
    /// Here, as TOML.
    Toml(&'static str),
    /// With what is known of the models: the one behind a tier.
    Model(Tier),
    /// Likewise: the tier of an effort.
    TierOf(Effort),
}

impl Key {
    /// Its default, as TOML.
    pub fn default(&self) -> String {
        match self.default {
            DefaultValue::Toml(toml) => toml.to_owned(),
            DefaultValue::Model(tier) => default_models().model(tier).to_owned().show(),
            DefaultValue::TierOf(effort) => default_models().tier(effort).show(),
        }
    }

    /// Section and name: `limits.day_usd`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable: `ANVIL_LIMITS_DAY_USD`.
    pub fn env(&self) -> String {
        format!("ANVIL_{}_{}", self.section, self.name).to_uppercase()
    }

    /// The sentence that is a paragraph in the source, on one line.
    pub fn sentence(&self) -> String {
        one_line(self.doc)
    }
}

/// One section.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static str,
    /// Its settings.
    pub keys: &'static [Key],
}

impl Section {
    /// What it is about, on one line.
    pub fn sentence(&self) -> String {
        one_line(self.doc)
    }
}

pub(crate) fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
