//! An answer's blocks become the files that a person would expect, and nothing else.

use code_generator::files::{Harvest, harvest};

/// The files as `(name, content)`.
fn files(harvest: &Harvest) -> Vec<(&str, &str)> {
    harvest.files.iter().map(|file| (file.name.as_str(), file.content.as_str())).collect()
}

/// The left-out names with a part of their reason.
fn assert_skipped(harvest: &Harvest, expected: &[(&str, &str)]) {
    let names: Vec<&str> = harvest.skipped.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (skipped, (_, part)) in harvest.skipped.iter().zip(expected) {
        assert!(skipped.reason.contains(part), "{skipped:?}");
    }
}

fn assert_files(answer: &str, expected: &[(&str, &str)]) {
    let harvest = harvest([answer]);
    assert_eq!(files(&harvest), expected, "in {answer:?}");
    assert_skipped(&harvest, &[]);
}

#[test]
fn several_files_come_in_their_order() {
    assert_files(
        "Here they are.\n\n```html login.html\n<form>\n</form>\n```\n\nAnd:\n\n```css:style.css\nform {}\n```\n```js title=\"app.js\"\nlet a = `x`;\n```\nDone.",
        &[("login.html", "<form>\n</form>\n"), ("style.css", "form {}\n"), ("app.js", "let a = `x`;\n")],
    );
}

#[test]
fn a_longer_fence_holds_shorter_ones() {
    let readme = "# Run\n\n```bash\nnpm i\n```\n\n```\ntree\n```\n";
    assert_files(&format!("````markdown README.md\n{readme}````\n"), &[("README.md", readme)]);
    assert_files(&format!("~~~markdown README.md\n{readme}~~~\n"), &[("README.md", readme)]);
    let deep = "````md\n```js app.js\nx\n```\n````\n";
    assert_files(&format!("`````markdown README.md\n{deep}`````"), &[("README.md", deep)]);
}

#[test]
fn an_inner_fence_with_a_language_opens_a_level_and_a_bare_one_closes_it() {
    let readme = "# Run\n\n```bash\nnpm i\n```\n\nThen:\n\n```js app.js\nrun()\n```\n\nEnd.\n";
    assert_files(
        &format!("```markdown README.md\n{readme}```\n\n```js app.js\nreal()\n```\n"),
        &[("README.md", readme), ("app.js", "real()\n")],
    );
}

#[test]
fn a_bare_fence_inside_a_readme_opens_a_block_where_the_rest_says_so() {
    let readme = "## Structure\n```\nsrc/\n  main.rs\n```\n## Run\n```bash\ncargo run\n```\n";
    assert_files(
        &format!("```markdown README.md\n{readme}```\n\n```rust src/main.rs\nfn main() {{}}\n```\n"),
        &[("README.md", readme), ("src/main.rs", "fn main() {}\n")],
    );
    // The same fences with a blank line behind the first: the file ends there.
    assert_files(
        "```markdown README.md\n# T\n```\n\nIt prints:\n\n```\nhello\n```\n",
        &[("README.md", "# T\n")],
    );
}

#[test]
fn of_the_same_name_twice_the_last_counts() {
    assert_files(
        "```js app.js\nold\n```\nBetter:\n```css a.css\n```\n```js ./app.js\nnew\n```\n",
        &[("app.js", "new\n"), ("a.css", "")],
    );
}

#[test]
fn a_truncated_block_is_no_file() {
    let harvest = harvest(["```html a.html\n<p>\n```\n\n```js app.js\nfunction half() {"]);
    assert_eq!(files(&harvest), [("a.html", "<p>\n")]);
    assert_skipped(&harvest, &[("app.js", "cut off")]);
}

#[test]
fn a_truncated_block_does_not_replace_a_complete_one() {
    let harvest = harvest(["```js app.js\nwhole\n```\nBetter:\n```js app.js\nhal"]);
    assert_eq!(files(&harvest), [("app.js", "whole\n")]);
    assert_skipped(&harvest, &[("app.js", "the earlier, complete one is kept")]);
}

#[test]
fn a_complete_block_replaces_a_truncated_one() {
    let harvest = harvest(["```js app.js\nhal", "```js app.js\nwhole\n```"]);
    assert_eq!(files(&harvest), [("app.js", "whole\n")]);
    assert_skipped(&harvest, &[]);
}

#[test]
fn a_block_that_is_never_closed_does_not_swallow_the_next_file() {
    let never = harvest(["```html a.html\n<p>\n\n```css b.css\np {}\n```\n"]);
    assert_eq!(files(&never), [("b.css", "p {}\n")]);
    assert_skipped(&never, &[("a.html", "never closed")]);
    let readme = harvest(["```markdown README.md\n# T\n\n```js app.js\nx\n```\n"]);
    assert_eq!(files(&readme), [("app.js", "x\n")]);
    assert_skipped(&readme, &[("README.md", "never closed")]);
}

#[test]
fn a_truncated_readme_gives_no_file_of_its_examples() {
    let harvest = harvest(["```markdown README.md\n# Run\n```bash\nnpm i\n```\nand th"]);
    assert_eq!(files(&harvest), []);
    assert_skipped(&harvest, &[("README.md", "cut off")]);
}

#[test]
fn a_name_that_leads_outside_is_left_out_and_never_mended() {
    let long = "a".repeat(300) + ".txt";
    for (name, shown, reason) in [
        ("../evil.sh", "../evil.sh", "`..`"),
        ("a/../../evil.sh", "a/../../evil.sh", "`..`"),
        ("/etc/passwd", "/etc/passwd", "absolute"),
        ("~/.bashrc", "~/.bashrc", "absolute"),
        ("C:\\evil.bat", "C:\\\\evil.bat", "absolute"),
        ("..\\evil.bat", "..\\\\evil.bat", "`..`"),
        ("src\\evil.bat", "src\\\\evil.bat", "backslash"),
        ("a//b.txt", "a//b.txt", "empty part"),
        ("a\u{7}.txt", "a\\u{7}.txt", "control"),
        ("filename=\"\"", "", "empty"),
        (&long, &(long[..100].to_owned() + "…"), "255"),
    ] {
        let answer = format!("```text {name}\nx\n```\n```text ok.txt\ny\n```\n");
        let harvest = harvest([answer.as_str()]);
        assert_eq!(files(&harvest), [("ok.txt", "y\n")], "{name:?}");
        assert_skipped(&harvest, &[(shown, reason)]);
    }
}

#[test]
fn the_name_may_stand_above_the_block_or_in_its_first_comment() {
    assert_files(
        "### `src/main.rs`\n\n```rust\nfn main() {}\n```\n\n**src/lib.rs**\n```rust\n//! Lib\n```\n",
        &[("src/main.rs", "fn main() {}\n"), ("src/lib.rs", "//! Lib\n")],
    );
    assert_files(
        "First:\n```rust\n// src/main.rs\nfn main() {}\n```\nthen\n```python\n#!/usr/bin/env python3\n# file: x.py\n```\n```html\n<!-- index.html -->\n<p>\n```\n",
        &[
            ("src/main.rs", "// src/main.rs\nfn main() {}\n"),
            ("x.py", "#!/usr/bin/env python3\n# file: x.py\n"),
            ("index.html", "<!-- index.html -->\n<p>\n"),
        ],
    );
    assert_files("### main.rs\n```rust\n// src/main.rs\n```", &[("src/main.rs", "// src/main.rs\n")]);
}

#[test]
fn commands_and_output_are_no_files() {
    assert_files(
        "```js app.js\nx\n```\n\n### package.json\n\n```bash\nnpm init\n```\nIt says:\n```console\n$ node app.js\n```\n```json\n{\"ok\": true}\n```\n```\nplain\n```\n",
        &[("app.js", "x\n")],
    );
}

#[test]
fn the_only_block_needs_no_name() {
    assert_files(
        "Run it with:\n```bash\npython main.py\n```\n```python\nprint(1)\n```",
        &[("main.py", "print(1)\n")],
    );
    assert_files("```html\n<p>\n```", &[("index.html", "<p>\n")]);
}

#[test]
fn an_unnamed_block_beside_others_is_left_out_with_a_reason() {
    let beside = harvest(["```js app.js\nx\n```\nUse it so:\n```js\nx()\n```"]);
    assert_eq!(files(&beside), [("app.js", "x\n")]);
    assert_skipped(&beside, &[("unnamed js block", "no file name")]);
    let two = harvest(["```js\na\n```\n```rust\nb\n```"]);
    assert_eq!(files(&two), []);
    assert_skipped(&two, &[("unnamed js block", "no file name"), ("unnamed rust block", "no file name")]);
}

#[test]
fn an_indented_block_loses_its_fence_s_indentation() {
    assert_files(
        "1. The page:\n\n   ```html a.html\n   <ul>\n     <li>\n\n  </ul>\n   ```\n\n2. The style:\n\n\t```css b.css\n\tp {\n\t\tx: y;\n\t}\n\t```\n",
        &[("a.html", "<ul>\n  <li>\n\n</ul>\n"), ("b.css", "p {\n\tx: y;\n}\n")],
    );
}

#[test]
fn a_fence_inside_a_line_or_deeper_in_the_code_is_content() {
    let python =
        "def f():\n    \"\"\"Example:\n\n    ```python\n    f()\n    ```\n    \"\"\"\n    return '```'\n";
    assert_files(&format!("```python a.py\n{python}```\n"), &[("a.py", python)]);
    assert_files(
        "```js a.js\nconst a = \"\\n```\\n\";\n``` b ``` c\n```\n",
        &[("a.js", "const a = \"\\n```\\n\";\n``` b ``` c\n")],
    );
    assert_files("Use ```code``` here.\n```not `a` fence\n\n```js a.js\nx\n```", &[("a.js", "x\n")]);
}

#[test]
fn line_ends_are_newlines_and_the_last_is_one() {
    assert_files("```js a.js\r\nx\r\n\r\ny\r\n\r\n\r\n```\r\n", &[("a.js", "x\n\ny\n")]);
    assert_files("```text empty.txt\n```\n", &[("empty.txt", "")]);
}

#[test]
fn an_answer_wrapped_in_a_markdown_block_is_unwrapped() {
    assert_files(
        "````markdown\n# Files\n\n```js app.js\nx\n```\n\n```css a.css\np {}\n```\n````\n",
        &[("app.js", "x\n"), ("a.css", "p {}\n")],
    );
    assert_files("```markdown\n### app.js\n```js\nx\n```\n```\n", &[("app.js", "x\n")]);
}

#[test]
fn names_may_be_in_any_script() {
    assert_files("```python größe/日本.py\nx = 1\n```", &[("größe/日本.py", "x = 1\n")]);
}
