//! The law from outside: no limit is passed by 400 calls at once, whatever happens in their middle.

use crate::harness::{Host, Setup, Upstream, nanos, until};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(2);

/// Jobs that ask at once,
const JOBS: u64 = 50;
/// and how many calls each of them asks for at once.
const CALLS: u64 = 8;
/// So many holds are paid by the limit.
const HOLDS: i64 = 20;
/// The most output of a call, and what it has.
const OUTPUT: i64 = 2_000;
const USED: i64 = 1_800;

struct Scene {
    upstream: Upstream,
    host: Host,
    /// The most that each call can cost, in nano-dollars.
    hold: i64,
    /// What was spent before.
    spent: i64,
    /// The limit of the day.
    limit: i64,
    jobs: Vec<String>,
}

fn in_dollars(nano: i64) -> serde_json::Value {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000).parse::<f64>().expect("a number").into()
}

/// 400 calls are on their way to a gateway whose day pays about twenty of them.
async fn four_hundred() -> Scene {
    let upstream = Upstream::start().await;
    let slots = JOBS + 2;
    let host = Setup::new()
        .agent("asker")
        .simulated_by(&upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_PRESSURE_THROTTLE", false)
        .set("ANVIL_PRESSURE_DOWNGRADE", false)
        .set("ANVIL_LIMITS_AGENTS_MIN", slots)
        .set("ANVIL_LIMITS_AGENTS_MAX", slots)
        .start()
        .await;
    let usage = json!({"input_tokens": 10, "output_tokens": USED, "inference_geo": "us"});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    let payload = |job: u64, calls: u64| {
        let prompt = format!("job {job:02}");
        json!({
            "prompt": prompt, "calls": calls, "together": true, "max_output_tokens": OUTPUT, "effort": "complex",
        })
    };
    // One call shows what each of them holds.
    let first = host.rest().submit("asker", "ask", payload(0, 1)).await;
    host.rest().succeeded(&first, PATIENCE).await;
    let hold = nanos(&host.rest().ledger().await[0]["hold_usd"]);
    let spent = upstream.bill().await.nano_dollars;
    let limit = spent + hold * HOLDS;
    host.rest().limits(&json!({"day_usd": in_dollars(limit)})).await;
    upstream.first_byte_after(Duration::from_secs(3)).await;
    let jobs = join_all((1..=JOBS).map(|job| host.rest().submit("asker", "ask", payload(job, CALLS)))).await;
    let scene = Scene { upstream, host, hold, spent, limit, jobs };
    until("calls are under way", PATIENCE, async || {
        (scene.upstream.bill().await.in_flight >= 10).then_some(())
    })
    .await;
    scene
}

impl Scene {
    /// Looks at the bill and the ledger; whether nothing moves any more.
    async fn look(&self) -> bool {
        let bill = self.upstream.bill().await;
        assert!(bill.nano_dollars <= self.limit, "upstream charged {} of {}", bill.nano_dollars, self.limit);
        let status = self.host.rest().status().await;
        let day = |key: &str| nanos(&status["spend"]["day"][key]);
        let committed = day("spent_usd") + day("held_usd");
        assert!(committed <= self.limit, "{committed} of {} is spent or held", self.limit);
        assert!(bill.nano_dollars <= committed, "the ledger is behind the bill");
        let standing = |state: &str| status["queue"][state].as_u64().expect("a count");
        bill.in_flight == 0 && day("held_usd") == 0 && standing("running") + standing("queued") == 0
    }

    /// Looks until nothing moves any more. Answers what the ledger has spent by then.
    async fn rest(&self) -> i64 {
        let mut looks = 0;
        until("all that the limit pays is paid", PATIENCE, async || {
            looks += 1;
            self.look().await.then_some(())
        })
        .await;
        let status = self.host.rest().status().await;
        assert!(status["queue"]["parked"].as_u64() > Some(0), "nobody waits: {status:#}");
        let spent = nanos(&status["spend"]["day"]["spent_usd"]);
        let bill = self.upstream.bill().await;
        println!(
            "{looks} looks; limit {}, hold {}, ledger {spent}, bill {}, {} requests",
            self.limit, self.hold, bill.nano_dollars, bill.requests
        );
        spent
    }

    /// What may be left of the limit when it is at rest.
    fn slack(&self) -> i64 {
        self.hold.max(self.limit / 20)
    }

    /// With money enough all succeed, and each call was answered once.
    async fn all_succeed(&self) {
        self.upstream.first_byte_after(Duration::ZERO).await;
        self.host.rest().limits(&json!({"day_usd": 100_000})).await;
        for job in &self.jobs {
            let job = self.host.rest().succeeded(job, PATIENCE).await;
            assert_eq!(nanos(&job["held_usd"]), 0);
        }
        let ledger = self.host.rest().ledger().await;
        let settled = ledger.iter().filter(|call| call["state"] == "settled").count();
        assert_eq!(settled as u64, JOBS * CALLS + 1);
        let bill = self.upstream.bill().await;
        let known =
            ledger.iter().filter(|call| call["state"] == "settled").map(|call| nanos(&call["cost_usd"]));
        let unknown = ledger.iter().filter(|call| call["state"] == "unknown");
        let unknown: i64 = unknown.map(|call| nanos(&call["cost_usd"])).sum();
        let known: i64 = known.sum();
        assert!(known <= bill.nano_dollars && bill.nano_dollars <= known + unknown);
    }
}

#[tokio::test]
async fn four_hundred_calls_at_once_never_pass_the_limit_and_use_it_up() {
    let scene = four_hundred().await;
    let spent = scene.rest().await;
    let bill = scene.upstream.bill().await;
    assert_eq!(spent, bill.nano_dollars);
    assert!(scene.limit - bill.nano_dollars < scene.slack());
    // Each was paid by what the hold left over: more than the twenty that the holds alone pay.
    assert!(bill.requests > 20, "{} requests", bill.requests);
    scene.all_succeed().await;
}

#[tokio::test]
async fn a_crash_in_the_middle_passes_no_limit_either() {
    let mut scene = four_hundred().await;
    scene.host.kill().await;
    scene.host.start().await;
    let spent = scene.rest().await;
    // What the crash left unknown counts as spent, whether upstream charged it or not.
    assert!(scene.limit - spent < scene.slack());
    let unknown = nanos(&scene.host.rest().status().await["spend"]["day"]["unknown_usd"]);
    assert!(unknown >= 10 * scene.hold, "calls were under way when the host was killed");
    scene.all_succeed().await;
}

#[tokio::test]
async fn a_limit_that_is_lowered_stops_all_that_is_not_paid_yet() {
    let scene = four_hundred().await;
    let lowered = scene.spent + 5 * scene.hold;
    scene.host.rest().limits(&json!({"day_usd": in_dollars(lowered)})).await;
    // What was held when the limit fell goes out; nothing after it.
    let held = nanos(&scene.host.rest().status().await["spend"]["day"]["held_usd"]);
    let most = scene.spent + held;
    assert!(most > lowered, "more was under way than the new limit pays");
    let spent = scene.rest().await;
    assert!(spent <= most, "{spent} of at most {most}");
    let requests = scene.upstream.bill().await.requests;
    assert!(requests - 1 <= u64::try_from(held / scene.hold).expect("a count"), "{requests} requests");
    scene.all_succeed().await;
}
