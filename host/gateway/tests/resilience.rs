//! Retries, the circuit, what is learnt, and an upstream that stops us.

mod scene;

use anvil_budget::CircuitReport;
use anvil_gateway::{CallEnd, Gateway};
use anvil_sim::RateLimits;
use anvil_store::AlertFilter;
use anvil_types::{
    AlertKind, AlertState, Bucket, CallState, Clock, DrivenClock, Nanodollars, Priority, SystemClock,
    UpstreamKind, Wait, WaitReason,
};
use scene::{Scene, Setting, ask, limits, store};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

fn faults(faults: &[&str]) -> String {
    let items: Vec<_> = faults.iter().map(|fault| serde_json::json!({ "fault": fault })).collect();
    serde_json::json!(items).to_string()
}

/// A scene on a clock that runs on quickly by itself.
async fn hurried(setting: Setting) -> (Scene, Hurry) {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let scene = Setting { clock: clock.clone(), ..setting }.scene().await;
    let task = tokio::spawn(async move {
        loop {
            clock.advance(Duration::from_millis(500));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    (scene, Hurry(task))
}

struct Hurry(tokio::task::JoinHandle<()>);

impl Drop for Hurry {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn until(what: &str, mut met: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !met().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), waiting).await.is_ok(), "never: {what}");
}

fn parked(end: CallEnd) -> Wait {
    match end {
        CallEnd::Park(wait) => wait,
        end => panic!("not parked: {end:?}"),
    }
}

#[tokio::test]
async fn what_may_go_better_is_tried_three_times_more_and_what_may_not_never() {
    use WaitReason::{Brake, Circuit};
    // The fault, how often it is asked, how many of these count as unknown, and what the job waits for then.
    let table = [
        ("500", 4, 0, Some(Circuit)),
        ("502", 4, 4, Some(Circuit)),
        ("503", 4, 0, Some(Circuit)),
        ("504", 4, 4, Some(Circuit)),
        ("529", 4, 0, Some(Circuit)),
        ("close", 4, 4, Some(Circuit)),
        ("cut:start", 4, 4, Some(Circuit)),
        ("error:0", 4, 0, Some(Circuit)),
        ("error:2", 4, 4, Some(Circuit)),
        ("400", 1, 0, None),
        ("401", 1, 0, Some(Brake)),
        ("402", 1, 0, Some(Brake)),
        ("404", 1, 0, None),
        ("413", 1, 0, None),
    ];
    let script: Vec<_> = table.iter().flat_map(|(fault, tries, ..)| vec![*fault; *tries]).collect();
    let (scene, _hurry) = hurried(Setting { retries: 3, ..Setting::script(&faults(&script)) }).await;
    for (position, (fault, tries, unknown, waits)) in (0..).zip(table) {
        let before = scene.store.calls(scene.job.job.id).await.expect("calls").len();
        match (scene.call(position).await, waits) {
            (CallEnd::Answered { answer: Err(_), .. }, None) => {}
            (CallEnd::Park(wait), Some(reason)) => {
                assert_eq!(wait.reason, reason, "{fault}");
                assert!(wait.until.is_some(), "{fault}: {wait:?}");
            }
            (end, _) => panic!("{fault}: {end:?}"),
        }
        scene.store.account_answers("the test goes on").await.expect("ended");
        let calls = scene.store.calls(scene.job.job.id).await.expect("calls").split_off(before);
        assert_eq!(calls.len(), tries, "{fault}");
        let states = calls.iter().filter(|call| call.state == CallState::Unknown).count();
        assert_eq!(states, unknown, "{fault}");
        assert!(calls.iter().all(|call| matches!(call.state, CallState::Unknown | CallState::Released)));
    }
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(spend.total.held, Nanodollars::ZERO);
}

#[tokio::test]
async fn a_pace_that_is_refused_is_waited_for_however_often() {
    let script = faults(&["429:1", "acceleration:1", "429-bare", "429:2", "429-bare"]);
    let (scene, _hurry) = hurried(Setting { retries: 0, ..Setting::script(&script) }).await;
    // Beyond half a minute the slot is given back; the job asks again.
    for _ in 0..6 {
        match scene.call(0).await {
            CallEnd::Answered { answer: Ok(_), .. } => break,
            CallEnd::Park(wait) => assert_eq!(wait.reason, WaitReason::Pace),
            end => panic!("{end:?}"),
        }
    }
    let calls = scene.store.calls(scene.job.job.id).await.expect("calls");
    assert_eq!(calls.len(), 6);
    assert_eq!(calls.iter().filter(|call| call.state == CallState::Released).count(), 5);
}

#[tokio::test]
async fn a_retry_that_succeeds_is_one_answer_paid_once() {
    let script = faults(&["529", "500"]);
    let (scene, _hurry) = hurried(Setting { retries: 3, ..Setting::script(&script) }).await;
    assert!(matches!(scene.call(0).await, CallEnd::Answered { answer: Ok(_), .. }));
    let calls = scene.store.calls(scene.job.job.id).await.expect("calls");
    let states: Vec<_> = calls.iter().map(|call| call.state).collect();
    assert_eq!(states, [CallState::Released, CallState::Released, CallState::Settled]);
    assert_eq!(calls.iter().map(|call| call.cost).fold(Nanodollars::ZERO, |a, b| a + b), scene.billed());
}

#[tokio::test]
async fn a_call_that_is_tried_again_goes_before_those_that_came_after_it() {
    // A request every fifteen seconds; the first call fails once, and two more come meanwhile.
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let slow = anvil_types::Limits { requests_per_minute: 4, ..limits(1_000_000_000_000) };
    let script = faults(&["503"]);
    let setting =
        Setting { retries: 3, burst: 1, limits: slow, clock: clock.clone(), ..Setting::script(&script) };
    let scene = setting.scene().await;
    let (tell, mut order) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..3 {
        let mut question = ask(&scene.job, number, "Say something.");
        question.terms.priority = Priority::Critical;
        question.terms.since = clock.now();
        let call = scene.gateway.call(question);
        let tell = tell.clone();
        tokio::spawn(async move {
            let end = call.wait().await;
            assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
            let _ = tell.send(number);
        });
        if number == 0 {
            clock.advance(Duration::from_secs(16));
            until("the first was refused", async || scene.sim.log(0, 10).len() == 1).await;
        }
    }
    until("the first is back in the queue", async || scene.gateway.report().waiting == 3).await;
    clock.advance(Duration::from_secs(15));
    assert_eq!(order.recv().await, Some(0));
}

#[tokio::test]
async fn a_retry_after_that_is_too_long_parks_the_job_and_stops_the_pool() {
    let setting = Setting { retries: 3, ..Setting::script(&faults(&["429:300"])) };
    let scene = setting.scene().await;
    let begun = scene.setting.clock.now();
    let wait = parked(scene.call(0).await);
    assert_eq!(wait.reason, WaitReason::Pace);
    assert!(wait.until.is_some_and(|until| until.since(begun) >= Duration::from_secs(299)));
    assert_eq!(scene.last().await.state, CallState::Released);
    let next = parked(scene.call(1).await);
    assert!(next.until.is_some_and(|until| until.since(begun) >= Duration::from_secs(290)), "{next:?}");
    assert_eq!(scene.sim.log(0, 10).len(), 1, "the second was not sent");
}

#[tokio::test]
async fn five_failures_open_the_circuit_and_one_success_closes_it() {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let script = faults(&["500", "529", "503", "504", "500", "500"]);
    let setting = Setting { circuit_failures: 5, clock: clock.clone(), ..Setting::script(&script) };
    let scene = setting.scene().await;
    let firing = async || {
        let filter = AlertFilter { states: vec![AlertState::Firing], after: None, limit: 10 };
        let alerts = scene.store.alerts(filter).await.expect("alerts").items;
        alerts.into_iter().filter(|alert| alert.kind == AlertKind::Circuit).count()
    };
    for position in 0..5 {
        assert_eq!(scene.gateway.report().circuit, CircuitReport::Closed { failures: position });
        assert_eq!(parked(scene.call(position).await).reason, WaitReason::Circuit);
    }
    until("an alert fires", async || firing().await == 1).await;
    let wait = parked(scene.call(5).await);
    assert_eq!(wait.reason, WaitReason::Circuit);
    let until_then = wait.until.expect("a time");
    assert!(until_then.since(clock.now()) > Duration::from_secs(50), "{wait:?}");
    assert_eq!(scene.sim.log(0, 10).len(), 5, "nothing went out");
    scene.store.park(scene.job.lease, wait).await.expect("parked");
    // The trial fails: open again, and no second alert.
    clock.advance(Duration::from_mins(1));
    let claim = anvil_store::Claim {
        agents: vec![anvil_store::ReadyAgent {
            name: "tester".into(),
            digest: "d".into(),
            settings: anvil_types::AgentValues::default(),
            warm: false,
        }],
        upstream: UpstreamKind::Simulated,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(3),
    };
    let job = scene.store.claim(claim.clone()).await.expect("a claim").pop().expect("its time has come");
    let trial = scene.gateway.call(ask(&job, 6, "Say something.")).wait().await;
    assert_eq!(parked(trial).reason, WaitReason::Circuit);
    assert_eq!(firing().await, 1);
    let wait = parked(scene.gateway.call(ask(&job, 7, "Say something.")).wait().await);
    // The next one finds it well: closed, resolved, and who waited goes on.
    clock.advance(Duration::from_mins(1));
    let far = Wait { until: Some(clock.now() + Duration::from_hours(1)), ..wait };
    scene.store.park(job.lease, far).await.expect("parked");
    let other = scene::claimed(scene.store.as_ref(), clock.as_ref()).await;
    let answer = scene.gateway.call(ask(&other, 8, "Say something."));
    assert!(matches!(answer.wait().await, CallEnd::Answered { answer: Ok(_), .. }));
    assert_eq!(scene.gateway.report().circuit, CircuitReport::Closed { failures: 0 });
    until("the alert is resolved", async || firing().await == 0).await;
    let resumed = async || {
        let job = scene.store.job(job.job.id).await.expect("a read").expect("the job");
        job.state == anvil_types::JobState::Queued
    };
    until("the job goes on", resumed).await;
}

#[tokio::test]
async fn a_refused_connection_counts_for_the_circuit_and_an_open_one_is_forgotten_with_the_host() {
    let setting = Setting { circuit_failures: 2, ..Setting::script("[]") };
    let Scene { sim, store, gateway, job, setting, folder: _folder } = setting.scene().await;
    let url = sim.base_url();
    sim.shutdown().await;
    for position in 0..2 {
        assert_eq!(
            parked(gateway.call(ask(&job, position, "Anyone?")).wait().await).reason,
            WaitReason::Circuit
        );
    }
    assert_eq!(parked(gateway.call(ask(&job, 2, "Anyone?")).wait().await).reason, WaitReason::Circuit);
    let filter = || AlertFilter { states: vec![AlertState::Firing], after: None, limit: 10 };
    let alerts = async || store.alerts(filter()).await.expect("alerts").items.len();
    until("it fires", async || alerts().await == 1).await;
    let next = Gateway::start(setting.config(url), store.clone(), setting.clock.clone()).await;
    assert_eq!(next.expect("a gateway").report().circuit, CircuitReport::Closed { failures: 0 });
    until("it is resolved", async || alerts().await == 0).await;
}

#[tokio::test]
async fn upstreams_own_spend_cap_brakes_until_next_month_a_persons_release_or_an_answer() {
    for fault in ["spend-cap", "org-limit"] {
        let clock = Arc::new(DrivenClock::new(SystemClock::new()));
        let setting =
            Setting { retries: 3, clock: clock.clone(), ..Setting::script(&faults(&[fault, fault, fault])) };
        let scene = setting.scene().await;
        assert_eq!(parked(scene.call(0).await).reason, WaitReason::Brake, "{fault}");
        assert_eq!(scene.sim.log(0, 10).len(), 1, "{fault} is not tried again");
        let causes = scene.store.brake().await.expect("the brake").causes;
        let ends = causes[0].until.expect("a time");
        assert!(ends.to_jiff().to_string().ends_with("-01T00:00:00Z"), "{fault}: {ends}");
        assert!(ends > clock.now() && ends.since(clock.now()) <= Duration::from_hours(31 * 24), "{fault}");
        let wait = parked(scene.call(1).await);
        assert_eq!(wait.reason, WaitReason::Brake);
        let trial = wait.until.expect("a time").since(clock.now());
        assert!(trial <= Duration::from_mins(15), "{fault}: one tries soon");
        assert_eq!(scene.sim.log(0, 10).len(), 1, "{fault}: it did not go out");
        // A person's release lets calls out again; the cap speaks up again where it still stands.
        scene.store.release_brake("ann", "the cap was raised").await.expect("released");
        assert_eq!(parked(scene.call(2).await).reason, WaitReason::Brake, "{fault}");
        // A quarter of an hour later one call tries, once.
        clock.advance(Duration::from_mins(16));
        assert_eq!(parked(scene.call(3).await).reason, WaitReason::Brake, "{fault}");
        assert_eq!(parked(scene.call(4).await).reason, WaitReason::Brake, "{fault}");
        assert_eq!(scene.sim.log(0, 10).len(), 3, "{fault}");
        // The next one is answered, and that is the end of it.
        clock.advance(Duration::from_mins(16));
        assert!(matches!(scene.call(5).await, CallEnd::Answered { answer: Ok(_), .. }), "{fault}");
        assert!(!scene.store.brake().await.expect("the brake").engaged(), "{fault}: it is over");
    }
}

#[tokio::test]
async fn a_limit_upstream_that_others_use_too_is_noticed() {
    let setting = Setting::script("[]");
    let hard = RateLimits {
        requests_per_minute: Some(20),
        input_tokens_per_minute: Some(50_000),
        output_tokens_per_minute: None,
    };
    let sim =
        anvil_sim::SimConfig { rate_limits: HashMap::from([("*".to_owned(), hard)]), ..setting.sim.clone() };
    let scene = Setting { sim, ..setting }.scene().await;
    let row = |bucket: Bucket| {
        let rows = scene.gateway.report().buckets;
        rows.into_iter().find(|row| row.bucket == bucket && row.pool.is_some()).expect("a row")
    };
    assert!(matches!(scene.call(0).await, CallEnd::Answered { answer: Ok(_), .. }));
    assert_eq!((row(Bucket::Requests).upstream_limit, row(Bucket::Requests).shared), (Some(20), false));
    assert_eq!(row(Bucket::Requests).limit, 20, "lower than the setting");
    // Somebody else asks with the same key.
    let other = reqwest::Client::new();
    for _ in 0..10 {
        let body = serde_json::json!({
            "model": "claude-sonnet-5-5", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}],
        });
        let request = other.post(format!("{}/v1/messages", scene.sim.base_url()));
        let request = request.header("x-api-key", "simulated").header("anthropic-version", "2023-06-01");
        let answer = request.json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    assert!(matches!(scene.call(1).await, CallEnd::Answered { answer: Ok(_), .. }));
    let requests = row(Bucket::Requests);
    assert!(requests.shared && requests.remaining.is_some_and(|left| left <= 10), "{requests:?}");
}

#[tokio::test]
async fn estimates_are_learnt_from_usage_shown_and_kept_over_a_restart() {
    let (scene, hurry) = hurried(Setting::script("[]")).await;
    let text = "Words that are counted by somebody else's tokenizer. ".repeat(40);
    for position in 0..30 {
        let end = scene.gateway.call(ask(&scene.job, position, &text)).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let report = scene.gateway.report();
    let error = report.input_error_percent.expect("something was learnt");
    assert!(error < 10.0, "{error}");
    assert!(report.output_error_percent.is_some_and(|error| error < 25.0), "{report:?}");
    // A minute later it is stored with the next answer.
    let (driven, key) = (scene.setting.clock.clone(), "estimates.simulated");
    driven.sleep(Duration::from_mins(2)).await;
    let _ = scene.gateway.call(ask(&scene.job, 99, &text)).wait().await;
    until("it is stored", async || scene.store.recall(key).await.expect("a read").is_some()).await;
    drop(hurry);
    let config = scene.setting.config(scene.sim.base_url());
    let next = Gateway::start(config, scene.store.clone(), driven).await.expect("a gateway");
    assert!(next.report().input_error_percent.is_some(), "it goes on where it was");
    let spend = scene.store.spend(UpstreamKind::Simulated).await.expect("the spend");
    assert_eq!(spend.bounds_broken, 0, "money is held by the bound, whatever was learnt");
}

#[tokio::test]
async fn a_cancelled_call_is_drained_for_a_bounded_time_and_a_host_that_stops_meanwhile_loses_nothing() {
    let drip = r#"[{"text": "one two three four five six", "fault": "drip:0.2"},
                   {"text": "one two three four five six", "fault": "drip:5"}]"#;
    let setting = Setting { drain: Duration::from_millis(2_500), ..Setting::script(drip) };
    let scene = setting.scene().await;
    let leave = async |position| {
        let handle = scene.gateway.call(ask(&scene.job, position, "Count."));
        until("it was sent", async || scene.sim.log(0, 10).len() > position as usize).await;
        drop(handle);
        scene.idle().await;
        scene.last().await
    };
    // Within the drain's time its true usage is known.
    let call = leave(0).await;
    assert_eq!((call.state, call.cost), (CallState::Settled, scene.billed()));
    // Beyond it the rest counts as all that it may have been.
    let call = leave(1).await;
    assert_eq!(call.state, CallState::Unknown);
    assert!(call.cost >= scene.billed() - scene.store.calls(scene.job.job.id).await.expect("calls")[0].cost);
}

#[test]
fn a_host_that_is_killed_while_it_drains_counts_the_hold() {
    let outer = tokio::runtime::Runtime::new().expect("a runtime");
    let drip = r#"[{"text": "one two three four five six", "fault": "drip:0.5"}]"#;
    let life = tokio::runtime::Runtime::new().expect("a runtime");
    let setting = Setting::script(drip);
    let sim = outer.block_on(anvil_sim::Sim::start(setting.sim.clone())).expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    life.block_on(async {
        let store = store(folder.path(), &setting.limits, &setting.clock);
        let job = scene::claimed(store.as_ref(), setting.clock.as_ref()).await;
        let gateway = Gateway::start(setting.config(sim.base_url()), store, setting.clock.clone()).await;
        let gateway = gateway.expect("a gateway");
        let handle = gateway.call(ask(&job, 0, "Count."));
        until("it was sent", async || sim.log(0, 10).len() == 1).await;
        drop(handle);
    });
    life.shutdown_timeout(Duration::from_secs(5));
    outer.block_on(async {
        let store = store(folder.path(), &setting.limits, &setting.clock);
        let spend = store.spend(UpstreamKind::Simulated).await.expect("the spend");
        assert!(spend.total.unknown > Nanodollars::ZERO);
        assert_eq!(spend.total.held, Nanodollars::ZERO);
        let bill = serde_json::to_value(sim.bill()).expect("a bill");
        assert!(spend.total.spent() >= Nanodollars::new(bill["nano_dollars"].as_i64().expect("a number")));
        // The next life's pace remembers what the earlier one may have used.
        let gateway = Gateway::start(setting.config(sim.base_url()), store, setting.clock.clone()).await;
        let rows = gateway.expect("a gateway").report().buckets;
        let output = rows.into_iter().find(|row| row.bucket == Bucket::OutputTokens).expect("a row");
        assert!(output.taken >= 200, "{output:?}");
    });
}

#[tokio::test]
async fn a_pace_that_is_refused_for_more_than_a_minute_is_told_once_until_a_call_is_answered() {
    let script = faults(&["429:30", "429:30", "429:30", "429:30", "429:30"]);
    let (scene, _hurry) = hurried(Setting { retries: 0, ..Setting::script(&script) }).await;
    until("it is answered", async || matches!(scene.call(0).await, CallEnd::Answered { answer: Ok(_), .. }))
        .await;
    assert_eq!(scene.sim.log(0, 100).len(), 6);
    let all = || AlertFilter { states: Vec::new(), after: None, limit: 100 };
    until("it is over", async || {
        let alerts = scene.store.alerts(all()).await.expect("alerts").items;
        alerts.iter().any(|alert| alert.state == AlertState::Resolved)
    })
    .await;
    let alerts = scene.store.alerts(all()).await.expect("alerts").items;
    let [alert] = alerts.as_slice() else { panic!("one alert: {alerts:#?}") };
    assert_eq!(alert.kind, AlertKind::Circuit);
    assert!(alert.title.contains("comes too fast"), "{}", alert.title);
}
