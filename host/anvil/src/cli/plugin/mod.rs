//! `anvil plugin`: what an author needs, without a host.

mod check;
mod fixture;
mod inspect;
mod install;
mod kit;
mod new;
mod run;
mod stage;
mod test;
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
    /// Look at a plugin as a host does that finds it in its folder, and then as its jobs would, and say what is wrong
    /// with it, each fault by its name, and how to mend it. Ends with 0 where nothing is, else with 1.
    Check {
        /// The plugin, a `.wasm` file.
        file: PathBuf,
    },
    /// Show what a plugin is made of: kind, contract, imports, tools, sizes, memory. Nothing of it runs but `describe`.
    Inspect {
        /// The plugin, a `.wasm` file.
        file: PathBuf,
    },
    /// Run a plugin here, against the simulator, and see all that it does.
    Run(Box<run::RunArgs>),
    /// Run finished jobs once more on a plugin, from their journals, and say what differs.
    Test(test::TestArgs),
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
            Self::Check { file } => return Box::pin(check::run(file, globals)).await,
            Self::Run(args) => return args.run(globals).await,
            Self::Inspect { file } => return inspect::run(file, globals).await,
            Self::Test(args) => return args.run(globals).await,
            Self::Install { file } => install::run(file, globals).await?,
        }
        Ok(Exit::Done)
    }
}
