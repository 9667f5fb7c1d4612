//! `anvil completions`.

use crate::failure::{Exit, Failure};
use crate::show::print;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// As in `anvil completions bash > ~/.local/share/bash-completion/completions/anvil`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

impl CompletionsArgs {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "anvil", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
