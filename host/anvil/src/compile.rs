//! The compiling child: what the host starts to compile a plugin, so that it can be killed.

use clap::Args;
use std::path::PathBuf;

/// What the child is told.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// The component.
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// Where the compiled code goes.
    #[arg(long = "out", value_name = "FILE")]
    output: PathBuf,
    /// The most memory, in bytes.
    #[arg(long, value_name = "BYTES")]
    memory: u64,
}

/// Compiles, within the bound; says on standard error why not.
pub(crate) fn run(args: &CompileArgs) -> anyhow::Result<()> {
    Ok(anvil_sandbox::compile_worker(&args.input, &args.output, args.memory)?)
}
