//! Plugin files as nobody would build them: all that reads a file before it is compiled.
//!
//! They are read in a process of their own, which the system bounds as it bounds the compiling child: what takes more
//! memory ends it, and the file is named.

mod child;
mod originals;

use super::{Anatomy, Rejection, component};
use crate::PluginFault;
use anvil_fuzz::{Mutants, files};
use std::process::Command;
use wasmparser::{Validator, WasmFeatures};

/// Files that are read as a rule; `ANVIL_TEST_MUTATED_FILES` says another number.
const FILES: u64 = 15_000;
/// The longest sentence about a file, with its mark that there was more.
const SENTENCE: usize = 2_004;

/// What came of a file: the name of its fault, or that there is none.
pub(super) fn read(bytes: &[u8]) -> &'static str {
    // What `anvil plugin inspect` shows.
    if let Ok(anatomy) = Anatomy::of(bytes) {
        let _ = (anatomy.kind(), anatomy.contract());
        let names = anatomy.imports.len() + anatomy.exports.len() + anatomy.producers.len();
        assert!(names <= 3 * 200, "{names} names are told");
    }
    let fault = |rejection: Rejection| {
        let sentence = rejection.sentence();
        assert!(sentence.len() <= SENTENCE, "it is told in {} bytes", sentence.len());
        rejection.fault().unwrap_or_else(|| panic!("this is no fault of the file: {sentence}")).name()
    };
    match component(bytes) {
        // The bodies of functions are the compiler's to validate. The features are all that it has, and more.
        Ok(component) => match Validator::new_with_features(WasmFeatures::all()).validate_all(&component) {
            Ok(_) => "none",
            Err(_) => PluginFault::Compile.name(),
        },
        Err(rejection) => fault(rejection),
    }
}

#[test]
fn no_file_breaks_what_reads_it_before_it_is_compiled() {
    let count = files("ANVIL_TEST_MUTATED_FILES", FILES);
    let mut child = Command::new(std::env::current_exe().expect("a test is a program"));
    child.args(["component::fuzz::child::the_child", "--exact", "--nocapture"]);
    let diary = tempfile::NamedTempFile::new().expect("a file");
    child.env(child::COUNT, count.to_string()).env(child::DIARY, diary.path());
    let ended = child.output().expect("the child runs");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    print!("{said}");
    if !ended.status.success() {
        let mutants = Mutants::of(originals::all());
        let last = child::last(&std::fs::read(diary.path()).unwrap_or_default());
        let at: Vec<_> = last.into_iter().map(|number| mutants.nth(number).to_string()).collect();
        panic!("{} at {at:#?}\n{}", ended.status, String::from_utf8_lossy(&ended.stderr));
    }
    // It is no test of what is turned away at the door.
    let came_to = said.lines().filter_map(|line| line.trim().split_once(' ').map(|(name, _)| name));
    let came_to: Vec<_> = came_to.collect();
    for name in ["none", "damaged", "core-module", "unoffered-import", "missing-export", "cannot-compile"] {
        assert!(came_to.contains(&name), "no file came to `{name}`");
    }
}

/// Reads one file again, in this process: that of the number in `ANVIL_TEST_MUTATED_FILE`.
#[test]
fn a_file_that_broke_something_is_read_again() {
    let Ok(number) = std::env::var("ANVIL_TEST_MUTATED_FILE") else { return };
    let mutant = Mutants::of(originals::all()).nth(number.parse().expect("a number"));
    println!("{mutant}: {}", read(&mutant.bytes));
}

#[test]
fn a_fault_planted_in_what_reads_files_is_found() {
    // As if a section's count were believed: room for as many things is made before they are read.
    let mutants = Mutants::of(originals::small());
    let believed = |bytes: &[u8]| {
        let sections = wasmparser::Parser::new(0).parse_all(bytes).map_while(Result::ok);
        sections.filter_map(|section| section.as_section().map(|(_, range)| range)).any(|range| {
            // One that says that it is longer than the file has no count yet.
            let Some(section) = bytes.get(range) else { return false };
            let mut reader = wasmparser::BinaryReader::new(section, 0);
            reader.read_var_u32().is_ok_and(|count| u64::from(count) * 16 > child::MEMORY)
        })
    };
    let found = (0..5_000).map(|number| mutants.nth(number)).find(|mutant| believed(&mutant.bytes));
    println!("found by {}", found.expect("a file with a huge count"));
}
