//! What is marked, and which miss a call was, over some calls of an agent.

use super::caches::{AskedModel, Mark, PromptCaches};
use super::lineage::Whose;
use super::misses::Missed;
use super::outline::{Outline, Place};
use crate::{CacheTtl, PriceRow, PriceTable};
use anvil_types::{CacheMissReason, ContentBlock, JobId, Message, Request, Role, Timestamp, Tool, Usage};
use std::time::Duration;

const SONNET: &str = "claude-sonnet-5-5";
const OPUS: &str = "claude-opus-5-5";
/// Tokens of every prompt here, by whoever counts them.
const TOKENS: u64 = 20_000;

struct Scene {
    caches: PromptCaches,
    now: Timestamp,
    model: &'static str,
}

fn row(model: &str) -> PriceRow {
    let now = "2026-11-23T00:00:00Z".parse().expect("a time");
    PriceTable::built_in().row(model, None, now).expect("a price").clone()
}

fn request(system: &str, turns: &[&str]) -> Request {
    let message = |text: &&str| Message {
        role: Role::User,
        content: vec![ContentBlock::Text { text: (*text).to_owned() }],
    };
    Request {
        system: Some(system.repeat(2_000)),
        messages: turns.iter().map(message).collect(),
        tools: Vec::new(),
        effort: None,
        max_output_tokens: None,
        stop_sequences: Vec::new(),
        cacheable: false,
        options: Vec::new(),
    }
}

const WHOSE: Whose<'static> = Whose { who: "writer", job: None };

impl Scene {
    fn new() -> Self {
        Self { caches: PromptCaches::default(), now: Timestamp::from_secs(1_795_442_712), model: SONNET }
    }

    fn marks(&self, request: &Request) -> Vec<Mark> {
        let outline = Outline::of(request).expect("a turn");
        let asked = AskedModel { row: &row(self.model), tokens: TOKENS, now: self.now };
        self.caches.marks(&outline, WHOSE.who, &asked)
    }

    /// One call, as a model answers it that has what it was told to keep.
    fn call(&mut self, minutes: u64, request: &Request) -> (Vec<Mark>, Option<Missed>) {
        self.call_of(minutes, request, WHOSE)
    }

    fn call_of(&mut self, minutes: u64, request: &Request, whose: Whose<'_>) -> (Vec<Mark>, Option<Missed>) {
        self.now = self.now + Duration::from_mins(minutes);
        let outline = Outline::of(request).expect("a turn");
        let marks = self.marks(request);
        let read = self.caches.warm(&outline, self.model, self.now).filter(|_| !marks.is_empty());
        let read = read.map_or(0, |(_, warm)| warm.tokens);
        let last = marks.last().map(|mark| mark.place);
        let last = outline.longest_first().find(|one| Some(one.place) == last);
        let cached = last.map_or(0, |last| outline.tokens(last, TOKENS)).max(read);
        let usage = Usage {
            input_tokens: TOKENS - cached,
            cache_read_tokens: read,
            cache_write_5m_tokens: cached - read,
            ..Usage::default()
        };
        (marks.clone(), self.told(&outline, &marks, &usage, whose))
    }

    fn told(&mut self, outline: &Outline, marks: &[Mark], usage: &Usage, whose: Whose<'_>) -> Option<Missed> {
        let missed = self.caches.missed(whose, outline, marks, self.model, usage, self.now);
        self.caches.learn(whose, outline, marks, self.model, usage, self.now);
        missed
    }

    /// An agent whose system's text comes again within minutes.
    fn used_to(system: &str) -> Self {
        let mut scene = Self::new();
        for turn in ["a", "b", "c"] {
            scene.call(1, &request(system, &[turn]));
        }
        scene
    }
}

fn places(marks: &[Mark]) -> Vec<Place> {
    marks.iter().map(|mark| mark.place).collect()
}

fn reason((_, missed): (Vec<Mark>, Option<Missed>)) -> Option<CacheMissReason> {
    missed.map(|missed| missed.reason)
}

#[test]
fn what_comes_again_is_marked_and_what_is_too_short_is_not() {
    let scene = Scene::used_to("rule ");
    assert_eq!(places(&scene.marks(&request("rule ", &["d"]))), [Place::Stem]);
    // Of an agent whose systems come again a new one is kept at once.
    assert_eq!(places(&scene.marks(&request("other ", &["d"]))), [Place::Stem]);
    let outline = Outline::of(&request("rule ", &["d"])).expect("a turn");
    let short = AskedModel { row: &row(SONNET), tokens: 4_095, now: scene.now };
    assert_eq!(scene.caches.marks(&outline, WHOSE.who, &short), []);
    let stranger = AskedModel { row: &row(SONNET), tokens: TOKENS, now: scene.now };
    let new = Outline::of(&request("new ", &["d"])).expect("a turn");
    assert_eq!(scene.caches.marks(&new, "stranger", &stranger), []);
}

#[test]
fn a_conversation_is_marked_at_its_end_and_where_its_beginning_would_be_out_of_sight() {
    let mut scene = Scene::new();
    let said: Vec<String> = (0..60).map(|n| format!("turn {n} ").repeat(400)).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    for turns in [1, 3, 5] {
        scene.call(1, &request("rule ", &said[..turns]));
    }
    let marks = scene.marks(&request("rule ", &said[..7]));
    assert_eq!(places(&marks), [Place::Stem, Place::Turn(6)]);
    let far = scene.marks(&request("rule ", &said[..40]));
    // So long that the system is too small a part of it to be kept alone.
    assert_eq!(places(&far), [Place::Turn(4), Place::Turn(39)], "20 blocks are looked back");
}

#[test]
fn what_is_kept_for_an_hour_stands_before_what_is_kept_for_five_minutes() {
    let mut scene = Scene::new();
    let said: Vec<String> = (0..30).map(|n| format!("turn {n} ").repeat(400)).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    // Conversations go on after twenty minutes, their system comes again at once.
    for start in 0..4 {
        for turns in [1, 2, 3] {
            let minutes = if turns == 1 { 1 } else { 20 };
            scene.call(minutes, &request("rule ", &said[start..start + turns]));
            scene.call(1, &request("rule ", &["aside"]));
        }
    }
    for turns in 1..4 {
        let marks = scene.marks(&request("rule ", &said[..turns]));
        let ttls: Vec<_> = marks.iter().map(|mark| mark.ttl).collect();
        assert!(ttls.is_sorted_by(|one, other| one >= other), "{marks:?}");
    }
}

#[test]
fn each_miss_has_its_name() {
    let mut scene = Scene::used_to("rule ");
    assert_eq!(reason(scene.call(1, &request("rule ", &["d"]))), None, "it is read");
    assert_eq!(reason(scene.call(6, &request("rule ", &["e"]))), Some(CacheMissReason::Expired));
    assert_eq!(reason(scene.call(1, &request("rule ", &["f"]))), None);
    scene.model = OPUS;
    assert_eq!(reason(scene.call(1, &request("rule ", &["g"]))), Some(CacheMissReason::ModelChanged));
    assert_eq!(reason(scene.call(1, &request("rule ", &["h"]))), None);
    let mut with_tool = request("rule ", &["i"]);
    with_tool.tools = vec![Tool { name: "t".into(), description: String::new(), input_schema: "{}".into() }];
    assert_eq!(reason(scene.call(1, &with_tool)), Some(CacheMissReason::ToolsChanged));
    let mut changed = request("rule ", &["j"]);
    changed.tools.clone_from(&with_tool.tools);
    let system = changed.system.as_mut().expect("it has one");
    system.replace_range(5_000..5_001, "R");
    let tools = Outline::of(&changed).expect("a turn").tools.1;
    let missed = scene.call(1, &changed).1.expect("a miss");
    assert_eq!(missed.reason, CacheMissReason::PrefixChanged { at: tools + 5_000 });
    assert!(missed.tokens > TOKENS / 2);
    // The host does not keep what an agent is new to; where one marks its own, the first time is a miss by name.
    let mut fresh = Scene::new();
    let first = Outline::of(&request("rule ", &["a"])).expect("a turn");
    let own = [Mark { place: first.whole().place, ttl: CacheTtl::FiveMinutes }];
    let written = Usage { cache_write_5m_tokens: TOKENS, ..Usage::default() };
    let missed = fresh.told(&first, &own, &written, WHOSE);
    assert_eq!(missed, Some(Missed { reason: CacheMissReason::First, tokens: TOKENS }));
    let nothing = Usage { input_tokens: TOKENS, ..Usage::default() };
    let missed = Scene::new().told(&first, &own, &nothing, WHOSE);
    assert_eq!(missed, Some(Missed { reason: CacheMissReason::BelowMinimum, tokens: TOKENS }));
    // What was kept when it was as long is long enough.
    let missed = fresh.told(&first, &own, &nothing, WHOSE);
    assert_eq!(missed, Some(Missed { reason: CacheMissReason::Expired, tokens: TOKENS }));
    assert_eq!(fresh.told(&first, &[], &nothing, WHOSE), None, "what is not marked is read nowhere");
}

#[test]
fn a_conversation_whose_past_was_rewritten_says_where() {
    let mut scene = Scene::new();
    let job = JobId::new(scene.now, 1);
    let whose = Whose { job: Some(job), ..WHOSE };
    let said: Vec<String> = (0..9).map(|n| format!("turn {n} ").repeat(400)).collect();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    for turns in 1..4 {
        let plain = Request { system: None, ..request("", &said[..turns]) };
        scene.call_of(1, &plain, whose);
    }
    let rewritten = Request { system: None, ..request("", &[said[5], said[1], said[2], said[3]]) };
    let missed = scene.call_of(1, &rewritten, whose).1.expect("a miss");
    let before = Outline::of(&rewritten).expect("a turn").tools.1;
    let CacheMissReason::PrefixChanged { at } = missed.reason else { panic!("{missed:?}") };
    assert!((before..before + 100).contains(&at), "{at} is where the first turn begins");
}

#[test]
fn the_shortest_prefix_is_learnt_within_reason() {
    let mut scene = Scene::used_to("rule ");
    let outline = Outline::of(&request("rule ", &["z"])).expect("a turn");
    let marks = [Mark { place: Place::Turn(0), ttl: CacheTtl::FiveMinutes }];
    let told =
        |input, cached| Usage { input_tokens: input, cache_write_5m_tokens: cached, ..Usage::default() };
    scene.told(&outline, &marks, &told(u64::MAX / 2, 0), WHOSE);
    let minimum = scene.caches.habits.minimum(SONNET, scene.now);
    assert!(minimum <= 4 * 4_096 + 1, "an answer that lies does not switch caching off: {minimum}");
    scene.told(&outline, &marks, &told(0, 1_500), WHOSE);
    assert_eq!(scene.caches.habits.minimum(SONNET, scene.now), 1_500);
    assert_eq!(scene.caches.habits.minimum(OPUS, scene.now), 4_096);
}

/// What an answer says that kept nothing.
fn uncached() -> Usage {
    Usage { input_tokens: TOKENS, ..Usage::default() }
}

#[test]
fn one_answer_that_keeps_nothing_switches_nothing_off_that_was_kept() {
    let mut scene = Scene::used_to("rule ");
    let outline = Outline::of(&request("rule ", &["d"])).expect("a turn");
    let marks = scene.marks(&request("rule ", &["d"]));
    assert!(!marks.is_empty());
    let missed = scene.told(&outline, &marks, &uncached(), WHOSE);
    assert_ne!(missed.map(|missed| missed.reason), Some(CacheMissReason::BelowMinimum));
    assert!(!scene.marks(&request("rule ", &["e"])).is_empty(), "it was kept before, and is asked for again");
}

#[test]
fn what_is_held_to_be_too_short_is_tried_again_after_an_hour() {
    let mut scene = Scene::new();
    let outline = Outline::of(&request("rule ", &["a"])).expect("a turn");
    let own = [Mark { place: outline.whole().place, ttl: CacheTtl::FiveMinutes }];
    for minutes in [0, 1, 1] {
        scene.now = scene.now + Duration::from_mins(minutes);
        scene.told(&outline, &own, &Usage { input_tokens: 6_000, ..Usage::default() }, WHOSE);
    }
    let minimum = scene.caches.habits.minimum(SONNET, scene.now);
    assert_eq!(minimum, 6_001, "its model kept nothing of that length");
    scene.now = scene.now + Duration::from_mins(61);
    let minimum = scene.caches.habits.minimum(SONNET, scene.now);
    assert_eq!(minimum, 4_096);
}

#[test]
fn a_model_that_never_has_what_it_was_to_keep_is_not_paid_for_keeping_it() {
    let mut scene = Scene::used_to("rule ");
    let mut marked = 0;
    for turn in 0..80 {
        scene.now = scene.now + Duration::from_secs(30);
        let request = request("rule ", &[&format!("turn {turn}")]);
        let (outline, marks) = (Outline::of(&request).expect("a turn"), scene.marks(&request));
        marked += usize::from(!marks.is_empty());
        let written = Usage { cache_write_5m_tokens: TOKENS, ..Usage::default() };
        let usage = if marks.is_empty() { uncached() } else { written };
        scene.told(&outline, &marks, &usage, WHOSE);
    }
    assert!((1..10).contains(&marked), "{marked} of 80");
}

#[test]
fn another_agents_use_of_a_prompt_does_not_hide_that_it_comes_too_late() {
    for first in ["writer", "another"] {
        let mut scene = Scene::new();
        let prompt = |turn: u64| request("rule ", &[&format!("turn {turn}")]);
        scene.call_of(1, &prompt(0), Whose { who: first, job: None });
        scene.now = scene.now + Duration::from_mins(61);
        for turn in 1..6 {
            scene.call(10, &prompt(turn));
        }
        let marked = (6..60).filter(|turn| !scene.call(61, &prompt(*turn)).0.is_empty()).count();
        assert!(marked < 6, "{first} began, and {marked} of 54 hourly uses were kept for nothing");
    }
}

#[test]
fn what_one_agent_provokes_takes_nothing_from_another() {
    let mut scene = Scene::used_to("rule ");
    let prompt = request("rule ", &["d"]);
    let outline = Outline::of(&prompt).expect("a turn");
    let rival = Whose { who: "rival", job: None };
    // A rival whose reads find nothing, and whose marks are refused.
    let own = [Mark { place: Place::Stem, ttl: CacheTtl::FiveMinutes }];
    let written = Usage { cache_write_5m_tokens: TOKENS, ..Usage::default() };
    for _ in 0..50 {
        scene.told(&outline, &own, &written, rival);
    }
    scene.caches.refuse(rival.who, scene.now);
    assert!(scene.caches.are_refused(rival.who, scene.now));
    assert!(!scene.caches.are_refused(WHOSE.who, scene.now));
    assert!(!scene.marks(&prompt).is_empty());
    let asked = AskedModel { row: &row(SONNET), tokens: TOKENS, now: scene.now };
    assert_eq!(scene.caches.marks(&outline, rival.who, &asked), [], "it is not paid for in vain");
    assert!(!scene.caches.are_refused(rival.who, scene.now + Duration::from_hours(1)));
}
