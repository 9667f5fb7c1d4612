//! The compiling child: what the host starts to compile a plugin, so that it can be killed.

use anvil_sandbox::{CompileTask, CompileWork};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What the child is told.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// What it reads.
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// Where what comes of it goes.
    #[arg(long = "out", value_name = "FILE")]
    output: PathBuf,
    /// The most memory, in bytes.
    #[arg(long, value_name = "BYTES")]
    memory: u64,
    /// The most time on processors, in seconds.
    #[arg(long, value_name = "SECONDS")]
    cpu: u64,
    /// What to do: plugin or schemas.
    #[arg(long, value_name = "NAME")]
    task: CompileTask,
}

/// Works within the bounds; says on standard error why it could not.
pub(crate) fn run(args: &CompileArgs) -> anyhow::Result<()> {
    let work = CompileWork {
        input: args.input.clone(),
        output: args.output.clone(),
        memory_bytes: args.memory,
        cpu: Duration::from_secs(args.cpu),
        task: args.task,
    };
    Ok(anvil_sandbox::compile_worker(&work)?)
}
