//! Compiling in a child process that is killed past its bounds.

use crate::bench::{Bench, catalog_settings};
use anvil_sandbox::testing::GuestBuilder;
use anvil_sandbox::{
    Catalog, CatalogSettings, CompileCommand, CompileError, CompileWork, PluginFault, Rejection,
    compile_worker,
};
use anvil_types::AgentInfo;
use std::path::PathBuf;
use std::time::Duration;

/// What the child of the tests below does; run by hand it has nothing to do.
#[test]
fn the_child() {
    let variable = |name| std::env::var(name).ok();
    let (Some(input), Some(output), Some(memory)) = (variable("IN"), variable("OUT"), variable("MEMORY"))
    else {
        return;
    };
    let work = CompileWork {
        input: input.into(),
        output: output.into(),
        memory_bytes: memory.parse().unwrap(),
        cpu: Duration::from_secs(variable("CPU").unwrap().parse().unwrap()),
        task: variable("TASK").unwrap().parse().unwrap(),
    };
    if let Err(error) = compile_worker(&work) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

/// A child that runs `script` with `$CHILD` for this test binary and the files as variables.
fn child(script: &str) -> CompileCommand {
    let this = std::env::current_exe().unwrap();
    let set = r#"export IN="$2" OUT="$4" MEMORY="$6" CPU="$8" TASK="${10}" CHILD="$0 compiling::the_child --exact --nocapture""#;
    CompileCommand::Child {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), format!("{set}\n{script}").into(), this.into()],
    }
}

async fn check(compile: CompileCommand, time: Duration, memory: u64) -> Result<AgentInfo, Rejection> {
    let bench = Bench::with(&[]).await;
    let file = bench.folders.path().join("x.wasm");
    std::fs::write(&file, GuestBuilder::quiet("quiet").component()).unwrap();
    let other = tempfile::tempdir().unwrap();
    let settings = CatalogSettings {
        compile,
        compile_time: time,
        compile_memory_bytes: memory,
        ..catalog_settings(other.path())
    };
    let catalog = Catalog::start(bench.sandbox.clone(), settings).unwrap();
    let checked = catalog.check(&file).await;
    let left = std::fs::read_dir(other.path().join("data/compiled")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().path()).collect();
    let known = |file: &PathBuf| file.ends_with("key") || file.extension().is_some_and(|kind| kind == "code");
    assert!(left.iter().all(known), "{left:?}");
    checked
}

const MINUTE: Duration = Duration::from_mins(1);
const GIB: u64 = 1 << 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_child_compiles_what_this_process_runs() {
    assert_eq!(check(child("exec $CHILD"), MINUTE, GIB).await.unwrap().name, "quiet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_takes_too_long_is_ended() {
    let time = Duration::from_millis(300);
    let rejection = check(child("exec sleep 60"), time, GIB).await.unwrap_err();
    assert_eq!(rejection, Rejection::Compile(CompileError::Time(time)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_takes_too_much_memory_is_ended() {
    let rejection = check(child("exec $CHILD"), MINUTE, 3 << 20).await.unwrap_err();
    assert_eq!(rejection, Rejection::Compile(CompileError::Memory(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_could_not_work_says_nothing_of_the_file() {
    let rejection = check(child("echo 'no space left' >&2; exit 1"), MINUTE, GIB).await.unwrap_err();
    assert_eq!(rejection.to_string(), "could not be compiled: no space left");
    assert!(rejection.is_passing());
    let killed = check(child("kill -9 $$"), MINUTE, GIB).await.unwrap_err();
    assert!(
        killed.is_passing() && killed.to_string().contains("the compiler was ended by signal: 9"),
        "{killed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_which_the_stack_of_the_child_overflows_is_refused_for_good() {
    let script = "echo \"thread 'main' (7) has overflowed its stack\" >&2; kill -ABRT $$";
    let rejection = check(child(script), MINUTE, GIB).await.unwrap_err();
    assert_eq!(rejection.to_string(), "cannot be compiled: the compiler's stack is full of it");
    assert!(!rejection.is_passing() && rejection.fault() == Some(PluginFault::Compile), "{rejection:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_child_ends_when_its_input_does_even_while_it_computes() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // What it reads never comes: a pipe that nobody writes to.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    command
        .args(["compiling::the_child", "--exact", "--nocapture"])
        .envs([("IN", pipe.as_os_str()), ("OUT", folder.path().join("out").as_os_str())])
        .envs([("MEMORY", "1073741824"), ("CPU", "60"), ("TASK", "plugin")])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    drop(child.stdin.take());
    assert!(!tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_sees_nothing_of_the_hosts_environment() {
    let script = r#"[ -z "$CARGO_MANIFEST_DIR$HOME" ] || { echo leaked >&2; exit 1; }; exec $CHILD"#;
    assert!(std::env::var_os("HOME").is_some() || std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(check(child(script), MINUTE, GIB).await.is_ok());
}
