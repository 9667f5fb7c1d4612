//! A reference means one text alone, whoever looks it up.
//!
//! `ANVIL_COMPRESS_INPUTS=1000000`: so many conversations instead of 20,000.

use anvil_compress::{Compressor, Level, rebuilt};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeSet;
use std::time::Instant;

/// What becomes of a text in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Free,
    Kept,
    Seen,
}

const BEGINS: &str = "[The same text as above, from \"";

/// Documents that begin and end alike, and versions of them that are as long as they: a word for a word.
fn document() -> impl Strategy<Value = String> {
    let first =
        select(vec!["# Rules", "NEXT", "The report of the committee begins here and says this.", "- é"]);
    let last = select(vec![
        "and all of them sign it, at the end.",
        "END",
        "in this house can know \"that\" to \"this\".",
    ]);
    let word = select(vec!["river", "stone", "light", "paper", "ébène", "ö"]);
    let between = select(vec!["\n", "\n\n"]);
    (first, vec((word, between.clone()), 3..6), last, between).prop_map(|(first, words, last, between)| {
        let row = |(number, (word, between)): (usize, &(&str, &str))| {
            format!("Row {number:02} of the list that all of them have has the word {word} and no other word.{between}")
        };
        let rows: String = words.iter().enumerate().map(row).collect();
        format!("{first}{between}{rows}{last}")
    })
}

fn block(documents: Vec<String>) -> impl Strategy<Value = String> {
    let own = |text: &str| {
        let line = text.lines().next().unwrap_or(text);
        let last = text.lines().last().unwrap_or(text);
        format!("{BEGINS}{line}\" to \"{last}\": {} characters.]", text.chars().count())
    };
    let referred = documents.clone();
    prop_oneof![
        12 => select(documents.clone()),
        3 => (select(documents.clone()), select(documents)).prop_map(|(one, two)| format!("{one}\n{two}")),
        2 => select(vec!["NEXT", "---", "Version A:", "A sentence of its own.", "x"]).prop_map(str::to_owned),
        1 => select(referred).prop_map(move |text| own(&text)),
    ]
}

fn conversation() -> impl Strategy<Value = Vec<(How, String)>> {
    (vec(document(), 1..4), vec((any::<Index>(), select(vec!["stone", "light", "paper", "river"])), 0..4))
        .prop_flat_map(|(mut documents, versions)| {
            for (of, word) in versions {
                let version = of.get(&documents).replacen("river", "stone", 1).replacen("light", word, 1);
                documents.push(version);
            }
            let how = select(vec![How::Free, How::Free, How::Free, How::Kept, How::Seen]);
            let text = (vec(block(documents), 1..6), select(vec!["\n", "\n\n", "\nNEXT\n"]));
            vec((how, text.prop_map(|(blocks, between)| blocks.join(between))), 1..7)
        })
}

fn sent(pieces: &[(How, String)]) -> Vec<String> {
    let mut compressor = Compressor::new(Level::Lossless);
    let piece = |(how, text): &(How, String)| {
        match how {
            How::Free => return compressor.piece(text),
            How::Kept => compressor.kept(text),
            How::Seen => compressor.seen(text),
        }
        text.clone()
    };
    pieces.iter().map(piece).collect()
}

/// Every text above that a reference may stand for, by looking at each place.
fn fits<'a>(above: &'a str, start: &str, end: &str, characters: usize) -> BTreeSet<&'a str> {
    let at_a_place = |(from, _): (usize, char)| {
        let rest = above.get(from..).filter(|rest| rest.starts_with(start))?;
        let length = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(characters)?;
        rest[..length].ends_with(end).then_some(&rest[..length])
    };
    above.char_indices().filter_map(at_a_place).collect()
}

/// A piece with what its references stand for, found by search.
fn looked_up(above: &[String; 2], piece: &str) -> Result<String, TestCaseError> {
    let [mut raw, mut read] = above.clone();
    let (mut out, mut rest) = (String::new(), piece);
    while let Some((before, told)) = rest.split_once(BEGINS) {
        let (start, told) = told.split_once("\" to \"").expect("it says to where");
        let (end, told) = told.split_once("\": ").expect("it says how long it is");
        let (characters, after) = told.split_once(" characters.]").expect("it ends");
        let reference = &rest[before.len()..rest.len() - after.len()];
        let characters = characters.parse().expect("a number");
        raw.push_str(before);
        read.push_str(before);
        out.push_str(before);
        let mut all = fits(&raw, start, end, characters);
        prop_assert_eq!(all.len(), 1, "{} in what was sent", reference);
        all.extend(fits(&read, start, end, characters));
        prop_assert_eq!(all.len(), 1, "{} in what it means", reference);
        let text = all.first().copied().unwrap_or_default().to_owned();
        raw.push_str(reference);
        read.push_str(&text);
        out.push_str(&text);
        rest = after;
    }
    Ok(out + rest)
}

#[test]
fn of_all_that_stands_above_one_text_alone_fits_a_reference_and_it_is_the_one_that_was_asked() {
    let cases =
        std::env::var("ANVIL_COMPRESS_INPUTS").map_or(20_000, |inputs| inputs.parse().expect("a number"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let referred = std::cell::Cell::new(0_u32);
    let holds = |pieces: Vec<(How, String)>| {
        let told = sent(&pieces);
        prop_assert_eq!(&told, &sent(&pieces));
        let before = told.len() / 2;
        prop_assert_eq!(&told[..before], &sent(&pieces[..before])[..]);
        let mut above = [String::new(), String::new()];
        for ((_, text), told) in pieces.iter().zip(&told) {
            // Its own references were not put in.
            let read = if text.contains(BEGINS) { told.clone() } else { looked_up(&above, told)? };
            prop_assert_eq!(&read, text);
            referred.set(referred.get() + u32::from(told != text));
            above[0].extend([told.as_str(), "\n"]);
            above[1].extend([read.as_str(), "\n"]);
        }
        // The house's own reader finds the same.
        if pieces.iter().all(|(_, text)| !text.contains(BEGINS)) {
            let texts: Vec<_> = pieces.into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(rebuilt(told.iter().map(String::as_str)), texts);
        }
        Ok(())
    };
    TestRunner::new(config).run(&conversation(), holds).expect("it holds");
    assert!(referred.get() > cases / 4, "{} pieces of {cases} conversations", referred.get());
}

#[test]
fn two_versions_in_turn_are_told_apart_or_sent_again() {
    let list = |name: &str, by: u32| {
        let row = |at: u32| format!("Row {at:02} of the {name} list has value {:04} exactly.\n", at * by);
        format!(
            "The report of the committee begins here and it says as follows.\n{}Thus the report of the committee \
             ends and all of them sign it.\n",
            (0..20).map(row).collect::<String>()
        )
    };
    let text = [list("first", 3), list("other", 5), list("first", 3), list("other", 5)].join("\nNEXT\n");
    let told = Compressor::new(Level::Lossless).piece(&text);
    assert_eq!(rebuilt([told.as_str()]), [text]);
    assert!(!told.contains("from \"NEXT\""), "{told}");
}

#[test]
fn five_megabytes_of_versions_do_not_take_longer_than_their_length() {
    let version = |word: &str| {
        let row = format!("The same row stands here, and has the word {word} in it.\n");
        format!("The same words stand above each of them.\n{}The same below.\n\n", row.repeat(5))
    };
    let both = [version("river"), version("stone")].concat();
    let text = |megabytes: usize| {
        let small = "some words\n\n".repeat(megabytes << 15);
        both.repeat((megabytes << 19) / both.len()) + &small
    };
    let took = |megabytes: usize| {
        let text = text(megabytes);
        let began = Instant::now();
        let told = Compressor::new(Level::Lossless).piece(&text);
        assert!(told.len() <= text.len());
        (text.len(), began.elapsed())
    };
    let (short, little) = took(1);
    let (long, much) = took(6);
    assert!(long > 5_000_000 && long > 5 * short);
    // Six times as much; the rest is for a machine that does other work.
    assert!(much < little * 40, "{short} bytes took {little:?}, {long} {much:?}");
}
