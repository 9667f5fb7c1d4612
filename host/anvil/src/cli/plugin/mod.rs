//! `anvil plugin`: what an author needs, without a host.

mod check;
mod install;
mod new;
mod wit;

use super::Globals;
use crate::failure::{Exit, Failure};
use clap::Subcommand;
use std::path::PathBuf;

/// `anvil plugin …`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Begin an agent: a folder with a project that builds and tests as it is.
    New(new::NewArgs),
    /// Write the contract's files (WIT), which a plugin is built against.
    Wit {
        /// The folder that they are written into; it is made where there is none.
        dir: PathBuf,
    },
    /// Look at a plugin as a host does that finds it in its folder, and say what is wrong with it.
    Check {
        /// The plugin, a `.wasm` file.
        file: PathBuf,
    },
    /// Check a plugin, and put it into the plugins folder.
    Install {
        /// The plugin, a `.wasm` file.
        file: PathBuf,
    },
}

impl PluginCommand {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::New(args) => args.run()?,
            Self::Wit { dir } => wit::run(dir)?,
            Self::Check { file } => check::run(file, globals).await?,
            Self::Install { file } => install::run(file, globals).await?,
        }
        Ok(Exit::Done)
    }
}
