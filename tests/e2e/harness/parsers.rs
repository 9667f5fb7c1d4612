//! Whether a file is one of its language: asked of the language's own tools.

use super::browser::program;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The programs that [`parses`] needs.
pub(crate) const PARSERS: [&str; 3] = ["node", "python3", "cc"];

/// Why a file does not parse in the language that its name says; none where it does.
pub(crate) fn parse_fault(name: &str, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).expect("text");
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "rs" => syn::parse_file(text).err().map(|error| error.to_string()),
        "json" => serde_json::from_str::<serde_json::Value>(text).err().map(|error| error.to_string()),
        "toml" => text.parse::<toml::Table>().err().map(|error| error.to_string()),
        "js" | "mjs" => said_by("node", &["--check"], name, bytes),
        "py" => {
            said_by("python3", &["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())"], name, bytes)
        }
        "c" => said_by("cc", &["-fsyntax-only"], name, bytes),
        _ => panic!("there is no parser for {name}"),
    }
}

/// What a program says against a file.
fn said_by(name: &str, arguments: &[&str], file: &str, bytes: &[u8]) -> Option<String> {
    let folder = TempDir::with_prefix("anvil-parse-").expect("a temporary folder");
    let path = folder.path().join(Path::new(file).file_name().expect("a name"));
    std::fs::write(&path, bytes).expect("written");
    let mut command = Command::new(program(name).unwrap_or_else(|| panic!("there is no {name}")));
    let done = command.args(arguments).arg(&path).output().expect("it runs");
    (!done.status.success()).then(|| String::from_utf8_lossy(&done.stderr).into_owned())
}
