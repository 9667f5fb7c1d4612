//! Answers as files: fenced code blocks, each with its language and path in the info string.

use super::form::Kind;
use super::topic::Topic;
use super::{page, program, script_js};

/// Endings that are taken for files, with the language of their fence.
const LANGUAGES: &[(&str, &str)] = &[
    ("html", "html"),
    ("css", "css"),
    ("js", "js"),
    ("mjs", "js"),
    ("ts", "ts"),
    ("tsx", "tsx"),
    ("jsx", "jsx"),
    ("py", "python"),
    ("rs", "rust"),
    ("go", "go"),
    ("java", "java"),
    ("rb", "ruby"),
    ("sh", "bash"),
    ("md", "markdown"),
    ("json", "json"),
    ("toml", "toml"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("sql", "sql"),
    ("c", "c"),
    ("txt", "text"),
];

/// How a path is fenced: its language.
fn language(path: &str) -> Option<&'static str> {
    let ending = path.rsplit_once('.')?.1;
    LANGUAGES.iter().find(|(e, _)| *e == ending).map(|(_, language)| *language)
}

pub(super) fn files(kind: Kind, user: &str, topic: &Topic) -> String {
    let named = named_files(user);
    let paths = if named.is_empty() { default_files(kind, user, topic) } else { named };
    let blocks: Vec<String> = paths
        .iter()
        .map(|path| {
            let content = content(path, &paths, topic);
            let fence = if content.contains("```") { "````" } else { "```" };
            let language = language(path).unwrap_or("text");
            format!("{fence}{language} {path}\n{}\n{fence}\n", content.trim_end())
        })
        .collect();
    let open = match (kind, blocks.len()) {
        (Kind::Tests, _) => format!("Here are tests for the {}.", topic.name),
        (Kind::Docs, _) => format!("Here is the documentation of the {}.", topic.name),
        (Kind::Code, 1) => format!("Here is the {}.", topic.name),
        (Kind::Code, n) => format!("Here is the {} in {n} files.", topic.name),
    };
    let close = match kind {
        Kind::Code if paths.iter().any(|p| language(p) == Some("html")) => {
            "\nOpen the HTML file in a browser to try it.\n"
        }
        _ => "",
    };
    format!("{open}\n\n{}{close}", blocks.join("\n"))
}

/// The relative paths that a text names, in order, each once, at most eight.
fn named_files(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || "`\"'()[]{}<>,;:*|".contains(c)) {
        let path = word.trim_matches(|c: char| c == '.' || c == '?' || c == '!');
        let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or("");
        let relative = !path.starts_with('/') && !path.contains("..") && !path.contains("//");
        let real = plain && relative && !stem.is_empty() && language(path).is_some() && !is_name(path);
        if real && found.len() < 8 && !found.iter().any(|f| f == path) {
            found.push(path.to_owned());
        }
    }
    found
}

/// Names of things that look like files.
fn is_name(path: &str) -> bool {
    ["node.js", "vue.js", "next.js", "express.js", "d3.js", "three.js"]
        .contains(&path.to_ascii_lowercase().as_str())
}

fn default_files(kind: Kind, user: &str, topic: &Topic) -> Vec<String> {
    let lower = user.to_lowercase();
    let wants = |word: &str| lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == word);
    let slug = topic.slug();
    let one = |list: &[&str]| list.iter().map(|s| s.replace('@', &slug)).collect();
    match kind {
        Kind::Docs => one(&["README.md"]),
        Kind::Tests if wants("python") => one(&["test_@.py"]),
        Kind::Tests if wants("rust") => one(&["tests/@.rs"]),
        Kind::Tests => one(&["@.test.js"]),
        Kind::Code if wants("python") => one(&["@.py", "test_@.py"]),
        Kind::Code if wants("rust") => one(&["src/lib.rs", "Cargo.toml"]),
        Kind::Code if wants("go") || wants("golang") => one(&["@.go"]),
        Kind::Code if wants("typescript") => one(&["@.ts"]),
        Kind::Code if wants("bash") || wants("shell") => one(&["@.sh"]),
        Kind::Code => one(&["index.html", "styles.css", "app.js"]),
    }
}

fn content(path: &str, all: &[String], topic: &Topic) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let tests = name.contains("test");
    match language(path).unwrap_or("text") {
        "html" => {
            page::html(topic, sibling(path, all, ".css").as_deref(), sibling(path, all, "js").as_deref())
        }
        "css" => page::CSS.to_owned(),
        "js" | "jsx" if tests => program::js_test(topic),
        "js" | "jsx" => script_js::app(topic),
        "markdown" => program::readme(topic, all),
        other => program::source(other, tests || path.starts_with("tests/"), topic),
    }
}

/// The first of the files with that ending, as the page at `path` links to it.
fn sibling(path: &str, all: &[String], ending: &str) -> Option<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    all.iter().find(|f| f.ends_with(ending) && !f.contains("test")).map(|file| {
        let inside =
            file.strip_prefix(folder).filter(|_| !folder.is_empty()).and_then(|f| f.strip_prefix('/'));
        inside.map_or_else(|| "../".repeat(path.matches('/').count()) + file, str::to_owned)
    })
}
