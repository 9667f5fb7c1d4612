//! The anvil binary: the host, and the command line that talks to it over the REST API.

mod answer;
mod cli;
mod client;
mod compile;
mod connect;
mod failure;
mod log;
mod memory;
mod serve;
mod show;
mod watch;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    memory::share_out();
    let cli = cli::Cli::parse();
    let code = match cli.run() {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    };
    log::flush();
    code
}
