//! How a block of code says which file it is.
//!
//! Models name a file on the fence, in the line above the block, or in the block's first comment.
//! On the fence, what looks at all like a path is taken for one, also a bad one: it is refused by
//! [`crate::names`] with a reason. The other two places hold prose more often than names, so there
//! only what certainly looks like a file counts.

use crate::language;
use crate::names::is_drive;

/// What a fence's info string says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The language's word, empty when there is none.
    pub language: String,
    /// The file's name, as it was given.
    pub name: Option<String>,
}

/// Keys of attributes that name a file, and those that do when their value looks like a path.
const NAME_KEYS: &[&str] = &["filename", "file", "path", "filepath", "file_path", "file-name", "file_name"];
const TITLE_KEYS: &[&str] = &["title", "name", "label"];

/// Words before a name: `File: a.rs`, `Create a.rs`.
const LEADS: &[&str] =
    &["filename", "file name", "file path", "filepath", "new file", "file", "path", "create", "save as"];

/// Names of things that only look like names of files.
const NOT_FILES: &[&str] = &[
    "Node.js",
    "Vue.js",
    "Next.js",
    "Nuxt.js",
    "React.js",
    "Express.js",
    "Three.js",
    "D3.js",
    "Chart.js",
    "ASP.NET",
];

/// Reads an info string: `html login.html`, `html:login.html`, `html title="login.html"`,
/// `src/main.rs`, `{.html filename=login.html}`.
pub fn of_info(info: &str) -> Info {
    let info = info.trim();
    let info = info.strip_prefix('{').map_or(info, |inner| inner.trim_end_matches('}').trim());
    let mut named = None;
    let mut words = Vec::new();
    for word in split(info) {
        match word.split_once('=') {
            Some((key, value)) => named = named.or_else(|| of_attribute(key, value)),
            None if word.starts_with('{') => {}
            None => words.push(word),
        }
    }
    let Some((&first, rest)) = words.split_first() else {
        return Info { language: String::new(), name: named };
    };
    let first = first.strip_prefix('.').filter(|word| language::is_known(word)).unwrap_or(first);
    if let Some((before, after)) = first.split_once(':').filter(|_| !is_drive(first))
        && is_word(before)
        && !after.is_empty()
    {
        let after = std::iter::once(after).chain(rest.iter().copied()).collect::<Vec<_>>();
        return Info {
            language: before.to_owned(),
            name: named.or_else(|| among(&after, Strictness::Loose)),
        };
    }
    let first = first.trim_end_matches([':', ',']);
    if !language::is_known(first) && looks_like_a_path(unquoted(first), Strictness::Loose) {
        let name = among(&words, Strictness::Loose);
        return Info { language: String::new(), name: named.or(name) };
    }
    Info { language: first.to_owned(), name: named.or_else(|| among(rest, Strictness::Loose)) }
}

/// Reads the line above a block: `**src/main.rs**`, `### 2. src/main.rs`, `` File: `src/main.rs` ``,
/// `src/main.rs (new):`.
pub fn of_line(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches("<!--").trim_end_matches("-->").replace("**", "");
    let line = without_marker(line.trim().trim_start_matches('#').trim_start());
    let line = line.strip_prefix("__").and_then(|l| l.strip_suffix("__")).unwrap_or(line);
    in_phrase(line.trim_matches(['*', ' ']))
}

/// Reads a block's first comment: `// src/main.rs`, `# file: x.py`, `<!-- index.html -->`. It may
/// stand below a `#!` line or `<?php`.
pub fn of_comment(lines: &[&str]) -> Option<String> {
    let mut lines = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let line = if first.starts_with("#!") || first == "<?php" { lines.next()? } else { first };
    let leaders = ["<!--", "/**", "/*", "///", "//!", "//", "##", "#", "--", ";;", ";", "%", "\"\"\"", "{#"];
    let text = leaders.iter().find_map(|leader| line.strip_prefix(leader))?;
    let ends = ["-->", "*/", "\"\"\"", "#}"];
    let text = ends.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    in_phrase(text.trim())
}

/// The name in a phrase that consists of a name, perhaps with a lead (`File:`) and a remark behind
/// it (`– the entry point`, `(new)`, `: …`).
pub fn in_phrase(phrase: &str) -> Option<String> {
    let (phrase, strictness) = match lead(phrase) {
        Some(rest) => (rest, Strictness::Loose),
        None => (phrase, Strictness::Strict),
    };
    let (name, rest) = if let Some(quoted) = phrase.strip_prefix('`') {
        quoted.split_once('`')?
    } else {
        phrase.split_at(phrase.find(char::is_whitespace).unwrap_or(phrase.len()))
    };
    let bare = name.trim_end_matches(':');
    let remark = rest.trim_start();
    let is_remark = remark.is_empty() || bare != name || remark.starts_with(['(', '-', '–', '—', ':', '[']);
    (is_remark && looks_like_a_path(bare, strictness)).then(|| bare.to_owned())
}

/// How much a text must look like a path to be taken for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// A slash or any ending will do.
    Loose,
    /// It has an ending that is known, or is known without one.
    Strict,
}

fn looks_like_a_path(text: &str, strictness: Strictness) -> bool {
    if text.contains("://") || NOT_FILES.contains(&text) {
        return false;
    }
    if text.starts_with("../") || text.starts_with("..\\") || is_drive(text) {
        return true;
    }
    let loose = strictness == Strictness::Loose;
    if loose && (text.contains(['/', '\\']) || text == "..") {
        return true;
    }
    if !loose && text.contains(|c: char| c.is_whitespace() || "=;,<>{}|\"'?*!".contains(c)) {
        return false;
    }
    let file = text.rsplit(['/', '\\']).next().unwrap_or(text);
    if language::is_bare_name(file) {
        return true;
    }
    match file.rsplit_once('.') {
        Some(("", ending)) => ending.starts_with(|c: char| c.is_ascii_alphabetic()),
        Some((_, ending)) if loose => is_ending(ending),
        Some((_, ending)) => language::is_known_ending(ending),
        None => false,
    }
}

fn is_ending(ending: &str) -> bool {
    (1..=16).contains(&ending.len())
        && ending.chars().all(char::is_alphanumeric)
        && ending.chars().any(char::is_alphabetic)
}

/// The name among the words of an info string behind the language. Words that belong to one name
/// with spaces stay together.
fn among(words: &[&str], strictness: Strictness) -> Option<String> {
    let words: Vec<&str> = words
        .iter()
        .map(|word| unquoted(word.trim_end_matches([':', ','])))
        .filter(|word| {
            !matches!(
                word.to_ascii_lowercase().as_str(),
                "-" | "–" | "—" | "//" | "#" | "|" | "file" | "filename" | "path"
            )
        })
        .collect();
    let paths: Vec<&str> = words.iter().copied().filter(|word| looks_like_a_path(word, strictness)).collect();
    match (paths.as_slice(), words.last()) {
        ([only], Some(last)) if only == last => Some(words.join(" ")),
        ([first, ..], _) => Some((*first).to_owned()),
        _ => None,
    }
}

fn of_attribute(key: &str, value: &str) -> Option<String> {
    let key = key.to_ascii_lowercase();
    let value = unquoted(value.trim_end_matches(','));
    let names = NAME_KEYS.contains(&key.as_str())
        || (TITLE_KEYS.contains(&key.as_str()) && looks_like_a_path(value, Strictness::Loose));
    names.then(|| value.to_owned())
}

/// Splits at white space that no quotation marks enclose.
fn split(info: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (at, c) in info.char_indices() {
        if quote == Some(c) {
            quote = None;
        } else if quote.is_none()
            && (c == '"' || (c == '\'' && opens(info, at)))
            && info[at + 1..].contains(c)
        {
            quote = Some(c);
        }
        if c.is_whitespace() && quote.is_none() {
            words.extend(start.take().map(|from| &info[from..at]));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|from| &info[from..]));
    words
}

/// Whether a quotation mark stands where a value begins, not in the middle of a word.
fn opens(info: &str, at: usize) -> bool {
    info[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '=')
}

fn unquoted(text: &str) -> &str {
    [("\"", "\""), ("'", "'"), ("(", ")"), ("[", "]"), ("`", "`"), ("<", ">")]
        .iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text)
}

/// A word that could name a language.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "+#_.-".contains(c))
}

/// Without the marker of a list: `- `, `* `, `3. `.
fn without_marker(line: &str) -> &str {
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = digits.strip_prefix(['.', ')']).filter(|_| digits.len() < line.len());
    let marked = line.strip_prefix(['-', '*', '+']);
    numbered.or(marked).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(line).trim_start()
}

/// What follows a lead such as `File:`.
fn lead(phrase: &str) -> Option<&str> {
    LEADS.iter().find_map(|lead| {
        let (head, rest) = phrase.split_at_checked(lead.len())?;
        let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix(' '))?;
        head.eq_ignore_ascii_case(lead).then(|| rest.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_names_its_file_in_many_ways() {
        for (info, language, name) in [
            ("html login.html", "html", Some("login.html")),
            ("html:login.html", "html", Some("login.html")),
            ("html: login.html", "html", Some("login.html")),
            ("html title=\"login.html\"", "html", Some("login.html")),
            ("html title=\"Login form\"", "html", None),
            ("html filename=src/a.rs", "html", Some("src/a.rs")),
            ("html file='my page.html' {1,3}", "html", Some("my page.html")),
            ("{.html filename=\"a.html\"}", "html", Some("a.html")),
            ("src/main.rs", "", Some("src/main.rs")),
            ("main.rs", "", Some("main.rs")),
            ("Dockerfile", "Dockerfile", None),
            ("dockerfile Dockerfile", "dockerfile", Some("Dockerfile")),
            ("html (login.html)", "html", Some("login.html")),
            ("html \"login.html\"", "html", Some("login.html")),
            ("html - login.html", "html", Some("login.html")),
            ("html // login.html", "html", Some("login.html")),
            ("html my page.html", "html", Some("my page.html")),
            ("html login.html (second version)", "html", Some("login.html")),
            ("python größe.py", "python", Some("größe.py")),
            ("vb.net Form.vb", "vb.net", Some("Form.vb")),
            ("c++ a.cpp", "c++", Some("a.cpp")),
            ("c:main.c", "c", Some("main.c")),
            ("rust ignore", "rust", None),
            ("js {1,3}", "js", None),
            ("js linenums=1", "js", None),
            ("", "", None),
            // Bad names are names all the same: they are refused later, with a reason.
            ("sh ../../.bashrc", "sh", Some("../../.bashrc")),
            ("text /etc/passwd", "text", Some("/etc/passwd")),
            ("text ..", "text", Some("..")),
            ("C:\\evil.bat", "", Some("C:\\evil.bat")),
            ("bat C:\\evil.bat", "bat", Some("C:\\evil.bat")),
            ("text a\\b.txt", "text", Some("a\\b.txt")),
            ("text filename=\"\"", "text", Some("")),
        ] {
            let expected = Info { language: language.to_owned(), name: name.map(str::to_owned) };
            assert_eq!(of_info(info), expected, "{info:?}");
        }
    }

    #[test]
    fn the_line_above_names_the_file_when_it_is_nothing_but_a_name() {
        for (line, name) in [
            ("**src/main.rs**", Some("src/main.rs")),
            ("**src/main.rs:**", Some("src/main.rs")),
            ("**`src/main.rs`**", Some("src/main.rs")),
            ("### src/main.rs", Some("src/main.rs")),
            ("## 2. `src/main.rs`", Some("src/main.rs")),
            ("1. **src/main.rs**", Some("src/main.rs")),
            ("- `src/main.rs`:", Some("src/main.rs")),
            ("`src/main.rs`", Some("src/main.rs")),
            ("`src/main.rs` – the entry point", Some("src/main.rs")),
            ("`my page.html`", None),
            ("File: src/main.rs", Some("src/main.rs")),
            ("File: `src/main.rs`", Some("src/main.rs")),
            ("**File:** `src/main.rs`", Some("src/main.rs")),
            ("Create `src/main.rs`:", Some("src/main.rs")),
            ("File: bin/run", Some("bin/run")),
            ("src/main.rs (new):", Some("src/main.rs")),
            ("src/main.rs: the entry point", Some("src/main.rs")),
            ("### __init__.py", Some("__init__.py")),
            ("### Dockerfile", Some("Dockerfile")),
            ("### app/[id]/(auth)/page.tsx", Some("app/[id]/(auth)/page.tsx")),
            ("### ../../etc/passwd", Some("../../etc/passwd")),
            ("Add this to `package.json`:", None),
            ("### Node.js", None),
            ("### `Array.map`", None),
            ("### Client/Server", None),
            ("### src/a.rs and src/b.rs", None),
            ("Then run it:", None),
            ("See https://example.org/a.html", None),
            ("", None),
        ] {
            assert_eq!(of_line(line).as_deref(), name, "{line:?}");
        }
    }

    #[test]
    fn a_first_comment_names_the_file() {
        for (lines, name) in [
            (&["// src/main.rs", "fn main() {}"][..], Some("src/main.rs")),
            (&["# file: x.py"], Some("x.py")),
            (&["", "<!-- index.html -->"], Some("index.html")),
            (&["/* style.css */"], Some("style.css")),
            (&["-- schema.sql"], Some("schema.sql")),
            (&["#!/usr/bin/env python3", "# run.py"], Some("run.py")),
            (&["<?php", "// index.php"], Some("index.php")),
            (&["// src/main.rs - the entry point"], Some("src/main.rs")),
            (&["# Prints a table"], None),
            (&["// Node.js"], None),
            (&["// https://example.org/a.js"], None),
            (&["fn main() {}"], None),
            (&[], None),
        ] {
            assert_eq!(of_comment(lines).as_deref(), name, "{lines:?}");
        }
    }
}
