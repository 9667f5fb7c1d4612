//! The reference page of the command line, kept true.

use super::Cli;
use clap::{Command, CommandFactory as _};
use std::fmt::Write as _;

/// Set it to write the page anew.
const WRITE: &str = "ANVIL_TEST_WRITE_DOCS";

fn page() -> String {
    let mut out = String::from(
        "# Command line\n\n\
         <!-- Generated: `ANVIL_TEST_WRITE_DOCS=1 cargo test --workspace --bin anvil reference`. -->\n\n\
         `anvil serve` is the host; the other commands talk to a running one over its REST API. `--json` prints what the \
         API answers. Results go to standard output; progress, errors and hints (`next: …`) to standard error.\n",
    );
    section(&mut out, &Cli::command().disable_version_flag(true).term_width(100), "anvil");
    out
}

fn section(out: &mut String, command: &Command, name: &str) {
    // The globals are the same for all; they stand at the first command alone.
    let shown = command.clone().bin_name(name).disable_help_flag(true).mut_args(|arg| {
        let hide = name != "anvil" && arg.is_global_set();
        arg.hide(hide)
    });
    let help = shown.term_width(100).render_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(out, "\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim());
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        section(out, sub, &format!("{name} {}", sub.get_name()));
    }
}

#[test]
fn the_reference_page_is_as_the_command_line_is() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there,
        page(),
        "docs/reference/cli.md is stale: {WRITE}=1 cargo test --workspace --bin anvil reference"
    );
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}
