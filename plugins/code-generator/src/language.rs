//! Languages: what a fence says, what a file's ending says, and the media type that follows.

/// What unnamed text in a language most likely is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Part of a program or page: a file, when it has a name.
    Program,
    /// A file when it has a name; without one, most likely something to type or to look at.
    Snippet,
    /// Never a file of its own accord: what a terminal shows.
    Transcript,
}

/// One language: the words for it on a fence, the endings of its files (the usual one first), its
/// media type.
struct Language {
    words: &'static [&'static str],
    endings: &'static [&'static str],
    media_type: &'static str,
    kind: Kind,
}

const fn program(
    words: &'static [&'static str],
    endings: &'static [&'static str],
    media_type: &'static str,
) -> Language {
    Language { words, endings, media_type, kind: Kind::Program }
}

const fn snippet(
    words: &'static [&'static str],
    endings: &'static [&'static str],
    media_type: &'static str,
) -> Language {
    Language { words, endings, media_type, kind: Kind::Snippet }
}

const TEXT: &str = "text/plain";

#[rustfmt::skip]
const LANGUAGES: &[Language] = &[
    program(&["html", "html5", "xhtml"], &["html", "htm", "xhtml"], "text/html"),
    program(&["css"], &["css"], "text/css"),
    program(&["scss", "sass", "less"], &["scss", "sass", "less"], TEXT),
    program(&["javascript", "js", "node", "mjs", "cjs"], &["js", "mjs", "cjs"], "text/javascript"),
    program(&["jsx"], &["jsx"], "text/javascript"),
    program(&["typescript", "ts"], &["ts", "mts", "cts"], "text/x-typescript"),
    program(&["tsx"], &["tsx"], "text/x-typescript"),
    program(&["vue", "svelte", "astro"], &["vue", "svelte", "astro"], TEXT),
    program(&["rust", "rs"], &["rs"], "text/x-rust"),
    program(&["python", "py", "python3"], &["py", "pyi"], "text/x-python"),
    program(&["go", "golang"], &["go"], "text/x-go"),
    program(&["java"], &["java"], "text/x-java"),
    program(&["kotlin", "kt"], &["kt", "kts"], TEXT),
    program(&["scala"], &["scala", "sc"], TEXT),
    program(&["groovy", "gradle"], &["groovy", "gradle"], TEXT),
    program(&["swift"], &["swift"], TEXT),
    program(&["c", "h"], &["c", "h"], "text/x-c"),
    program(&["cpp", "c++", "cc", "cxx"], &["cpp", "cc", "cxx", "hpp", "hh", "hxx"], "text/x-c++"),
    program(&["csharp", "c#", "cs"], &["cs", "csx", "cshtml", "razor"], TEXT),
    program(&["fsharp", "f#", "fs"], &["fs", "fsx"], TEXT),
    program(&["vb", "vbnet", "vb.net"], &["vb"], TEXT),
    program(&["objective-c", "objc"], &["m", "mm"], TEXT),
    program(&["php"], &["php"], "text/x-php"),
    program(&["ruby", "rb"], &["rb", "erb", "gemspec", "rake"], "text/x-ruby"),
    program(&["perl", "pl"], &["pl", "pm"], TEXT),
    program(&["lua"], &["lua"], TEXT),
    program(&["r"], &["r"], TEXT),
    program(&["julia", "jl"], &["jl"], TEXT),
    program(&["dart"], &["dart"], TEXT),
    program(&["elixir", "ex"], &["ex", "exs", "eex", "heex"], TEXT),
    program(&["erlang", "erl"], &["erl", "hrl"], TEXT),
    program(&["haskell", "hs"], &["hs"], TEXT),
    program(&["ocaml", "ml"], &["ml", "mli"], TEXT),
    program(&["clojure", "clj"], &["clj", "cljs", "edn"], TEXT),
    program(&["lisp", "scheme", "racket", "elisp"], &["lisp", "scm", "rkt", "el"], TEXT),
    program(&["zig"], &["zig", "zon"], TEXT),
    program(&["nim"], &["nim"], TEXT),
    program(&["gleam"], &["gleam"], TEXT),
    program(&["solidity", "sol"], &["sol"], TEXT),
    program(&["assembly", "asm", "nasm"], &["asm", "s"], TEXT),
    program(&["wat", "wasm"], &["wat"], TEXT),
    program(&["wit"], &["wit"], TEXT),
    program(&["sql", "postgresql", "mysql", "sqlite"], &["sql"], "application/sql"),
    program(&["graphql", "gql"], &["graphql", "gql"], TEXT),
    program(&["protobuf", "proto"], &["proto"], TEXT),
    program(&["prisma"], &["prisma"], TEXT),
    program(&["terraform", "hcl", "tf"], &["tf", "hcl", "tfvars"], TEXT),
    program(&["nix"], &["nix"], TEXT),
    program(&["glsl", "wgsl", "hlsl"], &["glsl", "wgsl", "hlsl", "vert", "frag"], TEXT),
    program(&["handlebars", "jinja", "jinja2", "ejs", "pug"], &["hbs", "j2", "jinja", "ejs", "pug", "mustache"], TEXT),
    program(&["latex", "tex"], &["tex", "bib", "sty"], TEXT),
    program(&["cmake"], &["cmake"], TEXT),
    program(&["dockerfile", "docker"], &["dockerfile"], TEXT),
    program(&["makefile", "make"], &["mk"], TEXT),
    program(&["svg"], &["svg"], "image/svg+xml"),
    snippet(&["markdown", "md", "mdx"], &["md", "markdown", "mdx"], "text/markdown"),
    snippet(&["rst", "asciidoc", "adoc"], &["rst", "adoc"], TEXT),
    snippet(&["xml"], &["xml", "xsd", "xsl", "plist", "csproj", "fsproj", "props"], "application/xml"),
    snippet(&["json", "json5", "jsonc"], &["json", "json5", "jsonc", "webmanifest", "ipynb"], "application/json"),
    snippet(&["jsonl", "ndjson"], &["jsonl", "ndjson"], "application/x-ndjson"),
    snippet(&["yaml", "yml"], &["yaml", "yml"], "application/yaml"),
    snippet(&["toml"], &["toml", "lock"], "application/toml"),
    snippet(&["ini", "conf", "cfg", "properties", "nginx", "apache", "editorconfig"], &["ini", "conf", "cfg", "properties", "service", "timer"], TEXT),
    snippet(&["env", "dotenv"], &["env"], TEXT),
    snippet(&["csv"], &["csv", "tsv"], "text/csv"),
    snippet(&["diff", "patch"], &["diff", "patch"], TEXT),
    snippet(&["mermaid", "plantuml", "dot"], &["mmd", "puml", "dot"], TEXT),
    snippet(&["gitignore", "dockerignore"], &["gitignore", "dockerignore"], TEXT),
    snippet(&["bash", "sh", "shell", "zsh", "fish"], &["sh", "bash", "zsh", "fish"], "application/x-sh"),
    snippet(&["powershell", "ps1", "pwsh"], &["ps1", "psm1"], TEXT),
    snippet(&["bat", "cmd", "batch", "dos"], &["bat", "cmd"], TEXT),
    snippet(&["text", "txt", "plaintext", "plain", ""], &["txt", "text"], TEXT),
    Language { words: &["console", "terminal", "shell-session", "shellsession", "output", "log", "tree", "http"],
               endings: &["http", "log"], media_type: TEXT, kind: Kind::Transcript },
];

/// Names of files that need no ending.
const BARE: &[&str] = &[
    "Dockerfile",
    "Containerfile",
    "Makefile",
    "GNUmakefile",
    "Justfile",
    "Procfile",
    "Gemfile",
    "Rakefile",
    "Vagrantfile",
    "Jenkinsfile",
    "Caddyfile",
    "Brewfile",
    "Podfile",
    "Pipfile",
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "README",
    "CHANGELOG",
    "CODEOWNERS",
    "AUTHORS",
    "VERSION",
];

fn by_word(word: &str) -> Option<&'static Language> {
    let word = word.to_ascii_lowercase();
    LANGUAGES.iter().find(|language| language.words.contains(&word.as_str()))
}

fn by_name(name: &str) -> Option<&'static Language> {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    match file.rsplit_once('.') {
        Some((_, ending)) => LANGUAGES.iter().find(|language| language.endings.contains(&ending)),
        None => match &*file {
            "dockerfile" | "containerfile" => by_word("dockerfile"),
            "makefile" | "gnumakefile" => by_word("makefile"),
            _ => None,
        },
    }
}

/// What text in the language of this word on a fence is. A word that nobody knows is taken for a
/// programming language.
pub fn kind(word: &str) -> Kind {
    by_word(word).map_or(Kind::Program, |language| language.kind)
}

/// Whether a word on a fence names a language that is known.
pub fn is_known(word: &str) -> bool {
    by_word(word).is_some()
}

/// Whether two words on fences mean the same language.
pub fn same(one: &str, other: &str) -> bool {
    let usual = |word: &str| by_word(word).map(|language| language.words[0]);
    one.eq_ignore_ascii_case(other) || (usual(one).is_some() && usual(one) == usual(other))
}

/// Whether text in this language holds fenced blocks of its own: Markdown, by the fence's word or
/// by the file's name.
pub fn is_markdown(word: &str, name: Option<&str>) -> bool {
    let markdown = |language: Option<&Language>| language.is_some_and(|l| l.words[0] == "markdown");
    match name {
        Some(name) => markdown(by_name(name)),
        None => markdown(by_word(word)),
    }
}

/// The language of a file: the fence's word where it has one, else what the ending says.
pub fn of_file(word: &str, name: &str) -> String {
    if word.is_empty() {
        by_name(name).map_or("text", |language| language.words[0]).to_owned()
    } else {
        word.to_ascii_lowercase()
    }
}

/// Whether a fence's word fits a file's ending: `bash` fits `install.sh`, not `config.yaml`.
pub fn fits(word: &str, name: &str) -> bool {
    by_word(word).zip(by_name(name)).is_some_and(|(one, other)| one.words[0] == other.words[0])
}

/// The media type of a file, by its ending.
pub fn media_type(name: &str) -> &'static str {
    by_name(name).map_or(TEXT, |language| language.media_type)
}

/// The name for the only block of an answer, when nobody named it.
pub fn usual_name(word: &str) -> String {
    match by_word(word).map(|language| (language.words[0], language.endings[0])) {
        Some(("html", _)) => "index.html".to_owned(),
        Some(("css", _)) => "style.css".to_owned(),
        Some(("dockerfile", _)) => "Dockerfile".to_owned(),
        Some(("makefile", _)) => "Makefile".to_owned(),
        Some(("cmake", _)) => "CMakeLists.txt".to_owned(),
        Some((_, ending)) => format!("main.{ending}"),
        None => "main.txt".to_owned(),
    }
}

/// Whether an ending is one that files are known to have.
pub fn is_known_ending(ending: &str) -> bool {
    let ending = ending.to_ascii_lowercase();
    LANGUAGES.iter().any(|language| language.endings.contains(&ending.as_str()))
        || matches!(&*ending, "example" | "sample" | "template" | "tmpl" | "in" | "mod" | "sum" | "work")
}

/// Whether files are known by this name without an ending.
pub fn is_bare_name(name: &str) -> bool {
    BARE.iter().any(|bare| bare.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_follows_the_ending() {
        for (name, media) in [
            ("login.html", "text/html"),
            ("a/b.CSS", "text/css"),
            ("app.test.js", "text/javascript"),
            ("README.md", "text/markdown"),
            ("data.json", "application/json"),
            ("Dockerfile", TEXT),
            ("what.ever", TEXT),
        ] {
            assert_eq!(media_type(name), media, "{name}");
        }
    }

    #[test]
    fn no_word_belongs_to_two_languages() {
        let mut seen = std::collections::BTreeSet::new();
        for word in LANGUAGES.iter().flat_map(|language| language.words) {
            assert!(seen.insert(word), "{word}");
        }
    }
}
