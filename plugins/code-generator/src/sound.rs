//! Whether a file can be what its name says, as far as that can be told without its language's own tools.

use crate::brackets;
use crate::files::File;
use serde_json::Value;

/// Why a file does not parse, as the end of a sentence; none where it does, or where nobody here can tell.
pub fn fault(file: &File) -> Option<String> {
    let ending =
        file.name.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending)?;
    match ending.to_ascii_lowercase().as_str() {
        "json" | "webmanifest" | "ipynb" if !may_have_comments(&file.name) => {
            serde_json::from_str::<Value>(&file.content).err().map(|error| error.to_string())
        }
        ending => brackets::fault(ending, &file.content),
    }
}

/// Settings of tools that read JSON with comments.
fn may_have_comments(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with('.')
        || name.contains("/.")
        || ["tsconfig", "jsconfig", "devcontainer"].iter().any(|tool| file.starts_with(tool))
}
