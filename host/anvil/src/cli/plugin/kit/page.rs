//! The page of the faults, kept equal to their table.

use anvil_sandbox::PluginFault;
use std::fmt::Write as _;

/// Set it to write the page anew.
const WRITE: &str = "ANVIL_TEST_WRITE_DOCS";

fn page() -> String {
    let mut out = String::from(
        "# What `anvil plugin check` finds\n\n\
         <!-- Generated: `ANVIL_TEST_WRITE_DOCS=1 cargo test --workspace --bin anvil the_page_of_the_faults`. -->\n\n\
         `anvil plugin check FILE` looks at a plugin as a host does that finds it in its folder: what the file is, whether \
         it fits the contract, compiles, and says of itself what holds. Then it runs jobs, without a host and against \
         the simulator: the first example of each input schema, or a payload that is made of the schema; the same once \
         more with the same answers; one in which every answer of Claude's is an error; a payload that misses the \
         schema; and an action that there is not. What is wrong has a name that stays, so that scripts can go by it \
         (`--json`: `faults[].fault`). The exit is 0 where nothing is wrong and 1 where something is.\n\n\
         | name | the plugin | how to mend it |\n|---|---|---|\n",
    );
    for fault in PluginFault::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| `{fault}` | {} | {} |", fault.what(), fault.mend());
    }
    out
}

#[test]
fn the_page_of_the_faults_is_as_their_table_is() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plugin-faults.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there,
        page(),
        "docs/plugin-faults.md is stale: {WRITE}=1 cargo test --workspace --bin anvil the_page_of_the_faults"
    );
}
