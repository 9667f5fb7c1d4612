//! Files for the gallery of crimes that no builder makes.

use anvil_sandbox::testing::GuestBuilder;
use std::fmt::Write as _;

/// Stands for a file of 200 MB, which is not held in memory.
pub(super) const HUGE: &[u8] = b"HUGE";
/// Stands for a symbolic link to a file outside of the folder.
pub(super) const LINK: &[u8] = b"LINK";

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

/// A plugin whose one function takes the compiler very long.
pub(super) fn compile_bomb() -> Vec<u8> {
    let mut body = String::new();
    for n in 0..60_000 {
        let _ = writeln!(
            body,
            "(local.set ${} (i64.add (i64.mul (local.get ${}) (local.get ${})) (i64.popcnt (local.get ${}))))",
            n % 900,
            (n * 7 + 3) % 900,
            (n * 13 + 5) % 900,
            (n * 31 + 11) % 900
        );
    }
    let locals = (0..900).fold(String::new(), |mut text, n| {
        let _ = write!(text, "(local ${n} i64)");
        text
    });
    let run = "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $bomb0) (call $done))";
    let bombs = (0..12).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "(func $bomb{n} {locals} {body})");
        text
    });
    GuestBuilder::new("compile-bomb", &format!("{run}\n{bombs}")).component()
}

/// A core module that is no program and exports something else than an agent's functions.
pub(super) fn library() -> Vec<u8> {
    wat::parse_str(r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#)
        .expect("a module")
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
