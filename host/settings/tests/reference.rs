//! The example file and the reference page say what the code does.

use anvil_settings::{Key, LoadOptions, SECTIONS, Settings, example_toml, reference_markdown};
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

/// The texts between quotes in a program, without its comments.
fn literals(program: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), program);
    while let Some(place) = rest.find(['"', '/', '\'']) {
        let from = &rest[place..];
        rest = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(after) = ["'\"'", "'\\\"'"].iter().find_map(|quote| from.strip_prefix(quote)) {
            after
        } else if let Some(inside) = from.strip_prefix('"') {
            let raw = rest[..place].ends_with("r#");
            let mut escaped = false;
            let end = if raw {
                inside.find("\"#")
            } else {
                inside.find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                })
            };
            let end = end.unwrap_or(inside.len());
            found.push(inside[..end].to_owned());
            inside.get(end + 1..).unwrap_or_default()
        } else {
            &from[1..]
        };
    }
    found
}

/// What a text names as `section.key`, in quotes or brackets.
fn named(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.' || c.is_ascii_digit();
    let words = text.split(|c: char| !is_word(c)).filter(|word| word.matches('.').count() == 1);
    let of_a_section = |word: &&str| {
        let (section, key) = word.split_once('.').unwrap_or_default();
        !key.is_empty() && SECTIONS.iter().any(|known| known.name == section)
    };
    let stands_out = |word: &&str| {
        let place = word.as_ptr().addr() - text.as_ptr().addr();
        let (before, after) = (&text[..place], &text[place + word.len()..]);
        before.ends_with(['`', '(']) && after.starts_with(['`', ')', ','])
    };
    words.filter(of_a_section).filter(stands_out).collect()
}

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn what_people_are_told_names_settings_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    programs(&root.join("web/src"), &mut files);
    for room in std::fs::read_dir(root.join("host")).expect("the rooms") {
        let source = room.expect("a room").path().join("src");
        if source.is_dir() {
            programs(&source, &mut files);
        }
    }
    let known: Vec<String> = SECTIONS.iter().flat_map(|section| section.keys).map(Key::path).collect();
    let (mut names, mut wrong) = (0, Vec::new());
    for file in files {
        let program = std::fs::read_to_string(&file).expect("a program");
        // What tests say nobody is told.
        let shipped = program.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        // A statement of SQL names columns.
        for text in literals(shipped).into_iter().filter(|text| !text.contains("SELECT ")) {
            for name in named(&text) {
                names += 1;
                if !known.iter().any(|known| known == name) {
                    wrong.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0], "no such settings");
    assert!(names > 10, "the look finds what it looks for: {names}");
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
    assert_eq!(with.agents["code-generator"].settings["house_rules"], "Python 3.13, with type hints.");
}

#[test]
fn every_setting_has_a_sentence_and_a_default_as_it_is_shown() {
    let settings = Settings::load(&LoadOptions::default()).expect("good settings");
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let sentence = key.sentence();
        assert!(sentence.ends_with('.') && sentence.len() > 10, "{}", key.path());
        let shown = settings.entries().into_iter().find(|entry| entry.key == key.path()).expect("an entry");
        assert_eq!(shown.value, key.default(), "{}", key.path());
    }
}
