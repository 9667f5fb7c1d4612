//! What can be wrong with settings.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingProblem {
    /// The file cannot be read.
    #[error("cannot read the settings file {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}{} is not valid TOML: {message}", .path.display(), .line.map(|line| format!(" line {line}")).unwrap_or_default())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong with it.
        message: String,
    },
    /// There is no such setting.
    #[error("unknown {what} ({from}); {hint}")]
    Unknown {
        /// What was given, as in: setting `day_us` in `[limits]`.
        what: String,
        /// Where it stands.
        from: String,
        /// The nearest name, or the names that there are.
        hint: String,
    },
    /// There is no such environment variable.
    #[error("unknown environment variable `{name}`; {hint}")]
    UnknownVariable {
        /// Its name.
        name: String,
        /// The nearest name, or where the names are listed.
        hint: String,
    },
    /// A value of another kind than the setting takes.
    #[error("`{key}` ({from}) is {value}, but must be {expected}{}", .more.as_deref().map(|more| format!("; {more}")).unwrap_or_default())]
    WrongValue {
        /// The setting.
        key: String,
        /// Where it stands.
        from: String,
        /// What it is.
        value: String,
        /// What it should be.
        expected: String,
        /// More about it.
        more: Option<String>,
    },
    /// Values that make no sense together, or that a preset does not allow.
    #[error("{0}")]
    Contradiction(String),
}

/// What is wrong with the settings: all of it, one sentence a line.
#[derive(Debug, thiserror::Error)]
pub struct SettingsError {
    /// Each problem; at least one.
    pub problems: Vec<SettingProblem>,
}

impl From<SettingProblem> for SettingsError {
    fn from(problem: SettingProblem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
