//! What holds of every rule, whatever the text.
//!
//! `ANVIL_COMPRESS_INPUTS=1000000`: so many texts a rule instead of 20,000.

mod texts;
mod tree;

use anvil_compress::{
    Compressor, Level, about_tokens, minified, rebuilt, with_data_minified, without_blank_runs,
    without_comments, without_log_middles, without_trace_middles, without_trailing_space,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::borrow::Cow;
use std::fmt::Debug;
use texts::{Text, conversation, data, text};
use tree::tree;

fn for_many<T: Debug>(strategy: impl Strategy<Value = T>, holds: impl Fn(T) -> Result<(), TestCaseError>) {
    let cases =
        std::env::var("ANVIL_COMPRESS_INPUTS").map_or(20_000, |inputs| inputs.parse().expect("a number"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&strategy, holds).expect("it holds");
}

/// What no rule may touch is there, in its order.
fn keeps(text: &Text, told: &str) -> Result<(), TestCaseError> {
    let mut rest = told;
    for kept in &text.kept {
        let at = rest.find(kept.as_str());
        prop_assert!(at.is_some(), "{kept:?} is gone from {told:?}");
        rest = &rest[at.unwrap_or(0) + kept.len()..];
    }
    Ok(())
}

const LOSSLESS: [fn(&str) -> Cow<'_, str>; 3] =
    [with_data_minified, without_trailing_space, without_blank_runs];

/// The same without what was sent before.
fn shortened(text: &str) -> String {
    if text.trim().is_empty() {
        return text.to_owned();
    }
    LOSSLESS.iter().fold(text.to_owned(), |text, rule| {
        let next = rule(&text).into_owned();
        let better = next.len() < text.len() && about_tokens(&next) <= about_tokens(&text);
        if better { next } else { text }
    })
}

fn sent(pieces: &[(bool, String)], level: Level) -> Vec<String> {
    let mut compressor = Compressor::new(level);
    let piece = |(free, text): &(bool, String)| {
        if *free {
            return compressor.piece(text);
        }
        compressor.kept(text);
        text.clone()
    };
    pieces.iter().map(piece).collect()
}

#[test]
fn data_says_the_same_when_it_is_minified() {
    for_many(data(), |text| {
        let told = minified(&text).expect("it is JSON");
        prop_assert_eq!(tree(&told), tree(&text));
        prop_assert!(told.len() <= text.trim().len());
        prop_assert_eq!(minified(&told), Some(told.clone()));
        // As a piece, and in the midst of one.
        let piece = with_data_minified(&text);
        prop_assert_eq!(piece.trim(), &told);
        if text.contains('\r') {
            return Ok(());
        }
        let within = format!("Here it is:\n\n{}\n\nThat was it.\n", text.trim());
        let told = with_data_minified(&within);
        let lines: Vec<_> = told.lines().collect();
        if text.contains('"') {
            prop_assert_eq!(lines.len(), 5);
        }
        prop_assert_eq!(tree(&lines[2..lines.len() - 2].join("\n")), tree(&text));
        Ok(())
    });
}

#[test]
fn what_is_taken_for_data_is_json() {
    let broken = (data(), any::<prop::sample::Index>(), "[\\[\\]{},:\"0-9eE.+\\-a-z \n]{0,2}");
    for_many(broken, |(text, at, other)| {
        let at = text.floor_char_boundary(at.index(text.len()));
        let next = text.ceil_char_boundary(at + 1);
        let broken = format!("{}{other}{}", &text[..at], &text[next..]);
        let parses = serde_json::from_str::<serde::de::IgnoredAny>(&broken).is_ok();
        let is_one = broken.trim_start().starts_with(['{', '[']);
        prop_assert_eq!(minified(&broken).is_some(), parses && is_one, "{}", broken);
        Ok(())
    });
}

#[test]
fn data_in_a_text_leaves_the_rest_as_it_was() {
    for_many(text(), |text| {
        let told = with_data_minified(&text.whole);
        keeps(&text, &told)?;
        prop_assert!(told.len() <= text.whole.len());
        // Outside of strings white space alone is gone.
        let bare = |text: &str| text.chars().filter(|sign| !sign.is_ascii_whitespace()).collect::<String>();
        prop_assert_eq!(bare(&told), bare(&text.whole));
        Ok(())
    });
}

#[test]
fn ends_of_lines_lose_spaces_alone_and_line_breaks_stay() {
    for_many(text(), |text| {
        let told = without_trailing_space(&text.whole);
        keeps(&text, &told)?;
        let (before, after): (Vec<_>, Vec<_>) =
            (text.whole.split('\n').collect(), told.split('\n').collect());
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(after) {
            prop_assert!(before.starts_with(after) && before[after.len()..].bytes().all(|byte| byte == b' '));
            let is_break = before.ends_with("  ") && !before.trim().is_empty();
            prop_assert!(!is_break || after.ends_with("  "), "{:?} {:?}", before, after);
            prop_assert!(*before != "-- " || after == "-- ");
        }
        Ok(())
    });
}

#[test]
fn blank_lines_alone_go_and_one_is_left() {
    for_many(text(), |text| {
        let told = without_blank_runs(&text.whole);
        keeps(&text, &told)?;
        let shown = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
        };
        prop_assert_eq!(shown(&told), shown(&text.whole));
        let blocks = |text: &str| {
            text.split('\n')
                .map(|line| line.trim().is_empty())
                .fold((0, false), |(count, was), is| (count + usize::from(is && !was), is))
        };
        prop_assert_eq!(blocks(&told).0, blocks(&text.whole).0);
        Ok(())
    });
}

#[test]
fn what_was_sent_once_can_be_rebuilt() {
    for_many(conversation(), |pieces| {
        let told = sent(&pieces, Level::Lossless);
        let read = rebuilt(told.iter().map(String::as_str));
        for ((free, text), read) in pieces.iter().zip(&read) {
            let expected = if *free { shortened(text) } else { text.clone() };
            prop_assert_eq!(read, &expected);
        }
        Ok(())
    });
}

#[test]
fn the_same_pieces_give_the_same_bytes_and_a_longer_conversation_begins_with_them() {
    for_many((conversation(), any::<prop::sample::Index>()), |(pieces, at)| {
        for level in [Level::Lossless, Level::Lossy] {
            let told = sent(&pieces, level);
            prop_assert_eq!(&told, &sent(&pieces, level));
            let shorter = at.index(pieces.len() + 1);
            prop_assert_eq!(&told[..shorter], &sent(&pieces[..shorter], level)[..]);
            for ((free, text), told) in pieces.iter().zip(&told) {
                prop_assert!(told.len() <= text.len());
                prop_assert!(about_tokens(told) <= about_tokens(text));
                prop_assert!(*free || told == text);
                prop_assert_eq!(told.trim().is_empty(), text.trim().is_empty());
            }
        }
        Ok(())
    });
}

#[test]
fn what_leaves_something_out_leaves_the_other_lines() {
    for_many(text(), |text| {
        for rule in [without_comments, without_trace_middles, without_log_middles] {
            let told = rule(&text.whole);
            prop_assert!(told.len() <= text.whole.len());
            let mut lines = text.whole.lines();
            for line in told.lines() {
                let word = line.trim_start().starts_with('[') && line.ends_with("left out]");
                prop_assert!(word || lines.any(|before| before == line), "{:?}", line);
            }
        }
        Ok(())
    });
}
