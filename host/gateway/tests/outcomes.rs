//! The outcome table of the design, against a simulator that keeps a bill of its own.

mod scene;

use anvil_gateway::{Ask, CallEnd};
use anvil_types::{CallErrorKind, CallState, ContentBlock, Nanodollars, Origin, UpstreamKind, WaitReason};
use scene::{Scene, ask, scene};
use std::time::Duration;

#[tokio::test]
async fn every_fault_leaves_the_money_that_the_table_says() {
    use CallState::{Released, Settled, Unknown};
    // The fault, the state of its call, and whether its cost is the whole hold.
    let table = [
        ("400", Released, false),
        ("401", Released, false),
        ("403", Released, false),
        ("404", Released, false),
        ("413", Released, false),
        ("500", Released, false),
        ("503", Released, false),
        ("529", Released, false),
        ("502", Unknown, true),
        ("504", Unknown, true),
        ("502+billed", Unknown, true),
        ("close", Unknown, true),
        ("close+billed", Unknown, true),
        ("hang:1", Unknown, true),
        ("cut:start", Unknown, true),
        ("cut:1", Unknown, false),
        ("cut:3", Unknown, false),
        ("cut:delta", Unknown, false),
        // All came but the end.
        ("cut:stop", Settled, false),
        ("error:2", Unknown, false),
        ("no-usage", Unknown, true),
        ("no-usage:final", Unknown, false),
        ("dup-delta", Settled, false),
    ];
    let items: Vec<_> = table.iter().map(|(fault, ..)| serde_json::json!({ "fault": fault })).collect();
    let scene = scene(&serde_json::json!(items).to_string(), 1_000_000_000_000).await;
    let mut known = Nanodollars::ZERO;
    for (position, (fault, state, whole)) in (0..).zip(table) {
        let before = scene.billed();
        let end = scene.call(position).await;
        let answer = scene::told(scene.store.as_ref(), end).await;
        let call = scene.last().await;
        assert_eq!(call.state, state, "{fault}: {answer:?}");
        // What came whole is kept, whatever is known of its cost.
        assert_eq!(answer.is_ok(), state == Settled || fault.starts_with("no-usage"), "{fault}");
        assert_eq!(call.cost == call.hold, whole, "{fault}: {} of {}", call.cost, call.hold);
        let billed = scene.billed() - before;
        assert!(call.cost >= billed, "{fault}: billed {billed}, counted {}", call.cost);
        if state == Settled {
            assert_eq!(call.cost, billed, "{fault}");
        }
        if let Err(error) = answer {
            assert_eq!(
                error.kind == CallErrorKind::UnknownOutcome,
                state == Unknown && !fault.starts_with('5'),
                "{fault}"
            );
            assert!(error.request_sent, "{fault}");
        }
        known += call.cost;
    }
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(spend.total.spent(), known);
    assert_eq!(spend.total.held, Nanodollars::ZERO);
    assert_eq!(spend.bounds_broken, 0);
    let job = scene.store.job(scene.job.job.id).await.expect("a read").expect("the job");
    assert_eq!((job.cost, job.held), (known, Nanodollars::ZERO));
}

#[tokio::test]
async fn an_answer_is_settled_and_journalled_with_its_exact_cost() {
    let scene = scene("[\"Hello there.\"]", 1_000_000_000_000).await;
    let CallEnd::Answered { answer: Ok(reply), .. } = scene.call(0).await else { panic!("no answer") };
    assert_eq!(reply.content, vec![ContentBlock::Text { text: "Hello there.".into() }]);
    assert_eq!((reply.origin, reply.model.as_str()), (Origin::Live, "claude-sonnet-5-5"));
    let call = scene.last().await;
    assert_eq!((call.state, call.cost), (CallState::Settled, scene.billed()));
    assert_eq!(
        (call.tags.as_slice(), call.price_row.as_str()),
        (["night".to_owned()].as_slice(), "claude-sonnet-5-5@2026-10-07")
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_pays_what_the_call_cost() {
    let slow = r#"[{"text": "one two three four five six seven eight nine ten", "latency": {"first_byte_ms": 50, "duration_ms": 600}}]"#;
    let scene = scene(slow, 1_000_000_000_000).await;
    let handle = scene.gateway.call(ask(&scene.job, 0, "Count."));
    while scene.gateway.report().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    drop(handle);
    tokio::time::timeout(Duration::from_secs(10), async {
        while scene.gateway.report().in_flight > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("drained");
    let call = scene.last().await;
    assert_eq!((call.state, call.cost), (CallState::Settled, scene.billed()));
}

#[tokio::test]
async fn a_connection_that_is_refused_releases_the_hold() {
    let Scene { sim, store, gateway, job, folder: _folder, .. } = scene("[]", 1_000_000_000_000).await;
    sim.shutdown().await;
    let end = gateway.call(ask(&job, 0, "Anyone?")).wait().await;
    assert!(matches!(&end, CallEnd::Park(wait) if wait.reason == WaitReason::Circuit), "{end:?}");
    let call = store.calls(job.job.id).await.expect("calls").pop().expect("a call");
    assert_eq!((call.state, call.cost), (CallState::Released, Nanodollars::ZERO));
}

#[tokio::test]
async fn many_at_once_never_pass_the_days_limit() {
    // A hold is about 0.0026 dollars and a call a hundredth of it, so calls come through as others settle.
    let day = 4_000_000;
    let items = r#"{"items": [{"text": "yes", "latency": {"first_byte_ms": 20}}], "repeat": true}"#;
    let scene = scene(items, day).await;
    let calls =
        (0..200).map(|position| scene.gateway.call(ask(&scene.job, position, "Say something.")).wait());
    let ends = futures_util::future::join_all(calls).await;
    let answered = ends.iter().filter(|end| matches!(end, CallEnd::Answered { answer: Ok(_), .. })).count();
    let waits = ends.iter().filter(|end| {
        matches!(end, CallEnd::Park(wait) if matches!(wait.reason, WaitReason::Money | WaitReason::Brake) && wait.until.is_some())
    });
    assert_eq!(answered + waits.count(), 200, "{ends:?}");
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert!(scene.billed() <= Nanodollars::new(day));
    assert_eq!(spend.total.spent(), scene.billed());
    assert_eq!(spend.total.held, Nanodollars::ZERO);
    // Held back by one hold at most, or by the brake at 95 %.
    let hold = scene.last().await.hold;
    let left = Nanodollars::new(day) - scene.billed();
    assert!(left < hold.max(Nanodollars::new(day / 20)), "{left} left, a hold is {hold}");
}

#[tokio::test]
async fn a_spend_cap_engages_the_brake() {
    let scene = scene(r#"[{"fault": "spend-cap"}]"#, 1_000_000_000_000).await;
    for position in 0..2 {
        let end = scene.call(position).await;
        assert!(
            matches!(&end, CallEnd::Park(wait) if wait.reason == WaitReason::Brake && wait.until.is_some())
        );
    }
    assert_eq!(scene.sim.log(0, 10).len(), 1, "the second did not go out");
}

#[tokio::test]
async fn a_request_that_is_refused_beforehand_costs_nothing_and_says_why() {
    let scene = scene("[]", 1_000_000_000_000).await;
    let refused = async |ask: Ask| match scene.gateway.call(ask).wait().await {
        CallEnd::Answered { answer: Err(error), .. } => {
            assert!(!error.request_sent);
            (error.kind, error.message)
        }
        end => panic!("{end:?}"),
    };
    let (kind, message) = refused(ask(&scene.job, 0, &"word ".repeat(10_000))).await;
    assert!(kind == CallErrorKind::TooLarge && message.contains("max_input_tokens"), "{message}");
    let mut unbounded = ask(&scene.job, 1, "Look.");
    unbounded.request.messages[0].content.push(ContentBlock::Other { json: r#"{"type":"document"}"#.into() });
    assert_eq!(refused(unbounded).await.0, CallErrorKind::UnboundedContent);
    let mut unknown = ask(&scene.job, 2, "Hello.");
    unknown.request.options.push(("temprature".into(), "1".into()));
    assert_eq!(refused(unknown).await.0, CallErrorKind::InvalidRequest);
    let mut empty = ask(&scene.job, 3, "");
    empty.request.messages.clear();
    assert_eq!(refused(empty).await.0, CallErrorKind::InvalidRequest);
    assert!(scene.store.calls(scene.job.job.id).await.expect("calls").is_empty());
}
