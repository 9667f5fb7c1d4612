//! What is known of each setting.

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Its default, as TOML.
    pub default: &'static str,
    /// What a value has to be, as in "a whole number".
    pub expected: &'static str,
    /// The least and the most, for numbers.
    pub range: Option<(f64, f64)>,
}

impl Key {
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

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
