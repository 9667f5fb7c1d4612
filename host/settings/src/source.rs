//! Where a value came from.

use crate::Preset;
use std::fmt;
use std::path::PathBuf;

/// Where a value came from. Shown as `preset max-200`, `anvil.toml`, `ANVIL_LIMITS_DAY_USD` or `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The preset; what it does not say is the default, which is `max-200`'s.
    Preset(Preset),
    /// The settings file.
    File {
        /// Its path, as it was given.
        path: PathBuf,
        /// The line of the value, from 1.
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(String),
}

impl Source {
    /// As [`Display`](fmt::Display), with the line in the file: for errors.
    pub fn precise(&self) -> String {
        match self {
            Self::File { path, line } => format!("{} line {line}", path.display()),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(preset) => f.pad(&format!("preset {preset}")),
            Self::File { path, .. } => f.pad(&path.display().to_string()),
            Self::Env(name) | Self::Flag(name) => f.pad(name),
        }
    }
}
