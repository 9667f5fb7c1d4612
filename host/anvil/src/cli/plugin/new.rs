//! `anvil plugin new`.

use super::wit;
use crate::failure::Failure;
use crate::show::print;
use anyhow::Context as _;
use clap::Args;
use clap::builder::PossibleValuesParser;
use include_dir::{Dir, DirEntry, include_dir};
use std::path::{Path, PathBuf};

/// A project for each language, under its name.
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../plugins/templates");
/// What stands for the agent's name in them,
const NAME: &str = "my-agent";
/// and where a language takes no `-`.
const SNAKE_NAME: &str = "my_agent";
/// The longest name of an agent, by the contract.
const NAME_BYTES: usize = 64;

/// Words of Rust 2024 that name nothing else (<https://doc.rust-lang.org/reference/keywords.html>, strict and reserved).
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];
/// Crates that every crate has.
const OF_RUST: [&str; 5] = ["std", "core", "alloc", "test", "proc_macro"];
/// Folders of cargo's where a program would be.
const OF_CARGO: [&str; 4] = ["deps", "build", "examples", "incremental"];
/// Modules and tests of the projects here.
const OF_PROJECT: [&str; 3] = ["agent", "sdk", "wit"];

/// As in `anvil plugin new --lang rust summarizer`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The language.
    #[arg(long, value_parser = PossibleValuesParser::new(languages()))]
    lang: String,
    /// The agent's name: a-z, 0-9 and `-`, with a letter first. A folder of this name is made here.
    name: String,
}

impl NewArgs {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let folder = PathBuf::from(&self.name);
        begin(&self.lang, &self.name, &folder)?;
        print(&format!(
            "{} has an agent in {}; its README.md says how to build it",
            folder.display(),
            self.lang
        ))
    }
}

/// The languages that there is a project for.
fn languages() -> Vec<&'static str> {
    TEMPLATES.dirs().filter_map(|dir| dir.path().to_str()).collect()
}

/// Writes the project of a language into `folder`, which must not be there.
fn begin(language: &str, name: &str, folder: &Path) -> Result<(), Failure> {
    let fits = (1..=NAME_BYTES).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !fits {
        return Err(Failure::Usage(format!(
            "an agent's name has 1 to {NAME_BYTES} characters of a-z 0-9 -, with a letter first"
        )));
    }
    let template = TEMPLATES
        .get_dir(language)
        .ok_or_else(|| Failure::Usage(format!("there is no project for `{language}`")))?;
    if let Some(why) = template
        .get_file(template.path().join("Cargo.toml"))
        .and_then(|manifest| no_crate(&name.replace('-', "_"), manifest.contents_utf8().unwrap_or_default()))
    {
        return Err(Failure::Usage(format!(
            "`{name}` cannot be the name of a project in Rust: {why}; choose another, such as `{name}-agent`"
        )));
    }
    std::fs::create_dir(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Usage(format!("{} is there already", folder.display())),
        _ => Failure::Other(anyhow::anyhow!("{} cannot be made: {error}", folder.display())),
    })?;
    write(template, template.path(), name, folder)?;
    wit::write(&folder.join("wit")).map(drop)
}

/// Why a crate of this name does not build with this manifest and the sources beside it; none where it does.
fn no_crate(name: &str, manifest: &str) -> Option<&'static str> {
    let in_section = |line: &&str| !line.starts_with('[');
    let dependencies = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let mut dependencies = dependencies.take_while(in_section).filter_map(|line| line.split_once(" = "));
    if KEYWORDS.contains(&name) {
        Some("it is a word of the language")
    } else if OF_RUST.contains(&name) {
        Some("it is a crate of Rust's own")
    } else if OF_CARGO.contains(&name) {
        Some("cargo has a folder of this name beside what it builds")
    } else if OF_PROJECT.contains(&name) {
        Some("it is a part of the project")
    } else if dependencies.any(|(dependency, _)| dependency.replace('-', "_") == name) {
        Some("it is a crate that the project uses")
    } else {
        None
    }
}

fn write(dir: &Dir<'_>, root: &Path, name: &str, folder: &Path) -> Result<(), Failure> {
    for entry in dir.entries() {
        let path = entry.path().strip_prefix(root).context("a file of a template is outside of it")?;
        let target = folder.join(named(&path.to_string_lossy(), name));
        match entry {
            DirEntry::Dir(inner) => {
                std::fs::create_dir_all(&target)
                    .with_context(|| format!("{} cannot be made", target.display()))?;
                write(inner, root, name, folder)?;
            }
            DirEntry::File(file) => {
                let contents = match file.contents_utf8() {
                    Some(text) => named(text, name).into_bytes(),
                    None => file.contents().to_vec(),
                };
                std::fs::write(&target, contents)
                    .with_context(|| format!("{} cannot be written", target.display()))?;
            }
        }
    }
    Ok(())
}

fn named(text: &str, name: &str) -> String {
    text.replace(NAME, name).replace(SNAKE_NAME, &name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_project_is_written_under_its_agents_name() {
        let languages = languages();
        let mut sorted = languages.clone();
        sorted.sort_unstable();
        let expected =
            ["assemblyscript", "c", "go", "javascript", "python", "rust", "rust-lines", "typescript", "zig"];
        assert_eq!(sorted, expected);
        for language in languages {
            let parent = tempfile::tempdir().expect("a folder");
            let folder = parent.path().join("tea-taster");
            begin(language, "tea-taster", &folder).expect("it is written");
            let readme = std::fs::read_to_string(folder.join("README.md")).expect("it has one");
            assert!(readme.contains("anvil plugin check") && readme.contains("tea-taster"), "{language}");
            assert!(folder.join("wit/world.wit").is_file(), "{language}");
            let mut open = vec![folder.clone()];
            while let Some(dir) = open.pop() {
                for entry in std::fs::read_dir(&dir).expect("a folder").flatten() {
                    let path = entry.path();
                    let shown = path.strip_prefix(&folder).expect("inside").display().to_string();
                    assert!(!shown.contains(NAME) && !shown.contains(SNAKE_NAME), "{language}: {shown}");
                    if path.is_dir() {
                        open.push(path);
                    } else if let Ok(text) = std::fs::read_to_string(&path) {
                        assert!(!text.contains(NAME) && !text.contains(SNAKE_NAME), "{language}: {shown}");
                    }
                }
            }
            let again = begin(language, "tea-taster", &folder).expect_err("it is there").to_string();
            assert!(again.contains("is there already"), "{again}");
        }
    }

    #[test]
    fn a_name_with_which_a_rust_project_would_not_build_is_refused_with_the_reason() {
        let parent = tempfile::tempdir().expect("a folder");
        for (name, why) in [
            ("fn", "a word of the language"),
            ("self", "a word of the language"),
            ("test", "a crate of Rust's own"),
            ("proc-macro", "a crate of Rust's own"),
            ("serde-json", "a crate that the project uses"),
            ("serde", "a crate that the project uses"),
            ("build", "cargo has a folder"),
            ("agent", "a part of the project"),
        ] {
            for language in ["rust", "rust-lines"] {
                let refused = begin(language, name, &parent.path().join(name)).expect_err(name).to_string();
                assert!(refused.contains(why) && refused.contains(&format!("`{name}-agent`")), "{refused}");
                assert!(!parent.path().join(name).exists(), "{name}");
            }
        }
        begin("python", "test", &parent.path().join("test")).expect("another language has no such crate");
        for name in ["a--b", "selfie", "version"] {
            begin("rust-lines", name, &parent.path().join(name)).expect(name);
        }
    }

    #[test]
    fn a_name_that_no_host_takes_is_refused_before_anything_is_written() {
        let parent = tempfile::tempdir().expect("a folder");
        for name in ["", "Tea", "../tea", "-tea", "tea taster", &"t".repeat(65)] {
            assert!(begin("rust", name, &parent.path().join("x")).is_err(), "{name}");
            assert!(!parent.path().join("x").exists(), "{name}");
        }
    }
}
