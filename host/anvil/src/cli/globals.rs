//! What every command may be told.

use clap::Args;
use clap::builder::TypedValueParser as _;
use std::path::PathBuf;

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Globals {
    /// Where the host is; else `server.listen` of the settings, which is http://127.0.0.1:8787.
    #[arg(long, global = true, value_name = "URL", env = "ANVIL_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// The data folder. Its file `token` opens the host, unless ANVIL_TOKEN does.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The settings file; else anvil.toml, where there is one.
    // An empty variable is as none.
    #[arg(long, global = true, value_name = "FILE", env = "ANVIL_CONFIG", hide_env_values = true,
        value_parser = clap::builder::OsStringValueParser::new().map(PathBuf::from))]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON, as the API gives it.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}
