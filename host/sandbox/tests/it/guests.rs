//! How attempts end that break nothing.

use crate::bench::{Bench, host, result};
use anvil_sandbox::testing::{Answer, GUESTS, GuestBuilder, Recorder, hostile, small_limits};
use anvil_sandbox::{AttemptEnd, AttemptLimits, CancellationToken, Stop};
use anvil_types::{Json, StateAsk};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_succeeds() {
    let bench = Bench::with(&[GuestBuilder::quiet("quiet")]).await;
    assert_eq!(result(&bench.run("quiet", &host(), small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_own_failure_keeps_its_word() {
    let bench = Bench::of("fails").await;
    let end = bench.run("fails", &host(), small_limits()).await;
    let AttemptEnd::Failed(error) = end else { panic!("{end:?}") };
    assert_eq!((error.kind.as_str(), error.message.as_str()), ("invalid-input", "the payload has no field"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_no_json_is_a_bad_reply() {
    let bench = Bench::of("returns-no-json").await;
    let end = bench.run("returns-no-json", &host(), small_limits()).await;
    let AttemptEnd::Failed(error) = end else { panic!("{end:?}") };
    assert_eq!(error.kind, "bad-reply");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_reaches_the_host_and_its_reply_the_guest() {
    let bench = Bench::of("asks-claude").await;
    let host = host();
    assert_eq!(result(&bench.run("asks-claude", &host, small_limits()).await), "0");
    assert_eq!(host.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_people_reaches_the_host_and_the_answer_the_guest() {
    let bench = Bench::of("asks-a-person").await;
    let host = host();
    assert_eq!(result(&bench.run("asks-a-person", &host, small_limits()).await), "\"yes\"");
    let asked = host.questions();
    assert_eq!((asked.len(), asked[0].prompt.as_str()), (1, "Ship it?"));
    assert_eq!(asked[0].details.as_deref(), Some("**Now** <b>or</b> [never](http://x.test).\n"));
    let choices: Vec<_> = asked[0].choices.iter().map(|choice| choice.value.as_str()).collect();
    assert_eq!(choices, ["yes", "no"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_asks_people_a_million_times_reaches_the_host_a_thousand_times() {
    let bench = Bench::of("asks-people-a-million-times").await;
    let host = host();
    let limits = AttemptLimits {
        cpu_time: Duration::from_mins(1),
        wall_time: Duration::from_mins(2),
        ..small_limits()
    };
    assert_eq!(result(&bench.run("asks-people-a-million-times", &host, limits).await), "1000");
    assert_eq!(host.questions().len(), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_fills_its_state_is_told_which_kind_of_refusal_it_met() {
    let bench = Bench::of("fills-its-state").await;
    let host = host();
    let end = bench.run("fills-its-state", &host, small_limits()).await;
    let AttemptEnd::Failed(error) = end else { panic!("{end:?}") };
    assert_eq!(error.kind, "quota", "{error:?}");
    assert_eq!(error.message, "the agent keeps 5 of 5 keys (state_keys); delete some first");
    let keys: Vec<_> = host
        .state_asks()
        .into_iter()
        .map(|ask| match ask {
            StateAsk::Set { key, value } if value.len() == 8 => key.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(keys, ["a", "b", "c", "d", "e", "f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_a_guest_ends_its_attempt() {
    let bench = Bench::of("asks-claude").await;
    let host = Arc::new(Recorder::new(7, Answer::Stop(Stop::Parked)));
    assert_eq!(bench.run("asks-claude", &host, small_limits()).await, AttemptEnd::Stopped(Stop::Parked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_stops_a_guest_that_spins_and_one_that_waits() {
    let bench =
        Bench::with(&[hostile("spins-forever"), hostile("asks-claude"), hostile("sleeps-in-a-host-call")])
            .await;
    for name in ["spins-forever", "asks-claude", "sleeps-in-a-host-call"] {
        let cancel = CancellationToken::new();
        let host = Arc::new(Recorder::new(7, Answer::Never));
        let plugin = bench.plugin(name);
        let null = Json::null();
        let attempt = bench.sandbox.run(&plugin, "run", &null, host, small_limits(), &cancel);
        let mut attempt = std::pin::pin!(attempt);
        tokio::select! {
            end = &mut attempt => panic!("{name} ended by itself: {end:?}"),
            () = tokio::time::sleep(Duration::from_millis(200)) => cancel.cancel(),
        }
        let began = Instant::now();
        assert_eq!(attempt.await.end, AttemptEnd::Stopped(Stop::Cancelled), "{name}");
        // A tick is 10 ms; the rest is for a machine that does other things too.
        assert!(began.elapsed() < Duration::from_millis(250), "{name} took {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_guests_than_slots_take_turns() {
    let bench = Arc::new(Bench::of("asks-claude").await);
    let mut attempts = tokio::task::JoinSet::new();
    for job in 0..40 {
        let bench = Arc::clone(&bench);
        let host = Arc::new(Recorder::new(job, Answer::Reply(Duration::from_millis(20))));
        attempts.spawn(async move { bench.run("asks-claude", &host, small_limits()).await });
    }
    while let Some(end) = attempts.join_next().await {
        assert_eq!(result(&end.unwrap()), "0");
    }
}

#[test]
fn every_guest_of_the_gallery_can_be_built() {
    for (name, _) in GUESTS {
        assert!(!hostile(name).component().is_empty());
    }
}
