//! What agents' prompts have in common is kept in the models' caches for as long as pays: by the simulator's own bill,
//! beside the same calls without it.

mod clocked;
#[path = "prompt_cache/early.rs"]
mod early;
#[path = "prompt_cache/refresh.rs"]
mod refresh;
mod scene;

use anvil_gateway::{Ask, CallEnd, Gateway};
use anvil_sim::{Sim, Span};
use anvil_types::{
    Asker, CacheMissReason, CallRecord, ContentBlock, DrivenClock, JobAsker, Limits, Message, Role,
    SystemClock,
};
use clocked::Same;
use scene::{Setting, ask, claimed, limits, store};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// A text of some 6,000 tokens that no other number has.
fn long(number: usize) -> String {
    (0..1_500).fold(format!("Rules, {number}:"), |mut text, line| {
        let _ = write!(text, " rule {line} holds.");
        text
    })
}

/// A call: how many minutes after the one before it, its system's text, and what is said in turn.
struct Step {
    minutes: u64,
    system: Option<String>,
    turns: Vec<String>,
}

fn step(minutes: u64, system: usize, turns: &[&str]) -> Step {
    Step { minutes, system: Some(long(system)), turns: turns.iter().map(|turn| (*turn).to_owned()).collect() }
}

fn of(step: &Step, mut question: Ask) -> Ask {
    question.request.system.clone_from(&step.system);
    question.request.messages = step
        .turns
        .iter()
        .enumerate()
        .map(|(at, text)| Message {
            role: if at % 2 == 0 { Role::User } else { Role::Assistant },
            content: vec![ContentBlock::Text { text: text.clone() }],
        })
        .collect();
    question
}

/// What the simulator charges for these calls, in nano-dollars, and what the ledger says of each.
async fn bill(steps: &[Step], prompt_cache: bool, restart_before: Option<usize>) -> (i64, Vec<CallRecord>) {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits { max_input_tokens: 500_000, ..limits(1_000_000_000_000) };
    let setting = Setting { limits, clock: clock.clone(), ..Setting::script(r#"{"items": []}"#) };
    let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(Same::as_it_is(clock.clone())))
        .await
        .expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    let config = || anvil_gateway::GatewayConfig { prompt_cache, ..setting.config(sim.base_url()) };
    let start = || async { Gateway::start(config(), store.clone(), clock.clone()).await.expect("a gateway") };
    let mut gateway = start().await;
    for (number, step) in steps.iter().enumerate() {
        clock.advance(Duration::from_mins(step.minutes));
        if restart_before == Some(number) {
            gateway = start().await;
        }
        let mut question = of(step, ask(&job, u32::try_from(number).expect("few"), ""));
        let Asker::Job(asker) = &question.asker else { unreachable!("a job asks") };
        question.asker = Asker::Job(JobAsker { attempt: 1, ..asker.clone() });
        let end = gateway.call(question).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    let calls = store.calls(job.job.id).await.expect("calls");
    let spent: i64 = calls.iter().map(|call| call.cost.get()).sum();
    let bill = sim.bill().nano_dollars;
    assert_eq!(spent, bill, "the ledger says what was charged");
    assert!(calls.iter().all(|call| call.cost <= call.hold), "no call costs more than its hold");
    (bill, calls)
}

/// By how many thousandths it is cheaper.
async fn saved(steps: &[Step]) -> i64 {
    let (plain, _) = bill(steps, false, None).await;
    let (kept, _) = bill(steps, true, None).await;
    println!("{plain} nano-dollars without, {kept} with");
    (plain - kept) * 1_000 / plain
}

#[tokio::test]
async fn a_system_that_comes_again_within_minutes_is_read_from_the_third_time_on() {
    let steps: Vec<_> = (0..12).map(|n| step(1, 0, &[&format!("What is {n}?")])).collect();
    let (_, calls) = bill(&steps, true, None).await;
    let read: Vec<_> = calls.iter().map(|call| call.usage.cache_read_tokens > 5_000).collect();
    // The first use says nothing, the second that such prompts come again: it is written.
    assert_eq!(read[..3], [false, false, true]);
    assert!(read[2..].iter().all(|read| *read), "{read:?}");
    assert!(saved(&steps).await > 600);
}

#[tokio::test]
async fn one_that_comes_every_twenty_minutes_is_kept_for_an_hour() {
    let steps: Vec<_> = (0..12).map(|n| step(20, 0, &[&format!("What is {n}?")])).collect();
    let (_, calls) = bill(&steps, true, None).await;
    assert!(calls.iter().any(|call| call.usage.cache_write_1h_tokens > 5_000));
    assert!(calls.iter().all(|call| call.usage.cache_write_5m_tokens == 0));
    assert!(saved(&steps).await > 500);
}

#[tokio::test]
async fn what_never_comes_again_or_too_late_is_not_written() {
    let other: Vec<_> = (0..6).map(|n| step(1, n, &["What?"])).collect();
    assert_eq!(saved(&other).await, 0);
    let late: Vec<_> = (0..6).map(|n| step(90, 0, &[&format!("What is {n}?")])).collect();
    assert_eq!(saved(&late).await, 0);
}

#[tokio::test]
async fn a_conversation_that_goes_on_reads_what_was_said() {
    let said: Vec<String> = (0..15).map(|n| long(n)[..4_000].to_owned()).collect();
    let conversation = (0..8).map(|n| Step { minutes: 1, system: None, turns: said[..=2 * n].to_vec() });
    let steps: Vec<_> = conversation.collect();
    let (_, calls) = bill(&steps, true, None).await;
    let last = &calls.last().expect("a call").usage;
    assert!(last.cache_read_tokens > last.prompt_tokens() * 8 / 10, "{last:?}");
    assert!(saved(&steps).await > 400);
}

#[tokio::test]
async fn what_was_learnt_of_an_agent_is_known_after_a_restart() {
    let steps: Vec<_> = (0..8).map(|n| step(2, n / 4, &[&format!("What is {n}?")])).collect();
    let (_, calls) = bill(&steps, true, Some(4)).await;
    // A system that is new, of an agent whose systems come again: it is written at once.
    assert!(calls[4].usage.cache_write_5m_tokens > 5_000, "{:?}", calls[4].usage);
    assert!(calls[5].usage.cache_read_tokens > 5_000);
}

#[tokio::test]
async fn a_prompt_that_the_request_marks_itself_is_left_as_it_is() {
    let scene = Setting::script(r#"{"items": []}"#).scene().await;
    for position in 0..2 {
        let mut question = of(&step(0, 0, &["What?"]), ask(&scene.job, position, ""));
        question.request.options =
            vec![("cache_control".into(), r#"{"type":"ephemeral","ttl":"1h"}"#.into())];
        let end = scene.gateway.call(question).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    let calls = scene.store.calls(scene.job.job.id).await.expect("calls");
    assert!(calls[0].usage.cache_write_1h_tokens > 5_000 && calls[0].usage.input_tokens == 0);
    assert!(calls[1].usage.cache_read_tokens > 5_000 && calls[1].usage.input_tokens == 0);
}

#[tokio::test]
async fn short_prompts_are_never_marked() {
    let steps: Vec<_> = (0..6)
        .map(|_| Step { minutes: 1, system: Some("Be short.".into()), turns: vec!["What?".into()] })
        .collect();
    let (_, calls) = bill(&steps, true, None).await;
    assert!(calls.iter().all(|call| call.usage.cached_tokens() == 0));
    assert_eq!(saved(&steps).await, 0);
}

#[tokio::test]
async fn the_ledger_names_each_miss_and_what_was_saved() {
    let steps = [
        step(1, 0, &["What?"]),
        step(1, 0, &["And?"]),
        step(1, 0, &["And then?"]),
        step(7, 0, &["Late?"]),
        step(1, 0, &["Again?"]),
        step(1, 1, &["Other?"]),
    ];
    let (with, calls) = bill(&steps, true, None).await;
    let (without, _) = bill(&steps, false, None).await;
    let reasons: Vec<_> = calls.iter().map(|call| call.miss.map(|miss| miss.reason)).collect();
    // Both systems begin alike: "Rules, 0:" and "Rules, 1:".
    let changed = CacheMissReason::PrefixChanged { at: "Rules, ".len() as u64 };
    let first = Some(CacheMissReason::First);
    assert_eq!(reasons, [None, first, None, Some(CacheMissReason::Expired), None, Some(changed)]);
    let saved: i64 = calls.iter().map(|call| call.saved.get()).sum();
    assert_eq!(without - with, saved, "what is shown as saved is the difference, to the nano-dollar");
    assert!(calls.iter().all(|call| call.miss.is_none_or(|miss| miss.cost.get() > 0)));
}

/// A gateway whose agent's prompts have come again, with a simulator that takes a while to begin an answer.
async fn slow(script: &str) -> (scene::Scene, Arc<DrivenClock>) {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits { max_input_tokens: 500_000, ..limits(1_000_000_000_000) };
    let mut setting = Setting { limits, clock: clock.clone(), ..Setting::script(script) };
    setting.sim.latency.first_byte_ms = Span::Fixed(300);
    setting.first_byte = Duration::from_mins(10);
    let scene = setting.scene().await;
    for position in 0..3 {
        let end = scene.gateway.call(of(&step(0, 0, &["What?"]), ask(&scene.job, position, ""))).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    (scene, clock)
}

#[tokio::test]
async fn of_prompts_that_begin_the_same_one_is_under_way_before_the_others_go_out() {
    let (scene, _) = slow(r#"{"items": []}"#).await;
    let question =
        |position| of(&step(0, 1, &[&format!("What is {position}?")]), ask(&scene.job, position, ""));
    let calls: Vec<_> = (3..9).map(|position| scene.gateway.call(question(position))).collect();
    for call in calls {
        let end = call.wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    let calls = scene.store.calls(scene.job.job.id).await.expect("calls");
    let stems =
        |of: fn(&anvil_types::Usage) -> u64| calls[3..].iter().filter(|call| of(&call.usage) > 5_000).count();
    let written = stems(|usage| usage.cache_write_5m_tokens + usage.cache_write_1h_tokens);
    assert_eq!((written, stems(|usage| usage.cache_read_tokens)), (1, 5));
}

#[tokio::test]
async fn nobody_is_held_up_for_another_by_more_than_half_a_minute() {
    let script = r#"{"items": [{"text": "Yes."}, {"text": "Yes."}, {"text": "Yes."}, {"text": "Late.", "fault": "hang:3000"}]}"#;
    let (scene, clock) = slow(script).await;
    let question = |position| of(&step(0, 1, &["What?"]), ask(&scene.job, position, ""));
    let first = scene.gateway.call(question(3));
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while scene.sim.log(0, 100).len() < 4 {
        assert!(tokio::time::Instant::now() < end, "the first goes out");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut second = Box::pin(scene.gateway.call(question(4)).wait());
    let early = tokio::time::timeout(Duration::from_secs(1), &mut second).await;
    assert!(early.is_err(), "it waits for what the first writes: {early:?}");
    assert_eq!(scene.sim.log(0, 100).len(), 4, "nothing of it has gone out");
    clock.advance(Duration::from_secs(31));
    let end = tokio::time::timeout(Duration::from_secs(20), second).await.expect("it goes out by itself");
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    drop(first);
}
