//! Jobs that lose their host in the middle of a call: what was answered is never asked again, the call in flight is
//! counted as unknown, and only a job that gets nowhere is given up.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

/// How many jobs there are, each killed once in its third call.
const JOBS: usize = 20;
const CALLS: usize = 5;
/// The call in which the host is killed.
const FATAL: usize = 3;
/// In how many kills, unless `ANVIL_TEST_JOB_KILLS` says otherwise: 20 is one for each job.
const KILLS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than any test lasts.
const NEVER_MS: u64 = 3_600_000;

fn prompt(job: usize) -> String {
    format!("killed job {job:02}")
}

fn question(job: usize, call: usize) -> String {
    format!("{} ({call} of {CALLS})", prompt(job))
}

fn answer(job: usize, call: usize) -> String {
    format!("the answer to call {call} of job {job:02}")
}

/// Each call of each job has an answer of its own, and hangs before it where it is to be killed.
fn script() -> Value {
    let line = |job: usize, call: usize| {
        let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
        let answers = json!({"text": answer(job, call), "repeat": 1_000});
        let items = if call == FATAL { vec![hangs, answers] } else { vec![answers] };
        json!({"contains": question(job, call), "items": items})
    };
    let lines: Vec<Value> = (0..JOBS).flat_map(|job| (1..=CALLS).map(move |call| line(job, call))).collect();
    json!({"matches": lines})
}

/// The bill first, then the ledger: what was billed by then is settled or held by now.
async fn look(host: &Host, upstream: &Upstream) {
    let bill = upstream.bill().await.nano_dollars;
    let spend = host.rest().status().await["spend"].clone();
    let counted = nanos(&spend["total_usd"]) + nanos(&spend["hour"]["held_usd"]);
    assert!(counted >= bill, "the ledger has {counted}, the bill {bill}");
}

/// `kill -9`, seen by upstream too.
async fn kill(host: &mut Host, upstream: &Upstream) {
    host.kill().await;
    until("upstream sees that nobody listens", PATIENCE, async || {
        (upstream.bill().await.in_flight == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_job_that_runs_alone_after_three_crashes_is_named_to_all_that_wait_for_it() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}, "repeat": 1_000});
    upstream.script(&json!({"matches": [{"contains": "Hangs", "items": [hangs]}]})).await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 4)
        .set("ANVIL_LIMITS_AGENTS_MAX", 4)
        .start()
        .await;
    let ask = |prompt: &str| json!({"prompt": prompt, "calls": 1, "max_output_tokens": 100});
    for job in 0..2 {
        host.rest().submit("asker", "ask", ask(&format!("Hangs {job}"))).await;
    }
    for _ in 0..3 {
        until("both are under way", PATIENCE, async || (upstream.bill().await.in_flight == 2).then_some(()))
            .await;
        kill(&mut host, &upstream).await;
        host.start().await;
    }
    until("one runs", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(())).await;
    let other = host.rest().submit("asker", "ask", ask("Waits")).await;
    let waits = host.rest().job(&other).await["waiting_for"]["detail"].as_str().expect("it waits").to_owned();
    let running = host.rest().jobs().await.into_iter().find(|job| job["state"] == "running");
    let alone = running.expect("one runs")["id"].as_str().expect("an id").to_owned();
    assert!(waits.contains(&alone) && waits.contains("runs alone"), "{waits}");
    let idle = host.rest().status().await["why_idle"].clone();
    assert!(idle.as_str().is_some_and(|idle| idle.contains("runs alone")), "{idle}");
    host.rest().drive(Duration::from_secs(70), 1.0).await;
    until("people are told", PATIENCE, async || {
        let alerts = host.rest().all("/api/v1/alerts").await;
        alerts
            .iter()
            .any(|alert| alert["detail"].as_str().is_some_and(|detail| detail.contains(&alone)))
            .then_some(())
    })
    .await;
    for job in host.rest().jobs().await.iter().filter(|job| job["id"] != other.as_str()) {
        let id = job["id"].as_str().expect("an id");
        host.rest().post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await;
    }
    host.rest().succeeded(&other, PATIENCE).await;
    until("it is over", PATIENCE, async || {
        let alerts = host.rest().all("/api/v1/alerts").await;
        let told = |alert: &Value| alert["detail"].as_str().is_some_and(|detail| detail.contains(&alone));
        alerts.iter().filter(|alert| told(alert)).all(|alert| alert["state"] == "resolved").then_some(())
    })
    .await;
}

#[tokio::test]
async fn twenty_jobs_killed_once_each_in_their_third_call_pay_once_for_every_answer() {
    let kills = std::env::var("ANVIL_TEST_JOB_KILLS").ok().and_then(|text| text.parse().ok());
    let kills: usize = kills.unwrap_or(KILLS).clamp(1, JOBS);
    let at_once = JOBS.div_ceil(kills);
    let upstream = Upstream::start().await;
    upstream.script(&script()).await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", at_once)
        .set("ANVIL_LIMITS_AGENTS_MAX", at_once)
        .start()
        .await;
    let mut ids = Vec::new();
    for job in 0..JOBS {
        // Critical ones have every slot.
        let body = json!({
            "agent": "asker", "action": "ask", "priority": "critical",
            "payload": {"prompt": prompt(job), "calls": CALLS, "max_output_tokens": 200},
        });
        let job = host.rest().post("/api/v1/jobs", &body).await;
        ids.push(job["id"].as_str().expect("an id").to_owned());
    }
    let mut killed = 0;
    let mut deaths = 0;
    while killed < JOBS {
        let wave = at_once.min(JOBS - killed);
        until("as many as there are slots hang in their third call", PATIENCE, async || {
            look(&host, &upstream).await;
            (upstream.bill().await.in_flight == wave as u64).then_some(())
        })
        .await;
        kill(&mut host, &upstream).await;
        killed += wave;
        deaths += 1;
        host.start().await;
    }
    for id in &ids {
        host.rest().succeeded(id, PATIENCE).await;
    }
    look(&host, &upstream).await;
    let asked = upstream.asked().await;
    let ledger = host.rest().ledger().await;
    for (job, id) in ids.iter().enumerate() {
        let shown = host.rest().job(id).await;
        assert_eq!(shown["attempts"], 1, "a crash of the host is no attempt of the job: {shown:#}");
        assert_eq!(nanos(&shown["held_usd"]), 0);
        let replies = shown["result"]["replies"].as_array().expect("replies");
        let mut paid = 0;
        for call in 1..=CALLS {
            let times = if call == FATAL { 2 } else { 1 };
            assert_eq!(asked[&question(job, call)], times, "how often call {call} of job {job} was sent");
            assert_eq!(replies[call - 1]["text"], answer(job, call));
            let from = if call < FATAL { "journal" } else { "live" };
            assert_eq!(replies[call - 1]["origin"], from, "call {call} of job {job}");
            let calls: Vec<&Value> =
                ledger.iter().filter(|entry| entry["job"] == **id && entry["position"] == call - 1).collect();
            let states = |state: &str| calls.iter().filter(|entry| entry["state"] == state).count();
            assert_eq!((states("settled"), states("unknown")), (1, times - 1), "{calls:#?}");
            let unknown = calls.iter().find(|entry| entry["state"] == "unknown");
            assert!(unknown.is_none_or(|entry| entry["cost_usd"] == entry["hold_usd"]), "{unknown:#?}");
            paid += calls.iter().map(|entry| nanos(&entry["cost_usd"])).sum::<i64>();
        }
        assert_eq!(replies.len(), CALLS);
        assert_eq!(paid, nanos(&shown["cost_usd"]), "{shown:#}");
    }
    assert_eq!(ledger.len(), JOBS * (CALLS + 1));
    let (status, bill) = (host.rest().status().await, upstream.bill().await);
    assert_eq!(nanos(&status["spend"]["hour"]["held_usd"]), 0);
    println!(
        "{JOBS} jobs, {deaths} kills (ANVIL_TEST_JOB_KILLS), {} requests; ledger {}, of which {} unknown, bill {} nano-dollars",
        bill.requests,
        nanos(&status["spend"]["total_usd"]),
        nanos(&status["spend"]["hour"]["unknown_usd"]),
        bill.nano_dollars
    );
}

/// Kills the host while the one job that runs hangs in a call, and starts it again.
async fn crashed(host: &mut Host, upstream: &Upstream) {
    until("the job hangs", PATIENCE, async || (upstream.bill().await.in_flight == 1).then_some(())).await;
    kill(host, upstream).await;
    host.start().await;
}

#[tokio::test]
async fn a_job_that_gets_nowhere_in_three_crashes_is_poison_and_one_that_gets_on_is_not() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": NEVER_MS}});
    // Each call of the one hangs when it is asked first; the other's first hangs for ever.
    let gets_on = |call: usize| json!({"contains": format!("gets on ({call} of"), "items": [hangs, "well"]});
    let mut matches: Vec<Value> = (1..=CALLS).map(gets_on).collect();
    matches.push(json!({"contains": "gets nowhere", "items": [hangs], "repeat": true}));
    upstream.script(&json!({"matches": matches})).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let mut host = setup.start().await;
    let ask = async |host: &Host, prompt: &str| {
        host.rest().submit("asker", "ask", json!({"prompt": prompt, "calls": CALLS})).await
    };
    // Each alone, so that nobody else is a suspect.
    let nowhere = ask(&host, "gets nowhere").await;
    for crash in 1..=3 {
        crashed(&mut host, &upstream).await;
        let job = host.rest().job(&nowhere).await;
        assert_eq!(job["state"] == "failed", crash == 3, "crash {crash}: {job:#}");
    }
    let on = ask(&host, "gets on").await;
    for _ in 1..=CALLS {
        crashed(&mut host, &upstream).await;
    }
    let poisoned = host.rest().job(&nowhere).await;
    assert_eq!(poisoned["error"]["kind"], "poison", "{poisoned:#}");
    assert_eq!(
        nanos(&poisoned["cost_usd"]),
        nanos(&poisoned["unknown_usd"]),
        "three calls of unknown outcome"
    );
    let done = host.rest().succeeded(&on, PATIENCE).await;
    assert_eq!(
        (&done["attempts"], done["result"]["replies"].as_array().map(Vec::len)),
        (&json!(1), Some(CALLS))
    );
    let asked = upstream.asked().await;
    for call in 1..=CALLS {
        assert_eq!(
            asked[&format!("gets on ({call} of {CALLS})")],
            2,
            "call {call}: one was in flight, one answered"
        );
    }
    // A person may run it again: it has three crashes more.
    upstream.script(&json!({"items": []})).await;
    host.rest().post(&format!("/api/v1/jobs/{nowhere}/retry"), &json!({})).await;
    host.rest().succeeded(&nowhere, PATIENCE).await;
    look(&host, &upstream).await;
}
