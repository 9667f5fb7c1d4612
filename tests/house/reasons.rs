//! Who runs jobs says *why* by values: the sentence that people read of each stands with the words that all share.

use crate::imports::{Crate, shipped_items};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::path::Path;

/// The crates that make reasons and write none.
const MAKE_VALUES: &[&str] = &["anvil-runner", "anvil-control"];
/// What fails a host that is wrong: nobody reads it but in its log.
const FAULTS: &[&str] =
    &["panic", "unreachable", "assert", "assert_eq", "assert_ne", "debug_assert", "debug_assert_eq"];

/// The texts of a source that people could read, as they stand in it.
fn prose(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in shipped_items(source) {
        look(item, &mut found);
    }
    found
}

fn look(tokens: TokenStream, found: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Literal(literal) if is_prose(&literal.to_string()) => found.push(literal.to_string()),
            TokenTree::Group(group) if is_read(&tokens[..at], group) => look(group.stream(), found),
            _ => {}
        }
    }
}

/// Whether people could read what stands in a group.
fn is_read(before: &[TokenTree], group: &Group) -> bool {
    let hidden = is_attribute(before) && !says_an_error(&group.stream());
    !hidden && !is_for_the_log(before, group.delimiter())
}

/// Whether a literal is a text of more than one word; what a value fills in is none.
fn is_prose(literal: &str) -> bool {
    let Ok(text) = syn::parse_str::<syn::LitStr>(literal) else { return false };
    let (mut own, mut inside) = (String::new(), false);
    for char in text.value().chars() {
        match char {
            '{' => inside = true,
            '}' => inside = false,
            char if !inside => own.push(char),
            _ => {}
        }
    }
    own.chars().any(char::is_alphabetic) && own.contains(char::is_whitespace)
}

/// Whether what follows is the body of an attribute: comments for the documentation, reasons for lints.
fn is_attribute(before: &[TokenTree]) -> bool {
    match before {
        [.., hash, bang] if is(bang, "!") => is(hash, "#"),
        [.., hash] => is(hash, "#"),
        [] => false,
    }
}

/// An error's sentence is read by whoever gets the error.
fn says_an_error(attribute: &TokenStream) -> bool {
    attribute.clone().into_iter().next().is_some_and(|first| is(&first, "error"))
}

/// Whether what follows is said to the host's log alone: `tracing::…!(…)`, `.expect(…)`, `panic!(…)`.
fn is_for_the_log(before: &[TokenTree], delimiter: Delimiter) -> bool {
    match before {
        [.., tracing, colon, second, _, bang]
            if is(tracing, "tracing") && is(colon, ":") && is(second, ":") && is(bang, "!") =>
        {
            true
        }
        [.., name, bang] if is(bang, "!") => FAULTS.iter().any(|fault| is(name, fault)),
        [.., dot, name] => is(dot, ".") && is(name, "expect") && delimiter == Delimiter::Parenthesis,
        _ => false,
    }
}

fn is(token: &TokenTree, text: &str) -> bool {
    !matches!(token, TokenTree::Group(_)) && token.to_string() == text
}

/// The line of a source on which a literal stands first.
fn line_of(source: &str, literal: &str) -> usize {
    source.find(literal).map_or(0, |at| source[..at].lines().count().max(1))
}

/// What is wrong with the files of a crate.
fn wrong(name: &str, src: &Path) -> (usize, Vec<String>) {
    let (mut looked, mut wrong) = (0, Vec::new());
    for file in Crate::read(src).files() {
        let source = std::fs::read_to_string(src.join(file)).expect("a source is text");
        looked += 1;
        wrong.extend(
            prose(&source)
                .into_iter()
                .map(|literal| format!("`{name}` {file}:{}: {literal}", line_of(&source, &literal))),
        );
    }
    (looked, wrong)
}

#[test]
fn who_runs_jobs_makes_reasons_and_no_sentences() {
    let (mut looked, mut found) = (0, Vec::new());
    for (name, src) in crate::sources().iter().filter(|(name, _)| MAKE_VALUES.contains(&name.as_str())) {
        let (files, wrong) = wrong(name, src);
        looked += files;
        found.extend(wrong);
    }
    assert!(looked > 30, "the look finds what it looks for: {looked} files");
    assert!(
        found.is_empty(),
        "a sentence stands where reasons are made. Make it a case of an enum in `anvil-types`, below `words`, with what \
         belongs to it, and let its `Display` have the sentence:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_sentence_is_found_wherever_it_stands_and_what_the_log_has_is_none() {
    for (source, sentence) in [
        ("fn f() -> String { format!(\"{n} slots are busy\") }", "\"{n} slots are busy\""),
        ("const WHY: &str = \"it is paused\";", "\"it is paused\""),
        ("static WHY: [&str; 1] = [r#\"it \"is\" so\"#];", "r#\"it \"is\" so\"#"),
        ("enum E { #[error(\"no such job\")] None }", "\"no such job\""),
        ("fn f() { g(|| Err(\"not now\".to_owned())); }", "\"not now\""),
        ("fn f() { tokio::select! { () = a => { tell(\"it ended\") } } }", "\"it ended\""),
        ("fn f() { write!(out, \"a word {x}\").expect(\"it is written\") }", "\"a word {x}\""),
        ("fn f() { concat!(\"two \", \"parts\") }", "\"two \""),
    ] {
        assert_eq!(prose(source), [sentence], "{source}");
        assert_eq!(line_of(&format!("//! Above.\n\n{source}"), sentence), 3);
    }
    for source in [
        "/// What it does.\nfn f() {}",
        "#[expect(clippy::x, reason = \"it is so\")] fn f() {}",
        "fn f() { tracing::error!(%error, \"it could not be written\"); }",
        "fn f() { tokio::select! { () = a => { tracing::warn!(\"it ended early\") } } }",
        "fn f() { a.lock().expect(\"nobody panics with it\"); panic!(\"it is so\") }",
        "fn f() { assert!(a > b, \"a is {a}, b {b}\"); }",
        "fn f() { key(\"plugins-folder\"); format!(\"{field}: {message}\"); }",
        "#[cfg(test)] mod tests { fn f() { g(\"a sentence\") } }",
        "fn f() { b\"bytes of it\"; ' '; }",
    ] {
        assert_eq!(prose(source), [] as [String; 0], "{source}");
    }
}
