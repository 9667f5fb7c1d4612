//! Before a call is held back, what it costs that its prompt leaves its model's cache meanwhile is weighed.

use super::clocked::Same;
use super::scene::{Setting, ask, claimed, limits, store};
use super::{of, step};
use anvil_budget::PressureSteps;
use anvil_gateway::{Ask, CallEnd, Gateway};
use anvil_sim::Sim;
use anvil_types::{
    CacheMissReason, CallRecord, DrivenClock, Effort, Limits, Nanodollars, Priority, SystemClock, WaitReason,
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
