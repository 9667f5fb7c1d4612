//! The samples in the documents are right: what is JSON or TOML can be read, what is a command is one, what is linked
//! to is there.

use anvil_settings::{LoadOptions, Settings};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A block of a document that stands between fences.
struct Block {
    language: String,
    text: String,
    /// Where it begins, for people.
    at: String,
}

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).expect("a crate stands in a folder of the repository").to_owned()
}

/// Every document of the repository, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)).to_vec();
    let mut left = vec![root().join("docs")];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of documents") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path);
            }
        }
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a document is text");
        (path, text)
    };
    found.into_iter().map(read).collect()
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (path, text) in documents() {
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), open.as_mut()) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    let at = format!("{}:{}", path.display(), number + 1);
                    open = Some(Block { language: language.trim().to_owned(), text: String::new(), at });
                }
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block does not end", path.display());
    }
    blocks
}

#[test]
fn samples_of_json_can_be_read() {
    let blocks: Vec<_> = blocks().into_iter().filter(|block| block.language == "json").collect();
    assert!(blocks.len() > 3, "the look finds what it looks for: {}", blocks.len());
    for block in blocks {
        // One value, or one on each line, as bulk submissions have it.
        let values = serde_json::Deserializer::from_str(&block.text).into_iter::<serde_json::Value>();
        for value in values {
            value.unwrap_or_else(|error| panic!("{}: {error}", block.at));
        }
    }
}

#[test]
fn samples_of_toml_can_be_read_and_have_settings_that_there_are() {
    let blocks: Vec<_> = blocks().into_iter().filter(|block| block.language == "toml").collect();
    assert!(blocks.len() > 2, "the look finds what it looks for: {}", blocks.len());
    let dir = tempfile::tempdir().expect("a folder");
    let mut settings = 0;
    for block in blocks {
        toml::from_str::<toml::Table>(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.at));
        // Cargo's own, and a table of prices.
        if ["[package]", "[[price]]"].iter().any(|other| block.text.contains(other)) {
            continue;
        }
        settings += 1;
        let file = dir.path().join("anvil.toml");
        std::fs::write(&file, &block.text).expect("written");
        let read = Settings::load(&LoadOptions { file: Some(file), ..LoadOptions::default() });
        read.unwrap_or_else(|error| panic!("{}: {error}", block.at));
    }
    assert!(settings > 0, "no sample of settings was found");
}

/// The commands that there are, as the reference has them, which a test of its own keeps true.
fn commands() -> BTreeSet<String> {
    let page = std::fs::read_to_string(root().join("docs/reference/cli.md")).expect("the reference");
    let heads = page.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    heads.map(str::to_owned).collect()
}

/// What a text says as commands: those in blocks of a shell, and those in code within a sentence.
fn said(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            said.extend(line.strip_prefix("$ ").map(str::to_owned));
        } else {
            said.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    said
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|char| char.is_ascii_lowercase() || char == '-')
}

#[test]
fn commands_that_documents_name_are_commands() {
    let commands = commands();
    let (mut looked, mut wrong) = (0, Vec::new());
    // What was so once stands in the changelog.
    for (path, text) in documents().into_iter().filter(|(path, _)| !path.ends_with("CHANGELOG.md")) {
        for command in said(&text) {
            let words = command.split_whitespace().skip_while(|word| word.contains('='));
            let words: Vec<_> = words.collect();
            let Some((program, rest)) = words.split_first() else { continue };
            if *program != "anvil" && !program.ends_with("/anvil") {
                continue;
            }
            let mut known = "anvil".to_owned();
            for word in rest {
                let has_more = commands.iter().any(|command| command.starts_with(&format!("{known} ")));
                let options = word.split('|').filter(|option| is_word(option));
                if !has_more || options.clone().next().is_none() {
                    break;
                }
                let missing = options.clone().find(|option| !commands.contains(&format!("{known} {option}")));
                wrong.extend(missing.map(|missing| format!("{}: `{known} {missing}`", path.display())));
                looked += 1;
                known = format!("{known} {}", options.clone().next().unwrap_or_default());
            }
        }
    }
    assert!(wrong.is_empty(), "no such commands:\n{}", wrong.join("\n"));
    assert!(looked > 30, "the look finds what it looks for: {looked}");
}

#[test]
fn targets_of_make_that_documents_name_are_there_and_help_lists_all() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let rule = |line: &str| {
        let (target, _) = line.split_once(':')?;
        is_word(target).then(|| (target.to_owned(), line.contains("## ")))
    };
    let targets: Vec<_> = makefile.lines().filter_map(rule).collect();
    for (target, explained) in &targets {
        assert!(explained, "`make help` says nothing of `{target}`: a sentence behind `##` in the Makefile");
    }
    let mut looked = 0;
    for (path, text) in documents() {
        for command in said(&text) {
            let words: Vec<_> = command.split_whitespace().skip_while(|word| word.contains('=')).collect();
            if let ["make", target, ..] = words[..] {
                looked += 1;
                let there = targets.iter().any(|(known, _)| known == target);
                assert!(there, "{}: there is no `make {target}`", path.display());
            }
        }
    }
    assert!(looked > 5, "the look finds what it looks for: {looked}");
}

#[test]
fn links_within_the_repository_lead_somewhere() {
    let mut looked = 0;
    for (path, text) in documents() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, _) = link.split_once('#').unwrap_or((link, ""));
            if file.is_empty() || file.contains("://") || file.contains(char::is_whitespace) {
                continue;
            }
            looked += 1;
            let target = path.parent().expect("a document is in a folder").join(file);
            assert!(target.exists(), "{}: {link} leads nowhere", path.display());
        }
    }
    assert!(looked > 20, "the look finds what it looks for: {looked}");
}

#[test]
fn tests_that_have_the_machine_to_themselves_are_there() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).expect("a file of text");
    let config: toml::Table = read(".config/nextest.toml").parse().expect("it is TOML");
    let overrides = config["profile"]["default"]["overrides"].as_array().expect("a list");
    let alone = overrides.iter().find(|one| one.get("threads-required").is_some()).expect("some are alone");
    let filter = alone["filter"].as_str().expect("a filter");
    let names = filter.split_once("^(").and_then(|(_, rest)| rest.split_once(")::")).expect("modules").0;
    assert!(names.contains('|'), "more than one is alone: {names}");
    for module in names.split('|') {
        let file = format!("tests/e2e/{}.rs", module.replace("::", "/"));
        assert!(root().join(&file).is_file(), "`{module}` of {filter} is no test: there is no {file}");
        // The runner for those who have no nextest leaves them out, and runs them after the others.
        assert_eq!(read("tests/run").matches(&format!("{module}::")).count(), 2, "{module} in tests/run");
    }
}
