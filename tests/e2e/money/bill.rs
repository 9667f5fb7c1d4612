//! Money: what was paid is what upstream charged, and a limit is a limit.

use crate::harness::{Host, Rest, Setup, Upstream, nanos, until};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(100);

/// A host that no limit holds up, but those that a test sets itself.
fn unlimited(upstream: &Upstream) -> Setup {
    Setup::new().agent("asker").simulated_by(upstream).set("ANVIL_PRESET", "unlimited-dev")
}

/// What the host says that it has spent and holds, in nano-dollars.
struct Said {
    spent: i64,
    held: i64,
    unknown: i64,
}

async fn said(rest: &Rest) -> Said {
    let standing = rest.status().await["spend"].clone();
    // The rolling hour holds all of a test, over midnight too.
    let hour = |key: &str| nanos(&standing["hour"][key]);
    let spent = nanos(&standing["total_usd"]);
    assert_eq!(hour("spent_usd"), spent, "{standing:#}");
    Said { spent, held: hour("held_usd"), unknown: hour("unknown_usd") }
}

fn sum<'a>(items: impl IntoIterator<Item = &'a Value>, key: &str) -> i64 {
    items.into_iter().map(|item| nanos(&item[key])).sum()
}

/// The number behind `mark` in a text such as `… job 07 (3 of 50)`.
fn number_after(text: &str, mark: &str) -> u64 {
    let rest = text.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {text:?}")).1;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number behind `{mark}` in {text:?}"))
}

/// Jobs of the test of 1,000 usages, and calls of each.
const JOBS: u64 = 20;
const CALLS: u64 = 50;

/// A usage that stays within a hold for `prompt` input and `output` output tokens.
fn usage(rng: &mut StdRng, prompt: u64, output: u64) -> Value {
    // Whole input of any length up to the bound, cut into its four kinds at random places.
    let whole = rng.random_range(1..=prompt);
    let mut cuts = [0, 0, 0].map(|_: u64| rng.random_range(0..=whole));
    cuts.sort_unstable();
    let [read, short, long] = [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1]];
    // A prompt of no token at all is not believed.
    let plain = (whole - cuts[2]).max(1);
    let one_of = |rng: &mut StdRng, names: &[&str]| names[rng.random_range(0..names.len())].to_owned();
    let mut usage = json!({
        "input_tokens": plain,
        "output_tokens": rng.random_range(1..=output),
        "service_tier": one_of(rng, &["standard", "standard", "standard", "batch"]),
        "inference_geo": one_of(rng, &["global", "us", "not_available"]),
    });
    if rng.random_bool(0.9) {
        usage["cache_read_input_tokens"] = json!(read);
        usage["cache_creation"] =
            json!({"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long});
    }
    usage
}

#[tokio::test]
async fn cost_equals_the_bill_to_the_nano_dollar_for_a_thousand_random_usages() {
    let seed: u64 = std::env::var("ANVIL_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_000);
    println!("seed {seed} (ANVIL_TEST_SEED)");
    let mut rng = StdRng::seed_from_u64(seed);
    let upstream = Upstream::start().await;
    let host = unlimited(&upstream).start().await;
    let rest = host.rest();
    let mut payloads = Vec::new();
    let mut matches = Vec::new();
    for job in 0..JOBS {
        let name = format!("usages of job {job:02}");
        // One job's prompts are in the dearer band of Haiku, which begins at 100,000 tokens.
        let prompt = if job == 0 { 150_000 } else { rng.random_range(100..8_000) };
        let output = rng.random_range(1..4_000_u64);
        let effort =
            if job == 0 { "simple" } else { ["simple", "standard", "complex"][rng.random_range(0..3)] };
        let items: Vec<Value> =
            (0..CALLS).map(|_| json!({"text": "ok", "usage": usage(&mut rng, prompt, output)})).collect();
        matches.push(json!({"contains": name, "items": items}));
        payloads.push(json!({
            "prompt": name, "calls": CALLS, "prompt_bytes": prompt, "max_output_tokens": output, "effort": effort,
        }));
    }
    upstream.script(&json!({"matches": matches})).await;
    let ids = join_all(payloads.into_iter().map(|payload| rest.submit("asker", "ask", payload))).await;
    let jobs = join_all(ids.iter().map(|id| rest.succeeded(id, PATIENCE))).await;

    let bill = upstream.bill().await;
    assert_eq!((bill.requests, bill.billed_calls), (JOBS * CALLS, JOBS * CALLS));
    // Each call for itself, then every sum of them that anyone is shown.
    let ledger = rest.ledger().await;
    assert_eq!(ledger.len() as u64, JOBS * CALLS);
    let numbers: BTreeMap<&str, u64> = ids.iter().map(String::as_str).zip(0..).collect();
    let paid: BTreeMap<(u64, u64), i64> = ledger
        .iter()
        .map(|call| {
            let job = numbers[call["job"].as_str().expect("a job")];
            ((job, call["position"].as_u64().expect("a position") + 1), nanos(&call["cost_usd"]))
        })
        .collect();
    let charged: BTreeMap<(u64, u64), i64> = upstream
        .log()
        .await
        .iter()
        .map(|entry| {
            let question = entry["question"].as_str().expect("a question");
            let call = (number_after(question, "usages of job "), number_after(question, "("));
            (call, entry["nano_dollars"].as_i64().expect("nano-dollars"))
        })
        .collect();
    assert_eq!(paid, charged, "call by call");
    assert!(charged.values().collect::<BTreeSet<_>>().len() > 900, "the usages are hardly random");
    assert_eq!(sum(&jobs, "cost_usd"), bill.nano_dollars, "the jobs");
    let told = jobs.iter().map(|job| job["result"]["cost_nanodollars"].as_i64().expect("a cost"));
    assert_eq!(told.sum::<i64>(), bill.nano_dollars, "what the agents were told");
    let said = said(rest).await;
    assert_eq!((said.spent, said.held, said.unknown), (bill.nano_dollars, 0, 0), "the status");
    same_on_every_face(&host, bill.nano_dollars).await;
    assert!(!host.said().contains("the bound is wrong"), "a call cost more than its hold:\n{}", host.said());
}

/// The command line, the panel, the metrics and the CSV show the same sum.
async fn same_on_every_face(host: &Host, paid: i64) {
    let rest = host.rest();
    let shown = dollars(paid);
    let spend = host.anvil(&["spend", "--json"]).await;
    let json: Value = serde_json::from_slice(&spend.stdout).expect("JSON");
    assert_eq!(nanos(&json["total_usd"]), paid, "anvil spend --json");
    let status = host.anvil(&["status", "--json"]).await;
    let json: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(nanos(&json["spend"]["total_usd"]), paid, "anvil status --json");
    for command in ["spend", "status"] {
        let text = String::from_utf8(host.anvil(&[command]).await.stdout).expect("text");
        assert!(text.contains(&shown), "anvil {command} does not show {shown}:\n{text}");
    }
    for page in ["/", "/ledger"] {
        let html = rest.text(page).await;
        assert!(html.contains(&shown), "the panel's page {page} does not show {shown}:\n{html}");
    }
    let metrics = rest.text("/metrics").await;
    let line = metrics.lines().find_map(|line| line.strip_prefix("anvil_spent_total_usd "));
    assert_eq!(nanos(&line.expect("a metric").parse().expect("a number")), paid, "/metrics");
    let csv = rest.text("/api/v1/ledger?format=csv").await;
    let column = csv.lines().next().and_then(|head| head.split(',').position(|name| name == "cost_usd"));
    let cell = |line: &str| line.split(',').nth(column.expect("a column")).expect("a cell").to_owned();
    let paid_in_csv = csv.lines().skip(1).map(|line| nanos(&cell(line).parse().expect("a number")));
    assert_eq!(paid_in_csv.sum::<i64>(), paid, "the ledger as CSV");
}

/// Money as every face shows it.
fn dollars(nano: i64) -> String {
    let mut text = format!("${}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    while text.ends_with('0') && text.rsplit('.').next().is_some_and(|decimals| decimals.len() > 2) {
        text.pop();
    }
    text
}

/// The most output tokens of a call in the tests of the day's limit.
const OUTPUT: i64 = 2_000;
/// Jobs that ask at once.
const CROWD: u64 = 40;

/// What the jobs that wait wait for.
async fn waits(rest: &Rest) -> Vec<(String, Value)> {
    let unfinished = rest.jobs().await.into_iter().filter(|job| job["finished_at"].is_null());
    unfinished
        .map(|job| (job["id"].as_str().expect("an id").to_owned(), job["waiting_for"].clone()))
        .collect()
}

/// 40 jobs ask at once for what the day's limit pays five times; each call uses `output` tokens of the 2,000 that are
/// held. `holds` more holds, in tenths, are paid by the limit. Gives the reason why those that are left wait.
async fn crowd(output: i64, tenths: i64) -> String {
    let upstream = Upstream::start().await;
    let slots = CROWD + 2;
    let host = unlimited(&upstream)
        .set("ANVIL_LIMITS_AGENTS_MIN", slots)
        .set("ANVIL_LIMITS_AGENTS_MAX", slots)
        .start()
        .await;
    let rest = host.rest();
    let usage = json!({"input_tokens": 10, "output_tokens": output, "inference_geo": "us"});
    upstream.script(&json!({"items": [{"text": "ok", "usage": usage}], "repeat": true})).await;
    let payload = |job: u64| json!({"prompt": format!("job {job:02}"), "max_output_tokens": OUTPUT});
    // One call shows what each of them holds.
    let first = rest.submit("asker", "ask", payload(0)).await;
    rest.succeeded(&first, PATIENCE).await;
    let hold = nanos(&rest.ledger().await[0]["hold_usd"]);
    let spent = upstream.bill().await.nano_dollars;
    let limit = spent + hold * tenths / 10;
    let in_dollars = |nano: i64| dollars(nano).trim_start_matches('$').parse::<f64>().expect("a number");
    rest.limits(&json!({"day_usd": in_dollars(limit)})).await;
    upstream.first_byte_after(Duration::from_secs(2)).await;

    let ids = join_all((1..=CROWD).map(|job| rest.submit("asker", "ask", payload(job)))).await;
    let mut reasons = BTreeSet::new();
    let mut looks = 0;
    let waiting = until("all calls that the limit pays are made", PATIENCE, async || {
        looks += 1;
        let bill = upstream.bill().await;
        assert!(bill.nano_dollars <= limit, "upstream charged {} of {limit}", bill.nano_dollars);
        let said = said(rest).await;
        assert!(said.spent + said.held <= limit, "{} spent and {} held of {limit}", said.spent, said.held);
        assert!(bill.nano_dollars <= said.spent + said.held, "the ledger is behind the bill");
        let status = rest.status().await;
        let waits = waits(rest).await;
        reasons.extend(waits.iter().filter_map(|(_, wait)| wait["reason"].as_str().map(str::to_owned)));
        // Nothing is under way, and nothing is about to be.
        let standing = |state: &str| status["queue"][state].as_u64().expect("a count");
        let at_rest = bill.in_flight == 0 && said.held == 0 && standing("running") + standing("queued") == 0;
        at_rest.then_some(waits)
    })
    .await;
    println!("{looks} looks; a hold is {hold}, the limit {limit}; seen waiting for {reasons:?}");
    assert!(reasons.contains("holds"), "none waited for the calls under way: {reasons:?}");

    let bill = upstream.bill().await;
    assert!(bill.nano_dollars <= limit);
    assert!(
        limit - bill.nano_dollars < hold,
        "{} of {limit} are left, and a hold is {hold}",
        limit - bill.nano_dollars
    );
    assert_eq!(bill.requests - 1, 5, "the limit pays five calls more");
    assert_eq!(waiting.len() as u64, CROWD - 5);
    let why: BTreeSet<&str> =
        waiting.iter().map(|(_, wait)| wait["reason"].as_str().expect("a reason")).collect();
    assert_eq!(why.len(), 1, "{waiting:?}");
    let why = (*why.first().expect("one")).to_owned();
    for (id, wait) in &waiting {
        let detail = wait["detail"].as_str().expect("a sentence");
        assert!(detail.contains("day"), "job {id} does not say which limit it waits for: {detail}");
        assert!(wait["until"].is_string(), "job {id} does not say until when: {wait}");
    }
    let idle = rest.status().await["why_idle"].as_str().expect("a reason why nothing runs").to_owned();
    assert!(idle.contains("day"), "{idle}");

    upstream.first_byte_after(Duration::ZERO).await;
    rest.limits(&json!({"day_usd": 1_000})).await;
    join_all(ids.iter().map(|id| rest.succeeded(id, PATIENCE))).await;
    let (bill, said) = (upstream.bill().await, said(rest).await);
    assert_eq!((said.spent, said.held, said.unknown), (bill.nano_dollars, 0, 0));
    assert_eq!(bill.requests, CROWD + 1);
    why
}

#[tokio::test]
async fn a_day_limit_is_never_passed_however_many_ask_at_once() {
    // Each call uses about 0.8 of its hold: 4.5 holds pay five of them and no sixth.
    assert_eq!(crowd(1_640, 45).await, "money");
}

#[tokio::test]
async fn a_day_that_is_nearly_spent_brakes_and_a_raised_limit_lets_all_go_on() {
    // Each call uses nearly all of its hold: after five of five holds the day is above 95 %.
    assert_eq!(crowd(1_980, 50).await, "brake");
}
