//! What holds for any answer at all.

use code_generator::answer::Answer;
use code_generator::{brackets, fences, files, names};
use proptest::prelude::*;

/// Answers made of what real ones are made of, in any order.
fn answers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => prop::sample::select(vec![
            "```", "````", "~~~", "```js", "```js a.js", "```markdown README.md", "````md b.md", "  ```html ../x.html",
            "```html:login.html", "```bash", "\t```css title=\"a.css\"", "**src/a.rs**", "### `b.py`", "// c.js",
            "# file: d.py", "", "  ", "text", "    indented", "```a`b", "```text /etc/passwd", "C:\\x", "```\r",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => "[`~]{1,5}\\PC{0,10}",
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn every_file_keeps_the_contract_and_is_a_piece_of_the_answer(answer in answers()) {
        let harvest = files::harvest([answer.as_str()]);
        let lines: Vec<&str> = answer.lines().collect();
        let mut seen = std::collections::BTreeSet::new();
        for file in &harvest.files {
            prop_assert_eq!(names::clean(&file.name), Ok(file.name.clone()));
            prop_assert!(seen.insert(&file.name), "{} twice", file.name);
            let content: Vec<&str> = file.content.lines().collect();
            let found = content.is_empty() || lines.windows(content.len()).any(|window| {
                window.iter().zip(&content).all(|(line, own)| {
                    line.strip_suffix(own).is_some_and(|indent| indent.trim().is_empty())
                })
            });
            prop_assert!(found, "{:?} is not in the answer", file.content);
            prop_assert!(file.content.is_empty() || (file.content.ends_with('\n') && !file.content.ends_with("\n\n")));
        }
    }

    #[test]
    fn no_text_makes_the_scanner_panic(text in "(\\PC|[`~\n\t\r :./\\\\\"'={}<>#*-]){0,200}") {
        let blocks = fences::scan(&text);
        prop_assert!(blocks.iter().rev().skip(1).all(|block| block.end != fences::End::Cut));
        files::harvest([text.as_str()]);
    }

    #[test]
    fn no_text_makes_the_look_at_brackets_panic(text in "([(){}\\[\\]\"'`/*#\\\\$rR\n]|\\PC){0,60}") {
        for ending in ["rs", "js", "py", "go", "java", "c", "css", "html"] {
            brackets::fault(ending, &text);
        }
    }

    #[test]
    fn any_two_parts_join_without_a_panic(one in answers(), two in answers()) {
        let mut answer = Answer::default();
        answer.add(&one);
        answer.add(&two);
        prop_assert!(answer.tail(50).len() <= 80);
        files::harvest(answer.texts());
    }
}
