//! The agent that leads the others with the five that it comes with, as `make run` has them: in Rust, TypeScript, Python
//! and Go. Upstream is scripted answer by answer; what they make of it is the delivered folder, byte for byte.

mod ends;
mod killed;
mod script;

pub(crate) use script::answers;

use crate::harness::{Setup, Upstream, prebuilt};
use std::collections::BTreeMap;

/// A call of a tree whose design is amended once, by the agent that makes it, in order.
pub(super) const CALLS: [(&str, usize); 6] = [
    ("requirements-analyzer", 3),
    ("design-architect", 5),
    ("design-architect", 5),
    ("code-generator", 2),
    ("test-automator", 2),
    ("documentation-generator", 3),
];

/// The files of a tree's folder, `TREE` standing for its name.
const FOLDER: [(&str, &str); 8] = [
    ("requirements.md", include_str!("folder/requirements.md")),
    ("design.md", include_str!("folder/design.md")),
    ("code/package.json", include_str!("folder/code/package.json")),
    ("code/src/login.js", include_str!("folder/code/src/login.js")),
    ("tests/login.test.mjs", include_str!("folder/tests/login.test.mjs")),
    ("docs/README.md", include_str!("folder/docs/README.md")),
    ("docs/use.md", include_str!("folder/docs/use.md")),
    ("docs/rules.md", include_str!("folder/docs/rules.md")),
];

/// The folder that follows from a tree's script, its design amended once.
pub(super) fn folder(tree: &str) -> BTreeMap<String, String> {
    FOLDER.iter().map(|(path, content)| ((*path).to_owned(), content.replace("TREE", tree))).collect()
}

/// One of its files.
pub(crate) fn file(tree: &str, path: &str) -> String {
    folder(tree).remove(path).unwrap_or_else(|| panic!("{path} is in the folder"))
}

/// A host with all six, as they come.
pub(crate) fn setup(upstream: &Upstream) -> Setup {
    const PREBUILT: [&str; 4] =
        ["requirements-analyzer", "design-architect", "test-automator", "documentation-generator"];
    let setup = Setup::new()
        .agent("feature-team")
        .agent("code-generator")
        .simulated_by(upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_SANDBOX_COMPILE_S", 300)
        .compiled_before();
    PREBUILT.iter().fold(setup, |setup, name| setup.plugin(&format!("{name}.wasm"), &prebuilt(name)))
}
