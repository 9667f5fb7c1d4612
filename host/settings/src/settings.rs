//! The settings that the host runs by.

use crate::agents::{AgentSection, read_agents};
use crate::check;
use crate::error::SettingProblem;
use crate::error::SettingsError;
use crate::layers::{Layers, LoadOptions};
use crate::nearest_model::nearest_model;
use crate::preset::Preset;
use crate::reader::Reader;
use crate::schema::{
    DataSettings, JobsSettings, LogSettings, PaceSettings, PeopleSettings, PluginsSettings, PressureSettings,
    PricesSettings, ReadSection, RetentionSettings, SandboxSettings, SavingSettings, ServerSettings,
    SimulatorSettings, TimeSettings, UpstreamSettings,
};
use crate::source::Source;
use anvil_budget::{ModelMap, PriceTable};
use anvil_types::{Limits, LimitsPatch, Timestamp};
use std::collections::BTreeMap;

/// All settings, checked. Made by [`Settings::load`] alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The preset under all of them.
    pub preset: Preset,
    /// `[limits]`.
    pub limits: Limits,
    /// `[pace]`.
    pub pace: PaceSettings,
    /// `[models]`.
    pub models: ModelMap,
    /// `[pressure]`.
    pub pressure: PressureSettings,
    /// `[saving]`.
    pub saving: SavingSettings,
    /// `[prices]`.
    pub prices: PricesSettings,
    /// `[time]`.
    pub time: TimeSettings,
    /// `[server]`.
    pub server: ServerSettings,
    /// `[data]`.
    pub data: DataSettings,
    /// `[log]`.
    pub log: LogSettings,
    /// `[plugins]`.
    pub plugins: PluginsSettings,
    /// `[upstream]`.
    pub upstream: UpstreamSettings,
    /// `[jobs]`.
    pub jobs: JobsSettings,
    /// `[people]`.
    pub people: PeopleSettings,
    /// `[retention]`.
    pub retention: RetentionSettings,
    /// `[sandbox]`.
    pub sandbox: SandboxSettings,
    /// `[simulator]`.
    pub simulator: SimulatorSettings,
    /// `[agents.NAME]`, by name.
    pub agents: BTreeMap<String, AgentSection>,
    sources: BTreeMap<String, Source>,
}

/// One setting as it is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its path: `limits.day_usd`.
    pub key: String,
    /// Its value, as TOML.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

impl Settings {
    /// Reads the settings: preset, file, environment, flags, each over the one before. Says all that is
    /// wrong, not only the first.
    pub fn load(options: &LoadOptions) -> Result<Self, SettingsError> {
        Self::of(&Layers::collect(options)?)
    }

    /// Reads the settings out of the layers.
    pub(crate) fn of(layers: &Layers) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(layers);
        let read = Self::read(&mut reader, layers);
        let problems = reader.problems;
        match read {
            Some(settings) if problems.is_empty() => {
                let problems = check::contradictions(&settings);
                if problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems }) }
            }
            _ => Err(SettingsError { problems }),
        }
    }

    fn read(reader: &mut Reader<'_>, layers: &Layers) -> Option<Self> {
        // Every section is read before any is missed, so that all problems are found.
        let limits = Limits::read(reader);
        let pace = PaceSettings::read(reader);
        let models = ModelMap::read(reader);
        let pressure = PressureSettings::read(reader);
        let saving = SavingSettings::read(reader);
        let prices = PricesSettings::read(reader);
        let time = TimeSettings::read(reader);
        let server = ServerSettings::read(reader);
        let data = DataSettings::read(reader);
        let log = LogSettings::read(reader);
        let plugins = PluginsSettings::read(reader);
        let upstream = UpstreamSettings::read(reader);
        let jobs = JobsSettings::read(reader);
        let people = PeopleSettings::read(reader);
        let retention = RetentionSettings::read(reader);
        let sandbox = SandboxSettings::read(reader);
        let simulator = SimulatorSettings::read(reader);
        let agents = read_agents(reader);
        Some(Self {
            preset: layers.preset,
            limits: limits?,
            pace: pace?,
            models: models?,
            pressure: pressure?,
            saving: saving?,
            prices: prices?,
            time: time?,
            server: server?,
            data: data?,
            log: log?,
            plugins: plugins?,
            upstream: upstream?,
            jobs: jobs?,
            people: people?,
            retention: retention?,
            sandbox: sandbox?,
            simulator: simulator?,
            agents,
            sources: layers.given.iter().map(|(path, given)| (path.clone(), given.source.clone())).collect(),
        })
    }

    /// Where a setting's value came from; none where there is no such setting.
    ///
    /// Shown as `preset max-200`, `anvil.toml`, `ANVIL_LIMITS_DAY_USD` or the flag.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.sources.get(key)
    }

    /// Where each limit came from, by the limit's name, in words.
    pub fn limit_sources(&self) -> BTreeMap<String, String> {
        let named =
            |name: &&str| Some(((*name).to_owned(), self.source(&format!("limits.{name}"))?.to_string()));
        LimitsPatch::NAMES.iter().filter_map(named).collect()
    }

    /// The models of `[models]` that have no price at `now`: no call to one could ever be made.
    pub fn unpriced_models(&self, prices: &PriceTable, now: Timestamp) -> Vec<SettingProblem> {
        let unpriced =
            self.models.models().into_iter().filter(|(_, model)| prices.row(model, None, now).is_err());
        let problems = unpriced.map(|(tier, model)| {
            let key = format!("models.{tier}");
            let known = prices.models();
            SettingProblem::WrongValue {
                from: self.source(&key).map(Source::precise).unwrap_or_default(),
                value: crate::value::quoted(model),
                expected: "the exact id of a model that has a price".to_owned(),
                more: Some(format!(
                    "{}priced are {}; for another, add a row to `prices.file`",
                    nearest_model(model, &known)
                        .map(|near| format!("did you mean `{near}`? "))
                        .unwrap_or_default(),
                    known.join(", ")
                )),
                key,
            }
        });
        problems.collect()
    }

    /// Every setting in force, in the order of the reference; those of agents at the end.
    pub fn entries(&self) -> Vec<Entry> {
        let sections = [
            self.limits.show(),
            self.pace.show(),
            self.models.show(),
            self.pressure.show(),
            self.saving.show(),
            self.prices.show(),
            self.time.show(),
            self.server.show(),
            self.data.show(),
            self.log.show(),
            self.plugins.show(),
            self.upstream.show(),
            self.jobs.show(),
            self.people.show(),
            self.retention.show(),
            self.sandbox.show(),
            self.simulator.show(),
        ];
        let shown = sections.into_iter().flatten().map(|(key, value, _)| (key.path(), value));
        shown
            .chain(self.agents.iter().flat_map(|(name, agent)| agent.show(name)))
            .filter_map(|(key, value)| {
                let source = self.source(&key)?.clone();
                Some(Entry { key, value, source })
            })
            .collect()
    }
}
