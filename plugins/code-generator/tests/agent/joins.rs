//! The parts of an answer that was cut join as a person would join them.

use code_generator::answer::Answer;
use code_generator::files::harvest;

/// The files of an answer in parts.
fn joined(parts: &[&str]) -> Vec<(String, String)> {
    let mut answer = Answer::default();
    for part in parts {
        answer.add(part);
    }
    let harvest = harvest(answer.texts());
    assert_eq!(harvest.skipped, [], "of {parts:?}");
    harvest.files.into_iter().map(|file| (file.name, file.content)).collect()
}

#[test]
fn however_claude_goes_on_the_file_is_whole() {
    let whole = "<form>\n  <input name=\"user\">\n</form>\n";
    for (how, first, next) in [
        (
            "repeats the last line",
            "```html a.html\n<form>\n  <input na",
            "  <input name=\"user\">\n</form>\n```\n",
        ),
        (
            "without its indentation",
            "```html a.html\n<form>\n  <input na",
            "<input name=\"user\">\n</form>\n```\n",
        ),
        (
            "repeats several lines",
            "```html a.html\n<form>\n  <input na",
            "<form>\n  <input name=\"user\">\n</form>\n```\n",
        ),
        ("cut behind a line", "```html a.html\n<form>\n", "<form>\n  <input name=\"user\">\n</form>\n```\n"),
        (
            "cut in white space",
            "```html a.html\n<form>\n  ",
            "<form>\n  <input name=\"user\">\n</form>\n```\n",
        ),
        ("at the very character", "```html a.html\n<form>\n  <input na", "me=\"user\">\n</form>\n```\n"),
        ("on the next line", "```html a.html\n<form>\n", "  <input name=\"user\">\n</form>\n```\n"),
        (
            "opens the block again",
            "```html a.html\n<form>\n",
            "```html\n  <input name=\"user\">\n</form>\n```\n",
        ),
        (
            "with a remark",
            "```html a.html\n<form>\n",
            "Going on:\n\n```html a.html\n  <input name=\"user\">\n</form>\n```\n",
        ),
        (
            "again, and repeats",
            "```html a.html\n<form>\n  <input na",
            "```html a.html\n  <input name=\"user\">\n</form>\n```\n",
        ),
        (
            "begins anew",
            "```html a.html\n<form>\n  <inp",
            "```html a.html\n<form>\n  <input name=\"user\">\n</form>\n```\n",
        ),
        (
            "cut in the opening fence",
            "```html a.ht",
            "```html a.html\n<form>\n  <input name=\"user\">\n</form>\n```\n",
        ),
        ("cut in the closing fence", "```html a.html\n<form>\n  <input name=\"user\">\n</form>\n``", "`\n"),
        (
            "only the closing fence is missing",
            "```html a.html\n<form>\n  <input name=\"user\">\n</form>",
            "```\n",
        ),
        (
            "cut before any code",
            "Here it is:\n\n",
            "```html a.html\n<form>\n  <input name=\"user\">\n</form>\n```\n",
        ),
    ] {
        assert_eq!(joined(&[first, next]), [("a.html".to_owned(), whole.to_owned())], "{how}");
    }
}

#[test]
fn a_cut_between_two_files_keeps_both() {
    let both = [("a.js".to_owned(), "x\n".to_owned()), ("b.js".to_owned(), "y\n".to_owned())];
    assert_eq!(joined(&["```js a.js\nx\n```", "```js b.js\ny\n```"]), both);
    assert_eq!(joined(&["```js a.js\nx\n```\n\nThe oth", "er:\n\n```js b.js\ny\n```"]), both);
    assert_eq!(joined(&["```js a.js\nx\n```\n\n**b.", "**b.js**\n```js\ny\n```"]), both);
}

#[test]
fn a_readme_goes_on_with_a_block_of_its_own() {
    assert_eq!(
        joined(&["```markdown README.md\n# Run", "```bash\nnpm i\n```\n```\n"]),
        [("README.md".to_owned(), "# Run\n```bash\nnpm i\n```\n".to_owned())],
    );
}

#[test]
fn claude_may_leave_the_cut_file_for_the_next() {
    let mut answer = Answer::default();
    answer.add("```html a.html\n<form>");
    answer.add("```css b.css\np {}\n```");
    let harvest = harvest(answer.texts());
    assert_eq!(harvest.files.len(), 1);
    assert_eq!(harvest.files[0].name, "b.css");
    assert_eq!(harvest.skipped[0].name, "a.html");
}

#[test]
fn three_parts_join_too() {
    let file = joined(&["```js a.js\nlet a =", "let a = 1;\nlet b", "let a = 1;\nlet b = 2;\n```"]);
    assert_eq!(file, [("a.js".to_owned(), "let a = 1;\nlet b = 2;\n".to_owned())]);
}

#[test]
fn a_long_answer_is_sent_back_by_its_end() {
    let mut answer = Answer::default();
    answer.add(&format!("```js a.js\n{}last line", "a line of code\n".repeat(1_000)));
    let tail = answer.tail(500);
    assert!(
        tail.len() < 600 && tail.starts_with('(') && tail.ends_with("a line of code\nlast line"),
        "{tail}"
    );
    assert_eq!(answer.last_lines(), "a line of code\na line of code\nlast line");
    answer.add(&format!(" {}", "x".repeat(1_000)));
    assert_eq!(answer.last_lines().len(), 300);
}

const WHOLE: &str = "Two files:\n\n```html a.html\n<form>\n  <input name=\"one\">\n  <button>go</button>\n</form>\n```\n\n\
    And how to use them:\n\n```markdown README.md\n# \u{dc}bung\n\n```bash\nnpm install\n```\n\nThat is all.\n```\n\nDone with it.\n";

#[test]
fn a_cut_anywhere_leaves_no_trace_when_the_last_lines_are_repeated_as_asked() {
    for cut in (1..WHOLE.len()).filter(|at| WHOLE.is_char_boundary(*at)) {
        let mut answer = Answer::default();
        answer.add(&WHOLE[..cut]);
        let repeated = answer.last_lines().to_owned();
        answer.add(&format!("{repeated}{}", &WHOLE[WHOLE[..cut].trim_end().len()..]));
        assert_eq!(harvest(answer.texts()), harvest([WHOLE]), "cut behind {:?}", &WHOLE[..cut]);
    }
}

#[test]
fn a_cut_anywhere_leaves_no_trace_when_the_answer_goes_on_at_the_very_character() {
    for cut in (1..WHOLE.len()).filter(|at| WHOLE.is_char_boundary(*at)) {
        let mut answer = Answer::default();
        answer.add(&WHOLE[..cut]);
        answer.add(&WHOLE[cut..]);
        assert_eq!(harvest(answer.texts()), harvest([WHOLE]), "cut behind {:?}", &WHOLE[..cut]);
    }
}
