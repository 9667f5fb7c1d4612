//! The plugins that broken files are made of.

use crate::testing::{GUESTS, of_every_kind};
use anvil_fuzz::Original;

/// A real agent in Rust.
const RUST: &[u8] = include_bytes!("../../../../../tests/agents/every-function/released-0.1.0.wasm");

/// Those that are read in no time: components, libraries and programs of the tests. As many are made of the last two as
/// of the many components.
pub(super) fn small() -> Vec<Original> {
    let is_component = |name: &str| GUESTS.iter().any(|(guest, _)| *guest == name);
    let share = |name: &str| if is_component(name) { 2 } else { 20 };
    let original =
        |(name, bytes): (&str, Vec<u8>)| Original { name: name.to_owned(), bytes, share: share(name) };
    of_every_kind().into_iter().map(original).collect()
}

/// All of them: those of real toolchains are large, and taken the less the larger they are.
pub(super) fn all() -> Vec<Original> {
    let mut all = small();
    let mut add = |name: &str, bytes, share| all.push(Original { name: name.to_owned(), bytes, share });
    add("rust", RUST.to_vec(), 10);
    add("typescript", prebuilt("requirements-analyzer"), 1);
    add("go-program", prebuilt("documentation-generator"), 1);
    all
}

fn prebuilt(name: &str) -> Vec<u8> {
    let path = format!("{}/../../plugins/prebuilt/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
