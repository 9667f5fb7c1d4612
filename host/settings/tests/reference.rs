//! The example file and the reference page say what the code does.

use anvil_settings::{LoadOptions, SECTIONS, Settings, example_toml, reference_markdown};
use std::path::{Path, PathBuf};

fn docs(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path)
}

#[test]
fn the_documents_are_as_the_schema_makes_them() {
    for (path, made) in
        [("anvil.example.toml", example_toml()), ("reference/settings.md", reference_markdown())]
    {
        let there = std::fs::read_to_string(docs(path)).expect("the document");
        assert_eq!(there, made, "docs/{path} is stale: cargo run -p anvil-settings --example reference");
    }
}

/// The example with its settings uncommented; its prose stays a comment.
fn uncommented() -> String {
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let line = |line: &str| if is_setting(&line) { line[1..].to_owned() } else { line.to_owned() };
    example_toml().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_uncommented_changes_nothing_but_the_agent_that_it_names() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("anvil.toml");
    std::fs::write(&file, uncommented()).expect("written");
    let with =
        Settings::load(&LoadOptions { file: Some(file), ..LoadOptions::default() }).expect("good settings");
    let without = Settings::load(&LoadOptions::default()).expect("good settings");
    let values = |settings: &Settings| {
        let entries = settings.entries().into_iter().filter(|entry| !entry.key.starts_with("agents."));
        entries.map(|entry| (entry.key, entry.value)).collect::<Vec<_>>()
    };
    assert_eq!(values(&with), values(&without));
    let expected: usize = SECTIONS.iter().map(|section| section.keys.len()).sum();
    assert_eq!(values(&with).len(), expected);
    assert_eq!(with.agents["code-generator"].settings["language"], "python");
}

#[test]
fn every_setting_has_a_sentence_and_a_default_as_it_is_shown() {
    let settings = Settings::load(&LoadOptions::default()).expect("good settings");
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let sentence = key.sentence();
        assert!(sentence.ends_with('.') && sentence.len() > 10, "{}", key.path());
        let shown = settings.entries().into_iter().find(|entry| entry.key == key.path()).expect("an entry");
        assert_eq!(shown.value, key.default, "{}", key.path());
    }
}
