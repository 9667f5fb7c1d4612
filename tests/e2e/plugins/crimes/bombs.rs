//! Compile bombs: files that are small and valid, and make the compiler take much more than their size says.
//!
//! A local that changes within a loop has a value of its own at that loop's beginning. So work and memory grow with locals times
//! loops, while the file grows with their sum.

use std::fmt::Write as _;

/// A function that takes the compiler minutes and little memory: as many locals as a function may have.
pub(super) fn long() -> String {
    loops(50_000, 1)
}

/// A function that takes the compiler gigabytes, in a file of 20 KB.
pub(super) fn large() -> String {
    loops(1_000, 1_000)
}

/// A function in which this many locals change within loops this deep.
fn loops(locals: usize, depth: usize) -> String {
    let mut text = format!("(func (local {})\n", "i32 ".repeat(locals));
    text.push_str(&"loop ".repeat(depth));
    for local in 0..locals {
        let _ = write!(text, "(local.set {local} (i32.add (local.get {local}) (i32.const 1)))");
    }
    for level in 0..depth {
        let _ = write!(text, " local.get {} br_if 0 end", level % locals);
    }
    text.push(')');
    text
}
