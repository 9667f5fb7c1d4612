//! Files for the gallery of crimes that no builder makes.

use anvil_sandbox::testing::GuestBuilder;

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
