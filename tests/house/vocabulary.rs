//! The words that Claude, agents and settings share (options, tiers, efforts, what has a price) stand once, in
//! `anvil-types`; the ids of models stand with what is known of them, in a file of data.

use crate::imports::{Crate, shipped_items};
use anvil_types::{Effort, FreeField, InferenceGeo, RequestOption, RequestPart, ServiceTier, Speed, Tier};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;

/// The files of `anvil-types` that have the words.
const HOME: &[&str] = &["effort.rs", "model.rs", "vocabulary/body.rs", "vocabulary/priced.rs"];

/// What is spelt like a word of these and is another: the word, the crate in which it is, and what it is there.
const HOMONYMS: &[(&str, &str, &str)] = &[
    ("model", "anvil-api", "a way to group spending"),
    ("model", "anvil-budget", "a member of a price"),
    ("model", "anvil-control", "a member of a price"),
    ("model", "anvil-gateway", "a word of errors and of answers"),
    ("model", "anvil-store", "a column"),
    ("model", "anvil-web", "a column, and a member of a price"),
    ("thinking", "anvil-gateway", "a kind of content block"),
    ("standard", "anvil-types", "a form of webhooks"),
    ("batch", "anvil-budget", "a factor of a price file"),
    ("batch", "anvil-store", "a column"),
    ("batch", "anvil-types", "where a reply came from"),
    ("thinking", "anvil-sandbox", "a kind of content block"),
    ("service_tier", "anvil-gateway", "a member of a usage"),
    ("service_tier", "anvil-store", "a column"),
    ("service_tier", "anvil-web", "a column"),
    ("inference_geo", "anvil-gateway", "a member of a usage"),
    ("inference_geo", "anvil-store", "a column"),
    ("inference_geo", "anvil-web", "a column"),
    ("speed", "anvil-gateway", "a member of a usage"),
    ("speed", "anvil-store", "a column"),
    ("speed", "anvil-web", "a column, and a member of a price"),
    ("speed", "anvil-budget", "a member of a price"),
    ("tools", "anvil", "more than one tool"),
    ("tier", "anvil", "a member of a plan's jobs"),
    ("tier", "anvil-web", "a member of a plan's jobs"),
];

/// Where a homonym stands within a longer text too: columns in statements, settings in the sentences about them.
const WITHIN: &[&str] = &["anvil-store", "anvil-settings"];

/// Whose words are their own: agents, which can use no crate of the house, and the second opinion.
const OUTSIDE: &[&str] =
    &["code-generator", "feature-team", "asker", "every-function", "player", "anvil-fuzz", "anvil-sim"];

fn words() -> BTreeSet<&'static str> {
    let lists = [
        RequestOption::NAMES,
        RequestPart::NAMES,
        FreeField::NAMES,
        ServiceTier::NAMES,
        InferenceGeo::NAMES,
        Speed::NAMES,
        &Tier::ALL.map(Tier::name),
        &Effort::ALL.map(Effort::name),
    ];
    lists.concat().into_iter().collect()
}

/// The texts of a source's shipped code; comments are none.
fn texts(tokens: TokenStream, found: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let is_doc = |group: &proc_macro2::Group| {
                    group.stream().into_iter().next().is_some_and(|first| first.to_string() == "doc")
                };
                tokens.next_if(|next| matches!(next, TokenTree::Group(group) if is_doc(group)));
            }
            TokenTree::Group(group) => texts(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                found.extend(text.map(|text| text.value()));
            }
            _ => {}
        }
    }
}

/// The words that a text is, or that no sentence has by chance.
fn spoken(text: &str, words: &BTreeSet<&'static str>) -> Vec<&'static str> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let telling = |word: &&&str| word.contains('_') || word.parse::<Tier>().is_ok();
    let within = text.split(|char| !is_word(char)).filter_map(|part| words.get(part).filter(telling));
    words.get(text).into_iter().chain(within).copied().collect()
}

/// Whether a text has the id of a model in it.
fn names_a_model(text: &str) -> bool {
    let parts = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    parts.into_iter().any(|part| {
        part.strip_prefix("claude-").is_some_and(|rest| rest.contains(|char: char| char.is_ascii_digit()))
    })
}

fn of_source(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in shipped_items(source) {
        texts(item, &mut found);
    }
    found
}

#[test]
fn a_word_of_options_tiers_and_prices_is_written_in_one_place() {
    let words = words();
    let (mut looked, mut wrong, mut homonyms) = (0, Vec::new(), BTreeSet::new());
    for (name, src) in crate::sources().into_iter().filter(|(name, _)| !OUTSIDE.contains(&name.as_str())) {
        // The store's suite is a test, though other crates can have it: what it plays with is made up.
        for file in Crate::read(&src).files().filter(|file| !file.starts_with("conformance/")) {
            let source = std::fs::read_to_string(src.join(file)).expect("a source is text");
            looked += 1;
            for text in of_source(&source) {
                if names_a_model(&text) {
                    wrong.push(format!("`{name}` {file} has a model's id: {text:?}"));
                }
                for word in spoken(&text, &words) {
                    let known = HOMONYMS.iter().find(|(known, place, _)| *known == word && *place == name);
                    match known {
                        _ if name == "anvil-types" && HOME.contains(&file) => {}
                        Some(homonym) if text == word || WITHIN.contains(&name.as_str()) => {
                            homonyms.insert(homonym);
                        }
                        _ => wrong.push(format!("`{name}` {file} has `{word}`: {text:?}")),
                    }
                }
            }
        }
    }
    assert!(looked > 400, "the look finds what it looks for: {looked} files");
    assert!(
        wrong.is_empty(),
        "take the word from `anvil-types` (`vocabulary`, `Tier`, `Effort`), the id from what `anvil-budget` knows of models; \
         what is only spelt so has a row in this test:\n{}",
        wrong.join("\n")
    );
    let stale: Vec<_> = HOMONYMS.iter().filter(|homonym| !homonyms.contains(homonym)).collect();
    assert!(stale.is_empty(), "nothing is spelt so there any more: {stale:?}");
}

#[test]
fn a_word_is_found_wherever_it_is_listed_again() {
    let words = words();
    for (source, found) in [
        ("const OPTIONS: [&str; 2] = [\"tier\", \"tool_choice\"];", &["tier", "tool_choice"][..]),
        ("const TIERS: [&str; 2] = [\"haiku\", \"opus\"];", &["haiku", "opus"]),
        ("fn f(name: &str) { match name { \"cache_control\" => {} _ => {} } }", &["cache_control"]),
        ("#[error(\"known are: tier, thinking, output_config\")] struct E;", &["output_config"]),
        ("const EXPECTED: &str = \"`haiku` or `sonnet`\";", &["haiku", "sonnet"]),
        ("fn f() -> &'static str { \"output_config.effort\" }", &["output_config"]),
        ("fn f(s: &str) -> bool { s == \"fast\" }", &["fast"]),
        ("fn f(e: &str) { matches!(e, \"simple\" | \"complex\"); }", &["simple", "complex"]),
        ("/// As `haiku`.\nfn f() { g(\"a simple sentence about models\") }", &[]),
        ("#[cfg(test)] mod tests { fn f() { g(\"tool_choice\") } }", &[]),
        ("fn f() { g(\"claude-haiku-5-5\") }", &[]),
    ] {
        let spoken: Vec<_> = of_source(source).iter().flat_map(|text| spoken(text, &words)).collect();
        let spoken: BTreeSet<_> = spoken.into_iter().collect();
        assert_eq!(spoken, found.iter().copied().collect(), "{source}");
    }
    assert!(names_a_model("ask claude-opus-5-5.") && names_a_model("claude-haiku-4-5-20251001"));
    assert!(!names_a_model("x-claude-code-session-id") && !names_a_model("model: claude-…"));
}
