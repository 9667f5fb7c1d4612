//! The regular expressions of a schema.

use jsonschema::{PatternOptions, ValidationOptions};
use serde_json::json;

/// The largest compiled pattern, in bytes; and what a byte of text costs by its size, in steps.
const SIZES: [(usize, u64); 3] = [(2 * 1024, 2), (16 * 1024, 16), (MOST, 128)];
const MOST: usize = 128 * 1024;
/// The memory that a pattern may take for what it has seen of a text.
const CACHE: usize = 512 * 1024;

/// How schemas are compiled: with an engine that is linear in the text whatever the pattern is, with patterns
/// of at most this size, and without a look at any other file or address.
fn options(size: usize) -> ValidationOptions<'static> {
    let engine = PatternOptions::regex().size_limit(size).dfa_size_limit(CACHE);
    jsonschema::options().with_pattern_options(engine).offline()
}

/// The same with the largest patterns that there may be.
pub(super) fn largest() -> ValidationOptions<'static> {
    options(MOST)
}

/// What one byte of text costs, in steps; an error where the host does not use the pattern.
pub(super) fn steps(pattern: &str) -> Result<u64, String> {
    let schema = json!({ "pattern": pattern });
    let fits = |size| options(size).build(&schema).is_ok();
    SIZES.iter().find(|(size, _)| fits(*size)).map(|(_, steps)| *steps).ok_or_else(|| {
        let shown: String = pattern.chars().take(80).collect();
        format!(
            "its pattern `{}` is none that the host takes: no look-around, no reference back, at most {} KiB compiled",
            shown.escape_debug(),
            MOST / 1024
        )
    })
}
