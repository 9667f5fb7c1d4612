//! The child process: started, waited for, and ended past its bounds.

use super::{Bounds, CompileError, CompileWork};
use std::ffi::OsString;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How much of a compiler's complaint is read.
const COMPLAINT_BYTES: u64 = 4 * 1024;

/// How a process says that memory was refused to it: Rust's allocator before it aborts, a mapping,
/// the stack of a thread.
const REFUSED_MEMORY: [&str; 3] =
    ["memory allocation of", "Cannot allocate memory", "Resource temporarily unavailable"];

/// How Rust's runtime says that a stack is full, before it ends the process.
const STACK: &str = "has overflowed its stack";

/// Returns when the child has written what came of it.
pub(super) async fn run(
    program: &Path,
    args: &[OsString],
    work: &CompileWork,
    bounds: Bounds,
) -> Result<(), CompileError> {
    let mut command = Command::new(program);
    command
        .args(args)
        .arg("--in")
        .arg(&work.input)
        .arg("--out")
        .arg(&work.output)
        .args(["--memory", &work.memory_bytes.to_string()])
        .args(["--cpu", &work.cpu.as_secs().max(1).to_string()])
        .args(["--task", work.task.name()]);
    // The child needs nothing of the host's environment, and must not have its API key.
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    go_with_the_host(&mut command);
    match tokio::time::timeout(bounds.time, watch(command, work)).await {
        Ok(ended) => ended,
        Err(_) => Err(CompileError::Time(bounds.time)),
    }
}

/// Has the system end the child with the host, from before its first instruction on: also a child that
/// stands still, and could not see for itself that the host is gone.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "one system call between fork and exec, which touches no memory of the host's"
)]
fn go_with_the_host(command: &mut Command) {
    let ask = || {
        use rustix::process::{Signal, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(std::io::Error::from)
    };
    // SAFETY: between fork and exec only what a signal handler may do is allowed: no allocation, no lock.
    // This is one `prctl`, and an error made of its number.
    unsafe {
        command.pre_exec(ask);
    }
}

#[cfg(not(target_os = "linux"))]
fn go_with_the_host(_: &mut Command) {}

async fn watch(mut command: Command, work: &CompileWork) -> Result<(), CompileError> {
    let failed = |error: std::io::Error| CompileError::Run(error.to_string());
    let mut child = command.spawn().map_err(failed)?;
    // The child lives as long as this end of its input.
    let _input = child.stdin.take();
    let mut complaint = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(COMPLAINT_BYTES).read_to_end(&mut complaint).await.map_err(failed)?;
    }
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&complaint).trim().to_owned();
    if REFUSED_MEMORY.iter().any(|words| complaint.contains(words)) {
        return Err(CompileError::Memory(work.memory_bytes / (1024 * 1024)));
    }
    // It would be so each time.
    if complaint.contains(STACK) {
        return Err(CompileError::Refused("the compiler's stack is full of it".to_owned()));
    }
    if is_out_of_cpu(status) {
        return Err(CompileError::Cpu(work.cpu));
    }
    if status.code().is_none() {
        let said = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
        return Err(CompileError::Run(format!("the compiler was ended by {status}{said}")));
    }
    Err(CompileError::Run(complaint))
}

/// Whether the limit on time on processors ended it.
fn is_out_of_cpu(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal() == Some(rustix::process::Signal::XCPU.as_raw())
    }
    #[cfg(not(unix))]
    {
        let _ = status;
        false
    }
}
