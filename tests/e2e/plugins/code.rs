//! The files that `code-generator` hands over: each parses in its language, whatever became of the answer.

use crate::harness::{Host, PARSERS, Setup, Upstream, parse_fault, program, skip};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// A file in each of some languages, with what could be taken for the end of it.
const FILES: [(&str, &str, &str); 6] = [
    (
        "rust",
        "src/lib.rs",
        "//! Counts.\n\n/// ```\n/// assert_eq!(lib::count(\"a b\"), 2);\n/// ```\npub fn count<'a>(text: &'a str) -> usize {\n    text.split(' ').filter(|word| *word != \"{\").count()\n}\n",
    ),
    (
        "js",
        "src/count.mjs",
        "const FENCE = '```';\nexport const count = (text) => `${text} ${FENCE}`.split(/[ \\n{]/).length;\n\nexport default count;\n",
    ),
    (
        "python",
        "count.py",
        "\"\"\"Counts (.\n\n    ```\n    count('a b')\n    ```\n\"\"\"\n\n\ndef count(text: str) -> int:\n    return len([word for word in text.split() if word != '('])\n",
    ),
    (
        "c",
        "count.c",
        "#include <stddef.h>\n\n/* Words of a text, { not counted. */\nsize_t count(const char *text)\n{\n    size_t words = 0;\n    for (; *text != '\\0'; text++) {\n        words += *text == ' ';\n    }\n    return words + 1;\n}\n",
    ),
    ("json", "package.json", "{\n  \"name\": \"count\",\n  \"type\": \"module\"\n}\n"),
    ("toml", "Cargo.toml", "[package]\nname = \"count\"\nversion = \"0.1.0\"\n\n[lints]\nworkspace = true\n"),
];

fn block((language, path, content): (&str, &str, &str)) -> String {
    format!("```{language} {path}\n{content}```\n")
}

fn whole() -> String {
    FILES.map(block).join("\nAnd:\n\n")
}

/// A host with the agent, and what its files were found to be.
struct Coding {
    host: Host,
    upstream: Upstream,
    /// Files that parse: each is looked at once.
    parsed: BTreeSet<(String, Vec<u8>)>,
}

impl Coding {
    /// None where a parser is missing: the test is skipped then.
    async fn start(test: &str) -> Option<Self> {
        if let Some(missing) = PARSERS.iter().find(|parser| program(parser).is_none()) {
            skip(test, &format!("there is no {missing}"));
            return None;
        }
        let upstream = Upstream::start().await;
        let setup = Setup::new().agent("code-generator").simulated_by(&upstream);
        let host = setup.set("ANVIL_PRESET", "unlimited-dev").start().await;
        Some(Self { host, upstream, parsed: BTreeSet::new() })
    }

    /// A job whose code is answered with these, one after the other: how it ended, and its files, which all parse.
    async fn generate(&mut self, answers: &[Value]) -> (Value, BTreeMap<String, Vec<u8>>) {
        let plan: Vec<_> = FILES.iter().map(|(_, path, _)| format!("1. `{path}` – counts\n")).collect();
        let plan = plan.concat();
        let script = json!({"matches": [
            {"contains": "Make a short numbered plan", "items": [{"text": plan}], "repeat": true},
            {"contains": "Write the full content of each file.", "items": answers},
        ]});
        self.upstream.script(&script).await;
        let id = self
            .host
            .rest()
            .submit("code-generator", "generate", json!({"requirements": "Count words."}))
            .await;
        let job = self.host.rest().succeeded(&id, PATIENCE).await;
        let files = self.host.rest().artifacts(&id).await;
        for (name, bytes) in &files {
            if self.parsed.insert((name.clone(), bytes.clone()))
                && let Some(fault) = parse_fault(name, bytes)
            {
                panic!("{name} does not parse: {fault}\n{}", String::from_utf8_lossy(bytes));
            }
        }
        (job, files)
    }
}

fn scripted() -> BTreeMap<String, Vec<u8>> {
    FILES.map(|(_, path, content)| (path.to_owned(), content.as_bytes().to_vec())).into()
}

#[tokio::test]
async fn wherever_an_answer_is_cut_its_files_are_as_if_it_had_not_been() {
    let Some(mut coding) =
        Coding::start("wherever_an_answer_is_cut_its_files_are_as_if_it_had_not_been").await
    else {
        return;
    };
    let whole = whole();
    let (job, files) = coding.generate(&[json!({"text": whole})]).await;
    assert_eq!(files, scripted(), "{job:#}");
    // In the middle of each file, and of each fence.
    let begins =
        FILES.iter().map(|(_, path, content)| (whole.find(path).expect("it is there"), content.len()));
    for (begin, length) in begins.collect::<Vec<_>>() {
        for cut in [begin + 3, begin + length / 2, begin + length + 10] {
            let parts =
                [json!({"text": &whole[..cut], "stop_reason": "max_tokens"}), json!({"text": &whole[cut..]})];
            let (job, files) = coding.generate(&parts).await;
            assert_eq!(files, scripted(), "cut at {cut}: {job:#}");
            assert_eq!(job["result"]["skipped"], json!([]));
        }
    }
}

#[tokio::test]
async fn what_stays_cut_or_broken_is_left_out_by_name() {
    let Some(mut coding) = Coding::start("what_stays_cut_or_broken_is_left_out_by_name").await else {
        return;
    };
    let whole = whole();
    let skipped = |job: &Value| -> Vec<String> {
        let skipped = job["result"]["skipped"].as_array().expect("a list").iter();
        skipped.map(|file| file["name"].as_str().expect("a name").to_owned()).collect()
    };
    // Cut for good within the third file: the two before it are whole.
    let cut = whole.find("def count").expect("it is there");
    let cut = json!({"text": &whole[..cut], "stop_reason": "max_tokens"});
    let nothing = json!({"text": "", "stop_reason": "max_tokens", "repeat": 99});
    let (job, files) = coding.generate(&[cut, nothing]).await;
    assert_eq!(files.into_keys().collect::<Vec<_>>(), ["src/count.mjs", "src/lib.rs"], "{job:#}");
    assert_eq!(skipped(&job), ["count.py", "count.c", "package.json", "Cargo.toml"], "{job:#}");

    // Each file lacks its end, though its block has one: asked for once more, all but one are whole.
    let half = |(language, path, content): (&'static str, &'static str, &'static str)| {
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        let kept: String = lines[..lines.len() - if path == "count.py" { 8 } else { 1 }].concat();
        format!("```{language} {path}\n{kept}```\n")
    };
    let broken: Vec<_> = FILES
        .into_iter()
        .filter(|(_, path, _)| ["src/lib.rs", "count.py", "count.c", "package.json"].contains(path))
        .collect();
    let first: String =
        FILES.into_iter().map(|file| if broken.contains(&file) { half(file) } else { block(file) }).collect();
    let again: String =
        broken.iter().map(|file| if file.1 == "count.c" { half(*file) } else { block(*file) }).collect();
    let (job, files) = coding.generate(&[json!({"text": first}), json!({"text": again})]).await;
    let mut expected = scripted();
    expected.remove("count.c");
    assert_eq!(files, expected, "{job:#}");
    assert_eq!((skipped(&job), &job["result"]["calls"]), (vec!["count.c".to_owned()], &json!(3)), "{job:#}");
}
