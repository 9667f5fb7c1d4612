//! Reads typed values out of the layers, and keeps what is wrong.

use crate::error::SettingProblem;
use crate::key::Key;
use crate::layers::{Given, Layers};
use crate::value::Value;

/// Reads typed values; goes on after an error, so that all of them are told at once.
pub(crate) struct Reader<'a> {
    layers: &'a Layers,
    pub(crate) problems: Vec<SettingProblem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(layers: &'a Layers) -> Self {
        Self { layers, problems: Vec::new() }
    }

    /// The value of a setting.
    pub(crate) fn get<T: Value>(&mut self, key: &Key) -> Option<T> {
        self.given(&key.path(), key.range)
    }

    /// The value at a path, if any layer gives one.
    pub(crate) fn given<T: Value>(&mut self, path: &str, range: Option<(f64, f64)>) -> Option<T> {
        let given = self.layers.given.get(path)?;
        let value =
            T::read(&given.raw).map_err(|more| (T::EXPECTED.to_owned(), more)).and_then(|value| {
                match (value.number(), range) {
                    (Some(number), Some((least, most))) if !(least..=most).contains(&number) => {
                        Err((between(least, most), None))
                    }
                    _ => Ok(value),
                }
            });
        match value {
            Ok(value) => Some(value),
            Err((expected, more)) => {
                self.problems.push(wrong(path, given, expected, more));
                None
            }
        }
    }

    /// The paths that begin so.
    pub(crate) fn paths_under(&self, prefix: &str) -> Vec<String> {
        self.layers.given.keys().filter(|path| path.starts_with(prefix)).cloned().collect()
    }
}

/// A range in words.
pub(crate) fn between(least: f64, most: f64) -> String {
    format!("from {least} to {most}")
}

fn wrong(path: &str, given: &Given, expected: String, more: Option<String>) -> SettingProblem {
    SettingProblem::WrongValue {
        key: path.to_owned(),
        from: given.source.precise(),
        value: given.raw.to_string(),
        expected,
        more,
    }
}
