//! Before a call is held back, what it costs that its prompt leaves its model's cache meanwhile is weighed.

use super::clocked::Same;
use super::scene::{Setting, ask, claimed, limits, store};
use super::{of, step};
use anvil_budget::PressureSteps;
use anvil_gateway::{Ask, CallEnd, Gateway};
use anvil_sim::Sim;
use anvil_types::{
    CacheMissReason, CallRecord, Clock as _, DrivenClock, Effort, Limits, Nanodollars, Priority, SystemClock,
    WaitReason,
};
use std::sync::Arc;
use std::time::Duration;

/// A dear answer, of ten thousand tokens, behind three that are short.
const SCRIPT: &str = r#"{"items": [
    {"text": "Yes."}, {"text": "Yes."}, {"text": "Yes."},
    {"text": "Much.", "usage": {"input_tokens": 10, "output_tokens": 10000}},
    {"text": "Yes."}, {"text": "Yes."}]}"#;

/// Whether one of higher priority waits already when the warm one comes.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nobody,
    Higher,
}

/// A dollar an hour is spread evenly; a call that costs twelve minutes of that has gone out, and one whose prompt is in its
/// model's cache for two minutes more comes after it. Its entry in the ledger.
async fn comes_behind_a_dear_one(before: Before) -> CallRecord {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let setting = Setting {
        limits: Limits {
            hour_usd: Nanodollars::from_dollars(1),
            max_input_tokens: 500_000,
            max_output_tokens: 20_000,
            ..limits(1_000_000_000_000)
        },
        pressure: PressureSteps { throttle: Some(1), ..PressureSteps::NONE },
        clock: clock.clone(),
        ..Setting::script(SCRIPT)
    };
    let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(Same::as_it_is(clock.clone())));
    let sim = sim.await.expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    let gateway = Gateway::start(setting.config(sim.base_url()), store.clone(), clock.clone()).await;
    let gateway = gateway.expect("a gateway");
    let mut position = 0;
    let mut question = |text: &str| {
        position += 1;
        ask(&job, position, text)
    };
    let warm = |question: Ask| of(&step(0, 0, &["What?"]), question);
    let answered = async |question: Ask| {
        let end = gateway.call(question).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    };
    let held_back = async |question: Ask| match gateway.call(question).wait().await {
        CallEnd::Park(wait) => assert_eq!(wait.reason, WaitReason::Money, "{wait:?}"),
        end => panic!("{end:?}"),
    };
    for _ in 0..3 {
        clock.advance(Duration::from_mins(2));
        answered(warm(question(""))).await;
    }
    clock.advance(Duration::from_mins(1));
    let mut dear = question("Say much.");
    dear.request.effort = Some(Effort::Complex);
    dear.request.max_output_tokens = Some(10_000);
    answered(dear).await;
    clock.advance(Duration::from_mins(2));
    // One whose prompt is nowhere waits for its turn.
    held_back(of(&step(0, 1, &["What?"]), question(""))).await;
    let late = question("");
    if before == Before::Higher {
        let mut higher = question("Say something.");
        higher.terms.priority = Priority::High;
        held_back(higher.clone()).await;
        held_back(warm(late.clone())).await;
        clock.advance(Duration::from_mins(15));
        answered(higher).await;
        clock.advance(Duration::from_mins(15));
    }
    answered(warm(late)).await;
    let calls = store.calls(job.job.id).await.expect("calls");
    let spent: i64 = calls.iter().map(|call| call.cost.get()).sum();
    assert_eq!(spent, sim.bill().nano_dollars, "the ledger says what was charged");
    assert!(calls[..calls.len() - 1].iter().all(|call| call.early.is_none()));
    calls.last().expect("a call").clone()
}

#[tokio::test]
async fn one_whose_prompt_would_be_gone_by_its_turn_goes_out_now_and_says_why() {
    let now = comes_behind_a_dear_one(Before::Nobody).await;
    assert!(now.usage.cache_read_tokens > 5_000, "{:?}", now.usage);
    let why = now.early.expect("a reason");
    // Behind one of higher priority it waits, and writes anew what is gone.
    let late = comes_behind_a_dear_one(Before::Higher).await;
    assert_eq!((late.early, late.usage.cache_read_tokens), (None, 0));
    let miss = late.miss.expect("a miss");
    assert_eq!(miss.reason, CacheMissReason::Expired);
    assert!(late.cost > now.cost);
    println!("{why}; a miss costs {}", miss.cost);
    assert!(why.starts_with("its prompt would have left its model's cache at "), "{why}");
}

/// Asks until it goes out, and comes back whenever it is to.
async fn asks_until_it_goes(gateway: Gateway, clock: Arc<DrivenClock>, question: Ask) {
    loop {
        match gateway.call(question.clone()).wait().await {
            CallEnd::Answered { answer, .. } => {
                assert!(answer.is_ok(), "{answer:?}");
                return;
            }
            CallEnd::Park(wait) => {
                assert_eq!(wait.reason, WaitReason::Pace, "{wait:?}");
                clock.sleep_until(wait.until.expect("a time")).await;
            }
            end => panic!("{end:?}"),
        }
    }
}

/// Four requests a minute, for which many jobs wait, most of them parked; and each quarter of a minute one comes whose prompt is
/// about to be gone from its model's cache.
#[tokio::test]
async fn nobody_is_passed_for_more_than_half_a_minute_over_its_parks() {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let quarter = Duration::from_secs(15);
    let setting = Setting {
        limits: Limits { requests_per_minute: 4, max_input_tokens: 500_000, ..limits(1_000_000_000_000) },
        burst: 1,
        first_byte: Duration::from_mins(10),
        clock: clock.clone(),
        ..Setting::script(r#"{"items": [{"text": "Yes."}], "repeat": true}"#)
    };
    let sim = Sim::start_with_clock(setting.sim.clone(), Arc::new(Same::as_it_is(clock.clone())));
    let sim = sim.await.expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let mut jobs = Vec::new();
    for _ in 0..24 {
        clock.advance(Duration::from_secs(1));
        jobs.push(claimed(store.as_ref(), clock.as_ref()).await);
    }
    let gateway = Gateway::start(setting.config(sim.base_url()), store.clone(), clock.clone()).await;
    let gateway = gateway.expect("a gateway");
    // What came again within minutes says so of what comes after it: each of the last seven is kept for five minutes.
    for (position, system) in (1..).zip([7, 7, 7, 0, 1, 2, 3, 4, 5, 6]) {
        clock.advance(quarter + Duration::from_secs(1));
        let question = of(&step(0, system, &["What?"]), ask(&jobs[0], position, ""));
        asks_until_it_goes(gateway.clone(), clock.clone(), question).await;
    }
    // The first of them is gone in half a minute, the next a quarter later each.
    clock.advance(Duration::from_secs(174));
    let (others, warm) = jobs[1..].split_at(16);
    let begin = clock.now();
    let mut asked: Vec<_> = others.iter().map(|job| ask(job, 1, "What else?")).collect();
    asked.reverse();
    let mut fading = (0..).zip(warm).map(|(system, job)| of(&step(0, system, &["What?"]), ask(job, 1, "")));
    let mut tasks = tokio::task::JoinSet::new();
    let mut next = begin;
    while !asked.is_empty() || !tasks.is_empty() {
        while let Some(question) = asked.pop() {
            tasks.spawn(asks_until_it_goes(gateway.clone(), clock.clone(), question));
        }
        if next <= clock.now() {
            asked.extend(fading.next());
            next = next + quarter;
        }
        assert!(clock.now() < begin + Duration::from_mins(20), "{} wait", tasks.len());
        clock.advance(Duration::from_millis(500));
        tokio::time::sleep(Duration::from_millis(8)).await;
        while let Some(ended) = tasks.try_join_next() {
            ended.expect("it went out");
        }
    }
    let mut early = Vec::new();
    for job in warm {
        let calls = store.calls(job.job.id).await.expect("calls");
        early.extend(calls.into_iter().filter(|call| call.early.is_some()).map(|call| call.held_at));
    }
    assert!(!early.is_empty(), "some go early");
    for job in others {
        let went = store.calls(job.job.id).await.expect("calls")[0].held_at;
        let passed = u32::try_from(early.iter().filter(|at| **at < went).count()).expect("few");
        assert!(quarter * passed <= Duration::from_secs(30), "{passed} passed it");
    }
}
