use super::form::{Form, Mode, Noted, noted};
use super::replay::{LATEST, Past, Replays};
use crate::prompt_cache::outline::Outline;
use anvil_budget::{PriceRow, PriceTable, Reads, Reuse};
use anvil_types::{ContentBlock, Message, Nanodollars, Request, Role, Timestamp, Usage};
use std::time::Duration;

fn conversation(job: usize, turns: usize) -> Outline {
    let message = |at: usize| Message {
        role: if at.is_multiple_of(2) { Role::User } else { Role::Assistant },
        content: vec![ContentBlock::Text { text: format!("{job} {at} {}", "word ".repeat(2_000)) }],
    };
    let request = Request {
        system: None,
        messages: (0..turns).map(message).collect(),
        tools: Vec::new(),
        effort: None,
        max_output_tokens: None,
        stop_sequences: Vec::new(),
        cacheable: false,
        options: Vec::new(),
    };
    Outline::of(&request).expect("it has a turn")
}

fn few(number: usize) -> i64 {
    i64::try_from(number).expect("it is small")
}

fn row() -> PriceRow {
    let now = "2026-11-23T00:00:00Z".parse().expect("a time");
    PriceTable::built_in().row("claude-sonnet-5-5", None, now).expect("a price").clone()
}

fn soon() -> Reuse {
    let mut reuse = Reuse::default();
    (0..20).for_each(|_| reuse.note(Some(Duration::from_secs(30))));
    reuse
}

/// Jobs of so many calls, each call of so many tokens in all, of which so many are removed from its first turn.
fn replayed(calls: usize, of_job: usize, tokens: u64, removed: u64, was_sent: bool) -> (Replays, i64) {
    let mut replays = Replays::default();
    let row = row();
    for call in 0..calls {
        let (job, turn) = (call / of_job, call % of_job);
        let outline = conversation(job, 2 * turn + 1);
        let told = if was_sent { tokens - removed } else { tokens };
        let usage = Usage { input_tokens: told + 60 * turn as u64, output_tokens: 100, ..Usage::default() };
        let past = Past {
            outline: &outline,
            row: &row,
            usage: &usage,
            cuts: &[(0, removed)],
            was_sent,
            at: Timestamp::from_micros(20_000_000 * few(call)),
            reuse: [Reuse::default(), soon()],
            reads: Reads::default(),
            minimum: 4_096,
            marked: true,
        };
        replays.push("a", &past);
    }
    let more = replays.all()[0].saved.get();
    (replays, more)
}

#[test]
fn what_is_shorter_and_costs_less_stays_on() {
    for was_sent in [true, false] {
        let (replays, more) = replayed(LATEST, 1, 3_000, 600, was_sent);
        assert_eq!(more, 600 * 2_000 * few(LATEST), "each token at the price of input");
        assert!(!replays.costs_more("a"));
        let (_, more) = replayed(LATEST, 4, 20_000, 600, was_sent);
        assert!(more > 0, "written once and read three times it is less, too: {more}");
    }
}

#[test]
fn a_prompt_that_is_too_short_for_the_cache_then_costs_more() {
    for was_sent in [true, false] {
        // 4,200 tokens are written once and read after that; 3,900 are sent each time.
        let (replays, more) = replayed(LATEST - 1, 10, 4_200, 900, was_sent);
        assert!(more < 0, "{more}");
        assert!(!replays.costs_more("a"), "one call is missing");
        let (replays, _) = replayed(LATEST, 10, 4_200, 900, was_sent);
        assert!(replays.costs_more("a") && !replays.costs_more("b"));
        let told = &replays.all()[0];
        assert_eq!((told.agent.as_str(), told.calls, told.off), ("a", LATEST as u64, true));
    }
}

#[test]
fn the_latest_calls_alone_count_and_are_known_after_a_restart() {
    let (mut replays, _) = replayed(LATEST, 10, 4_200, 900, true);
    let note = serde_json::to_string(&replays).expect("JSON");
    let again: Replays = serde_json::from_str(&note).expect("a note");
    assert_eq!(again.all(), replays.all());
    let row = row();
    let outline = conversation(9_999, 1);
    for call in 0..LATEST {
        let usage = Usage { input_tokens: 100, ..Usage::default() };
        let at = Timestamp::from_micros(1_000_000_000_000 + few(call));
        let none = [Reuse::default(); 2];
        let past = Past {
            outline: &outline,
            row: &row,
            usage: &usage,
            cuts: &[(0, 1)],
            was_sent: false,
            at,
            reuse: none,
            reads: Reads::default(),
            minimum: 4_096,
            marked: true,
        };
        replays.push("a", &past);
    }
    assert_eq!(replays.all()[0].saved, Nanodollars::new(2_000 * few(LATEST)));
    assert!(!replays.costs_more("a"));
}

#[test]
fn a_form_is_found_by_the_longest_beginning_that_it_was_noted_of() {
    let form = |mode, turns: &[bool]| Form { mode, turns: turns.to_vec() };
    let short = form(Mode::Lossless, &[true]);
    let long = form(Mode::Lossy, &[true, false, true]);
    let (one, three) = (conversation(0, 1), conversation(0, 3));
    let notes =
        [Noted(&one.whole().digest, &short).to_string(), Noted(&three.whole().digest, &long).to_string()];
    let found = |outline: &Outline, notes: &[String]| noted(outline, &notes.iter().map(String::as_str));
    assert_eq!(found(&conversation(0, 5), &notes), Some(long.clone()));
    assert_eq!(found(&three, &notes), Some(long));
    assert_eq!(found(&conversation(0, 2), &notes), Some(short.clone()));
    assert_eq!(found(&conversation(0, 5), &notes[..1]), Some(short));
    assert_eq!(found(&conversation(1, 5), &notes), None);
    // What makes no sense is none.
    let broken = [format!("{}x", notes[1]), notes[0].replace('s', "?")];
    assert_eq!(found(&conversation(0, 5), &broken), None);
}
