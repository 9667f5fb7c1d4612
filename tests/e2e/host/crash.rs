//! `kill -9` at random moments under load: nothing that was accepted is lost, and no dollar goes uncounted.

use crate::harness::{Answer, Host, Setup, Upstream, nanos, until};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How often the host is killed, unless `ANVIL_TEST_KILLS` says otherwise.
const KILLS: u64 = 5;
/// How long a life lasts, from its link on. At least long enough for every job to get an answer: a job that runs in
/// three crashes without a new one is given up as poison, so only one life in a row may be shorter.
const LIFE: [Duration; 2] = [Duration::from_millis(1_200), Duration::from_secs(3)];
/// How long a life lasts at most that may end before the host is ready, from its start on.
const BIRTH: Duration = Duration::from_millis(800);
/// Unfinished jobs that are kept waiting.
const CROWD: usize = 30;
const PATIENCE: Duration = Duration::from_secs(90);

fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What a job was asked to do.
#[derive(Clone, Debug)]
struct Asked {
    calls: u64,
    /// Claude refuses it.
    doomed: bool,
    after: Vec<String>,
    /// A job that it comes after fails, or one before that.
    orphaned: bool,
}

impl Asked {
    fn fails(&self) -> bool {
        self.doomed || self.orphaned
    }
}

/// Schedules that make a job every minute, each with another policy for the minutes that were missed.
const SCHEDULES: [&str; 2] = ["run_once", "run_all"];
/// How far the clock is driven at once: every schedule has a new time then.
const AHEAD: Duration = Duration::from_secs(61);
/// So that all that was spent stays within the rolling hour.
const MOST_DRIVES: u64 = 25;
/// Longer than all that the clock is driven: only a restart takes a job from who runs it.
const LEASE: Duration = Duration::from_hours(1);

/// The load and what is known of it.
struct Load {
    rng: StdRng,
    /// The submission that is under way: a life may end before its answer comes, and then it is made again.
    next: u64,
    pending: Option<(Asked, Value)>,
    accepted: BTreeMap<String, Asked>,
    looks: u64,
    drives: u64,
}

impl Load {
    fn draw(&mut self) -> (Asked, Value) {
        let (after, orphaned) = self.parents();
        let asked =
            Asked { calls: self.rng.random_range(1..=4), doomed: self.rng.random_bool(0.1), after, orphaned };
        let name = if asked.doomed { "doomed" } else { "plain" };
        let number = self.next;
        // One in four is for later: in this life or in one that follows.
        let later = self.rng.random_bool(0.25).then(|| {
            let wait = Duration::from_millis(self.rng.random_range(100..4_000));
            (jiff::Timestamp::now() + wait).to_string()
        });
        let body = json!({
            "agent": "asker",
            "action": "ask",
            "priority": (["critical", "high", "normal", "normal", "low"][self.rng.random_range(0..5)]),
            "run_at": later,
            "after": asked.after,
            "idempotency_key": format!("crash-{number}"),
            "payload": {
                "prompt": format!("{name} job {number}"),
                "calls": asked.calls,
                "together": self.rng.random_bool(0.3),
                "max_output_tokens": self.rng.random_range(50..400),
                "prompt_bytes": self.rng.random_range(50..2_000),
                "effort": (["simple", "standard", "complex"][self.rng.random_range(0..3)]),
            },
        });
        (asked, body)
    }

    // One job in three comes after one or two others, some of which fail.
    fn parents(&mut self) -> (Vec<String>, bool) {
        let mut after: Vec<String> = Vec::new();
        if self.accepted.is_empty() || !self.rng.random_bool(0.33) {
            return (after, false);
        }
        for _ in 0..self.rng.random_range(1..=2) {
            // The newest have mostly not ended yet.
            let back = self.rng.random_range(0..self.accepted.len().min(CROWD));
            let id = self.accepted.keys().rev().nth(back).expect("there are as many").clone();
            if !after.contains(&id) {
                after.push(id);
            }
        }
        let orphaned = after.iter().any(|id| self.accepted[id].fails());
        (after, orphaned)
    }

    /// Submits one job; the same one again where no answer came.
    async fn submit(&mut self, host: &Host) {
        if self.pending.is_none() {
            self.pending = Some(self.draw());
        }
        let (asked, body) = self.pending.clone().expect("drawn above");
        let Ok(answer) = host.rest().send(Method::POST, "/api/v1/jobs", Some(&body)).await else { return };
        // One that it was to come after has failed already: it is refused, and nothing is owed.
        if asked.orphaned && answer.status == StatusCode::UNPROCESSABLE_ENTITY {
            (self.pending, self.next) = (None, self.next + 1);
            return;
        }
        assert!(matches!(answer.status, StatusCode::CREATED | StatusCode::OK), "{}", answer.text());
        self.accepted.insert(answer.json()["id"].as_str().expect("an id").to_owned(), asked);
        self.pending = None;
        self.next += 1;
    }

    /// The bill first, then the ledger: what was billed by then is settled or held by now.
    async fn look(&mut self, host: &Host, upstream: &Upstream) -> usize {
        let bill = upstream.bill().await;
        let status = host.rest().status().await;
        let spend = &status["spend"];
        let counted = nanos(&spend["total_usd"]) + nanos(&spend["hour"]["held_usd"]);
        assert!(counted >= bill.nano_dollars, "the ledger has {counted}, the bill {}", bill.nano_dollars);
        self.looks += 1;
        let unfinished =
            ["running", "queued", "parked", "scheduled"].map(|state| status["queue"][state].as_u64());
        usize::try_from(unfinished.into_iter().flatten().sum::<u64>()).expect("a small number")
    }

    /// Lets a minute pass, so that the schedules have a new time.
    async fn drive(&mut self, host: &Host) {
        if self.drives < MOST_DRIVES && self.rng.random_bool(0.5) {
            self.drives += 1;
            // The life may end before its answer comes.
            let _ = ahead(host).await;
        }
    }

    /// Submits and looks for as long as it is let.
    async fn press(&mut self, host: &Host, upstream: &Upstream) {
        self.drive(host).await;
        loop {
            if self.look(host, upstream).await < CROWD {
                self.submit(host).await;
            }
        }
    }
}

async fn ahead(host: &Host) -> Result<Answer, reqwest::Error> {
    let ahead = json!({"advance_s": AHEAD.as_secs()});
    host.rest().send(Method::POST, "/api/v1/clock", Some(&ahead)).await
}

#[tokio::test]
async fn a_host_that_is_killed_at_random_moments_loses_no_job_and_no_dollar() {
    let kills = from_environment("ANVIL_TEST_KILLS", KILLS);
    let seed = from_environment("ANVIL_TEST_SEED", 4);
    println!("seed {seed} (ANVIL_TEST_SEED), {kills} kills (ANVIL_TEST_KILLS)");
    let upstream = Upstream::start().await;
    upstream.latency(&json!({"first_byte_ms": [20, 250], "duration_ms": [0, 150]})).await;
    upstream
        .script(&json!({"matches": [{"contains": "doomed", "items": [{"fault": "400"}], "repeat": true}]}))
        .await;
    let mut host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 12)
        .set("ANVIL_JOBS_LEASE_S", LEASE.as_secs())
        .prepare();
    host.start().await;
    for missed in SCHEDULES {
        let schedule = json!({
            "cron": "* * * * *", "missed": missed, "agent": "asker", "action": "ask",
            "payload": {"prompt": "a plain job of a schedule", "max_output_tokens": 50},
        });
        host.rest().put(&format!("/api/v1/schedules/{missed}"), &schedule).await;
    }
    host.kill().await;
    host.spawn();
    let rng = StdRng::seed_from_u64(seed);
    let mut load = Load { rng, next: 0, pending: None, accepted: BTreeMap::new(), looks: 0, drives: 0 };
    let (mut births, mut unborn) = (0, 0);
    let mut born = true;
    for _ in 0..kills {
        let begun = Instant::now();
        // The end of its time is the end of a life, whatever is under way.
        let left = if born {
            host.ready().await;
            load.rng.random_range(LIFE[0]..LIFE[1])
        } else {
            births += 1;
            let moment = BIRTH.mul_f64(load.rng.random::<f64>());
            let ready = timeout(moment, host.ready()).await.is_ok();
            unborn += u64::from(!ready);
            if ready { moment.saturating_sub(begun.elapsed()) } else { Duration::ZERO }
        };
        if !left.is_zero() {
            let _ = timeout(left, load.press(&host, &upstream)).await;
        }
        host.kill().await;
        // One life in three ends while it may still be starting.
        born = !born || load.rng.random_bool(0.5);
        host.spawn();
    }
    host.ready().await;
    if load.pending.is_some() {
        load.submit(&host).await;
    }
    // By chance no life may have been driven; each schedule has one time at least.
    ahead(&host).await.expect("nobody kills it any more");
    until("each schedule has made a job", PATIENCE, async || {
        let jobs = host.rest().jobs().await;
        SCHEDULES.iter().all(|name| jobs.iter().any(|job| of_schedule(job, name))).then_some(())
    })
    .await;
    // From here on nothing comes any more; what is under way ends.
    for missed in SCHEDULES {
        host.rest().post(&format!("/api/v1/schedules/{missed}/pause"), &json!({})).await;
    }
    until("all jobs end", PATIENCE, async || (load.look(&host, &upstream).await == 0).then_some(())).await;
    let figures = verify(&host, &upstream, &load).await;
    println!(
        "{kills} kills, {births} at birth, {unborn} before the host was ready; {figures}; {} looks",
        load.looks
    );
}

/// Judges what is left when all is at rest; gives the figures.
async fn verify(host: &Host, upstream: &Upstream, load: &Load) -> String {
    let rest = host.rest();
    let bill = until("upstream is idle", PATIENCE, async || {
        Some(upstream.bill().await).filter(|bill| bill.in_flight == 0)
    })
    .await;
    let all = rest.jobs().await;
    let ledger = rest.ledger().await;
    let (scheduled, jobs): (Vec<_>, Vec<_>) = all.iter().partition(|job| !job["schedule"].is_null());
    assert_eq!(jobs.len(), load.accepted.len(), "each submission is one job");
    let times = scheduled_once(&scheduled);
    let by_id: BTreeMap<&str, &Value> =
        all.iter().map(|job| (job["id"].as_str().expect("an id"), job)).collect();
    let mut tied = 0;
    for job in &jobs {
        let id = job["id"].as_str().expect("an id");
        let asked = &load.accepted[id];
        let expected = if asked.fails() { "failed" } else { "succeeded" };
        assert_eq!(job["state"], expected, "{job:#}");
        if asked.orphaned {
            assert_eq!(
                (&job["error"]["kind"], &job["started_at"]),
                (&json!("parent-failed"), &Value::Null),
                "{job:#}"
            );
        }
        for parent in asked.after.iter().filter(|_| !asked.orphaned) {
            tied += 1;
            let ended = by_id[parent.as_str()]["finished_at"].as_str();
            assert!(
                ended.is_some() && ended <= job["started_at"].as_str(),
                "it began before its parent ended: {job:#}"
            );
        }
        let time =
            |name: &str| job[name].as_str().map(|text| text.parse::<jiff::Timestamp>().expect("a time"));
        assert!(asked.orphaned || time("run_at") <= time("started_at"), "it began before its time: {job:#}");
        assert_eq!(nanos(&job["held_usd"]), 0, "{job:#}");
        let calls: Vec<&Value> = ledger.iter().filter(|call| call["job"] == id).collect();
        let settled = calls.iter().filter(|call| call["state"] == "settled").count() as u64;
        // What was answered once is never paid again.
        assert_eq!(settled, if asked.fails() { 0 } else { asked.calls }, "{calls:#?}");
        let paid: i64 = calls.iter().map(|call| nanos(&call["cost_usd"])).sum();
        assert_eq!(paid, nanos(&job["cost_usd"]), "{job:#}");
    }
    assert!(ledger.iter().all(|call| call["state"] != "held"), "money is held at idle");
    let spend = rest.status().await["spend"].clone();
    assert_eq!(nanos(&spend["hour"]["held_usd"]), 0);
    let total = nanos(&spend["total_usd"]);
    assert_eq!(total, ledger.iter().map(|call| nanos(&call["cost_usd"])).sum::<i64>());
    assert!(total >= bill.nano_dollars, "the ledger has {total}, the bill {}", bill.nano_dollars);
    let unknown: Vec<&Value> = ledger.iter().filter(|call| call["state"] == "unknown").collect();
    let unknown_sum: i64 = unknown.iter().map(|call| nanos(&call["cost_usd"])).sum();
    assert_eq!(unknown_sum, nanos(&spend["hour"]["unknown_usd"]));
    // What is not unknown is exact, so the ledger is above the bill by no more than the unknown.
    assert!(total - unknown_sum <= bill.nano_dollars, "the settled calls alone are above the bill");
    format!(
        "{} jobs, {tied} times after another, {times} of schedules, {} requests; ledger {total}, of which {} calls unknown with {unknown_sum}, bill {} (nano-dollars)",
        all.len(),
        bill.requests,
        unknown.len(),
        bill.nano_dollars
    )
}

fn of_schedule(job: &Value, name: &str) -> bool {
    job["schedule"].to_string().contains(name)
}

/// Each time of a schedule made one job, which succeeded. How many there were.
fn scheduled_once(jobs: &[&Value]) -> usize {
    let mut times = BTreeMap::new();
    for job in jobs {
        assert_eq!(job["state"], "succeeded", "{job:#}");
        let time = (job["schedule"].to_string(), job["run_at"].to_string());
        if let Some(other) = times.insert(time, job) {
            panic!("two jobs of one time: {job:#} and {other:#}");
        }
    }
    for missed in SCHEDULES {
        assert!(jobs.iter().any(|job| of_schedule(job, missed)), "the schedule {missed} has run");
    }
    times.len()
}

#[tokio::test]
async fn a_host_that_is_told_to_stop_leaves_nothing_unknown() {
    let upstream = Upstream::start().await;
    upstream.first_byte_after(Duration::from_millis(300)).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_PRESET", "unlimited-dev");
    let mut host = setup.start().await;
    let payload = json!({"prompt": "a long talk", "calls": 20, "max_output_tokens": 100});
    let id = host.rest().submit("asker", "ask", payload).await;
    until("some calls were made", PATIENCE, async || (upstream.bill().await.requests >= 3).then_some(()))
        .await;
    let (status, said) = host.stop().await;
    assert!(status.success(), "{status}: {said}");
    host.start().await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    let bill = upstream.bill().await;
    assert_eq!(bill.requests, 20, "a stop costs no call twice");
    assert_eq!((nanos(&job["cost_usd"]), nanos(&job["unknown_usd"])), (bill.nano_dollars, 0));
    let replies = job["result"]["replies"].as_array().expect("replies");
    let paid_before = replies.iter().filter(|reply| reply["origin"] == "journal").count();
    assert!((2..20).contains(&paid_before), "{paid_before} replies came from the journal");
}
