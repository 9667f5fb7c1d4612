//! anvil.toml and its reference: schema, defaults, presets.
//!
//! Every setting is written down once, in `schema.rs`: name, type, default, range and the sentence that
//! explains it. From there come the structs that the host reads, the errors, `anvil.example.toml` and
//! the reference page. Settings come in layers, each over the one before: the preset, the file, the
//! environment, flags; [`Settings::source`] tells which of them gave a value.
//!
//! A setting that nothing knows is an error that names the nearest one; so a misspelt limit never
//! leaves the host without it.

mod agents;
mod base_url;
mod bounded;
mod bundled;
mod check;
mod error;
#[cfg(test)]
mod fuzz;
mod hard;
mod key;
mod layers;
mod log;
mod nearest_model;
mod preset;
mod public_url;
mod reader;
mod reference;
mod schema;
mod secret;
mod settings;
mod source;
mod upstream;
mod value;

pub use agents::AgentSection;
pub use bounded::read_bounded;
pub use check::check_limits;
pub use error::{SettingProblem, SettingsError};
pub use hard::HardLimits;
pub use key::{DefaultValue, Key, Section};
pub use layers::LoadOptions;
pub use log::LogFormat;
pub use preset::Preset;
pub use public_url::PublicUrl;
pub use reference::{example_toml, reference_markdown};
pub use schema::{
    DataSettings, JobsSettings, LogSettings, PaceSettings, PeopleSettings, PluginsSettings, PressureSettings,
    PricesSettings, RetentionSettings, SECTIONS, SandboxSettings, SavingSettings, ServerSettings,
    SimulatorSettings, TimeSettings, UpstreamSettings,
};
pub use secret::Secret;
pub use settings::{Entry, Settings};
pub use source::Source;
pub use upstream::{Credential, UpstreamConfig};
