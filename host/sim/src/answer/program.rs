//! Files that are no web page: programs, tests, documentation.

use super::page::Page;
use super::topic::Topic;

/// A test file for `node --test`.
pub(super) fn js_test(topic: &Topic) -> String {
    let name = &topic.name;
    let field = if Page::of(topic) == Page::Login { "password" } else { "value" };
    format!(
        r#"import assert from "node:assert/strict";
import {{ test }} from "node:test";

// The rule under test; import it from the code once it is there.
const valid = ({{ {field} }}) => typeof {field} === "string" && {field}.trim().length >= 8;

test("{name}: accepts what is complete", () => {{
  assert.equal(valid({{ {field}: "long enough" }}), true);
}});

test("{name}: refuses what is empty, blank or short", () => {{
  for (const {field} of ["", "        ", "short"]) {{
    assert.equal(valid({{ {field} }}), false, `accepted ${{JSON.stringify({field})}}`);
  }}
}});

test("{name}: refuses what is no text", () => {{
  assert.equal(valid({{ {field}: null }}), false);
}});
"#
    )
}

/// A README.
pub(super) fn readme(topic: &Topic, all: &[String]) -> String {
    let others: Vec<String> = all
        .iter()
        .filter(|path| path.rsplit('.').next() != Some("md"))
        .map(|path| format!("- `{path}`"))
        .collect();
    let files =
        if others.is_empty() { String::new() } else { format!("## Files\n\n{}\n\n", others.join("\n")) };
    format!(
        "# {}\n\nA small {} without dependencies.\n\n## Use\n\nOpen it, fill in what it asks for, and follow the message \
         beside a field that is not right yet.\n\n{files}## How it works\n\nEvery input is checked before anything is \
         sent; nothing is kept that is not needed.\n\n## Limits\n\nIt is a first version: there is no server part, and \
         texts are in English only.\n",
        topic.title(),
        topic.name
    )
}

/// A program, or its tests, in a language.
pub(super) fn source(language: &str, tests: bool, topic: &Topic) -> String {
    let (name, slug) = (&topic.name, topic.slug());
    match (language, tests) {
        ("python", false) => format!(
            "\"\"\"{}.\"\"\"\n\nfrom dataclasses import dataclass, field\n\n\n@dataclass\nclass Store:\n    \"\"\"Keeps the \
             entries of the {name}, each once.\"\"\"\n\n    entries: list[str] = field(default_factory=list)\n\n    def \
             add(self, text: str) -> None:\n        text = text.strip()\n        if not text:\n            raise \
             ValueError(\"an entry needs a text\")\n        if text not in self.entries:\n            \
             self.entries.append(text)\n\n\ndef main() -> None:\n    store = Store()\n    store.add(\"first\")\n    \
             print(\"\\n\".join(store.entries))\n\n\nif __name__ == \"__main__\":\n    main()\n",
            topic.title()
        ),
        ("python", true) => format!(
            "import unittest\n\nfrom {slug} import Store\n\n\nclass StoreTest(unittest.TestCase):\n    def \
             test_keeps_each_entry_once(self):\n        store = Store()\n        store.add(\"a\")\n        \
             store.add(\" a \")\n        self.assertEqual(store.entries, [\"a\"])\n\n    def \
             test_refuses_blank_entries(self):\n        with self.assertRaises(ValueError):\n            \
             Store().add(\"  \")\n\n\nif __name__ == \"__main__\":\n    unittest.main()\n"
        ),
        ("rust", false) => format!(
            "//! {}.\n\n/// Keeps the entries of the {name}, each once.\n#[derive(Debug, Default)]\npub struct Store {{\n    \
             entries: Vec<String>,\n}}\n\nimpl Store {{\n    /// Adds an entry; false if it is blank or there already.\n    \
             pub fn add(&mut self, text: &str) -> bool {{\n        let text = text.trim();\n        let new = \
             !text.is_empty() && !self.entries.iter().any(|e| e == text);\n        if new {{\n            \
             self.entries.push(text.to_owned());\n        }}\n        new\n    }}\n}}\n",
            topic.title()
        ),
        ("rust", true) => format!(
            "use {slug}::Store;\n\n#[test]\nfn keeps_each_entry_once() {{\n    let mut store = Store::default();\n    \
             assert!(store.add(\"a\"));\n    assert!(!store.add(\" a \"));\n    assert!(!store.add(\"  \"));\n}}\n"
        ),
        ("toml", _) => format!("[package]\nname = \"{slug}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
        ("json", _) => {
            format!("{{\n  \"name\": \"{slug}\",\n  \"version\": \"0.1.0\",\n  \"private\": true\n}}\n")
        }
        ("go", _) => format!(
            "// Package main is a small {name}.\npackage main\n\nimport \"fmt\"\n\nfunc main() {{\n\tentries := \
             []string{{\"first\", \"second\"}}\n\tfor i, entry := range entries {{\n\t\tfmt.Printf(\"%d. %s\\n\", i+1, \
             entry)\n\t}}\n}}\n"
        ),
        ("ts" | "tsx", _) => format!(
            "/** Keeps the entries of the {name}, each once. */\nexport class Store {{\n  readonly entries: string[] = \
             [];\n\n  add(text: string): boolean {{\n    const clean = text.trim();\n    if (!clean || \
             this.entries.includes(clean)) return false;\n    this.entries.push(clean);\n    return true;\n  }}\n}}\n"
        ),
        ("bash", _) => format!(
            "#!/usr/bin/env bash\n# A small {name}.\nset -euo pipefail\n\nfor entry in \"$@\"; do\n  printf '%s\\n' \
             \"$entry\"\ndone\n"
        ),
        ("sql", _) => format!(
            "CREATE TABLE {slug} (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL UNIQUE,\n  created_at TEXT NOT \
             NULL\n) STRICT;\n"
        ),
        ("yaml", _) => format!("name: {slug}\nversion: 0.1.0\n"),
        _ => format!("{}\n\nA first version, made to be read and changed.\n", topic.title()),
    }
}
