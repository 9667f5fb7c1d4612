//! Files for the gallery of crimes that no builder makes.

use anvil_sandbox::testing::GuestBuilder;
use std::process::{Command, Stdio};

/// Where a symbolic link leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leads {
    /// To a file outside of the folder, which everybody may read.
    Out,
    /// To what never ends.
    ToADevice,
    /// To the folder above.
    Up,
    /// To itself.
    ToItself,
}

/// What a crime's file is.
pub(crate) enum Source {
    Bytes(Vec<u8>),
    /// 200 MB, which are not held in memory.
    Huge,
    Link(Leads),
}

/// Bytes without meaning, always the same.
pub(super) fn random(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

/// A core module that is no program and exports something else than an agent's functions.
pub(super) fn library() -> Vec<u8> {
    wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#)
        .expect("a module")
}

/// What this host's own compiler makes of an agent: native code that wasmtime would run.
pub(super) fn compiled() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let [input, output] = ["in", "out"].map(|name| folder.path().join(name));
    std::fs::write(&input, GuestBuilder::quiet("quiet").component()).expect("a file");
    let mut compiler = Command::new(env!("CARGO_BIN_EXE_anvil"));
    compiler.arg("compile-plugin").arg("--in").arg(&input).arg("--out").arg(&output);
    compiler.args(["--memory", "1073741824", "--cpu", "60", "--task", "plugin"]);
    // It lives as long as its input does.
    let mut running = compiler.stdin(Stdio::piped()).spawn().expect("the compiler runs");
    let input = running.stdin.take();
    assert!(running.wait().expect("it ends").success(), "it compiles");
    drop(input);
    // Behind the word that says that this is code.
    std::fs::read(&output).expect("what it wrote").split_off(1)
}

/// An agent that asks Claude before anybody asks it anything.
pub(super) fn asks_at_its_start() -> Vec<u8> {
    let wat = "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))
      (func $begin (drop (call $ask)))
      (start $begin)";
    GuestBuilder::new("asks-in-its-start-function", wat).component()
}

/// A schema that is one level too deep.
pub(super) fn deep_schema() -> String {
    let depth = 80;
    format!("{}{{}}{}", r#"{"properties":{"a":"#.repeat(depth), "}}".repeat(depth))
}
