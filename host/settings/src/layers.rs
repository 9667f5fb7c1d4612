//! The layers that values come in: preset, file, environment, flags.

mod environment;
mod file;
mod flags;
mod given;

pub(crate) use given::{Given, Layers};

use crate::bundled::BUNDLED;
use crate::error::{SettingProblem, SettingsError};
use crate::preset::Preset;
use crate::schema::SECTIONS;
use crate::source::Source;
use crate::value::{Raw, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where settings are read from.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The settings file; it has to exist.
    pub file: Option<PathBuf>,
    /// The environment, as `std::env::vars` gives it; only `ANVIL_…` is looked at.
    pub env: Vec<(String, String)>,
    /// Settings by flags: the setting's path (`limits.day_usd`), its value, and the flag to name as its source.
    pub flags: Vec<(String, String, String)>,
}

impl Layers {
    /// Lays them over each other; what nothing knows is a problem.
    pub(crate) fn collect(options: &LoadOptions) -> Result<Self, SettingsError> {
        let mut over = BTreeMap::new();
        let mut problems = Vec::new();
        if let Some(path) = &options.file {
            problems.extend(file::add(path, &mut over));
        }
        Self::over(options, over, problems)
    }

    /// Likewise, with these bytes as the file.
    #[cfg(test)]
    pub(crate) fn with_file(bytes: &[u8]) -> Result<Self, SettingsError> {
        let mut over = BTreeMap::new();
        let problems = file::read(std::path::Path::new("anvil.toml"), bytes, &mut over);
        Self::over(&LoadOptions::default(), over, problems)
    }

    fn over(
        options: &LoadOptions,
        mut over: BTreeMap<String, Given>,
        mut problems: Vec<SettingProblem>,
    ) -> Result<Self, SettingsError> {
        problems.extend(environment::add(&options.env, &mut over));
        problems.extend(flags::add(&options.flags, &mut over));
        let preset = match preset(over.remove("preset")) {
            Ok(preset) => preset,
            Err(problem) => {
                problems.push(problem);
                Preset::default()
            }
        };
        if !problems.is_empty() {
            return Err(SettingsError { problems });
        }
        let mut given = under(preset);
        given.extend(over);
        Ok(Self { preset, given })
    }
}

/// The preset's own values, and those of the agents that Anvil comes with, over the schema's defaults.
fn under(preset: Preset) -> BTreeMap<String, Given> {
    let defaults = SECTIONS
        .iter()
        .flat_map(|section| section.keys)
        .map(|key| (key.path(), Raw::of_default(&key.default())));
    let own = preset.values().iter().chain(BUNDLED);
    let own = own.map(|(path, toml)| ((*path).to_owned(), Raw::of_default(toml)));
    defaults.chain(own).map(|(path, raw)| (path, Given { raw, source: Source::Preset(preset) })).collect()
}

fn preset(given: Option<Given>) -> Result<Preset, SettingProblem> {
    let Some(given) = given else { return Ok(Preset::default()) };
    let name = String::read(&given.raw).unwrap_or_default();
    Preset::named(&name).ok_or_else(|| {
        let names = Preset::ALL.map(Preset::name);
        SettingProblem::WrongValue {
            key: "preset".to_owned(),
            from: given.source.precise(),
            value: given.raw.to_string(),
            expected: format!("one of {}", names.join(", ")),
            more: anvil_types::nearest::by_slips(&name, names).map(|near| format!("did you mean `{near}`?")),
        }
    })
}
