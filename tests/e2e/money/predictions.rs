//! What the host predicts of its own days, beside what its ledger then has. The clock jumps from day to day.

use crate::harness::{Rest, Setup, nanos, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);
const DAY: i64 = 86_400;
/// Jobs of the day before the first prediction, and of each day of its week.
const BEFORE: usize = 24;
const EACH: usize = 12;

fn seconds(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no time"));
    text.parse::<jiff::Timestamp>().expect("a time").as_second()
}

/// Goes to this second of the day, or of the next where it is past. The days are those of UTC.
async fn go_to(rest: &Rest, second: i64) {
    let now = seconds(&rest.status().await["now"]).rem_euclid(DAY);
    let ahead = if now < second { second - now } else { second + DAY - now };
    rest.drive(Duration::from_secs(u64::try_from(ahead).expect("ahead")), 1.0).await;
}

/// The next day, soon after it begins.
async fn next_day(rest: &Rest) {
    go_to(rest, 120).await;
}

/// So many jobs, done.
async fn work(rest: &Rest, count: usize) {
    go_to(rest, 3_600).await;
    let mut jobs = Vec::new();
    for number in 0..count {
        jobs.push(rest.submit("asker", "ask", json!({"prompt": format!("Question {number}")})).await);
    }
    for job in &jobs {
        rest.succeeded(job, PATIENCE).await;
    }
}

async fn predictions(rest: &Rest) -> Value {
    rest.get("/api/v1/plan/predictions?limit=30").await
}

/// Waits until so many days, and weeks, are compared.
async fn compared(rest: &Rest, days: usize, weeks: usize) -> Value {
    let count = |all: &Value, kind: &str| all[kind].as_array().map_or(0, Vec::len);
    until(&format!("{days} days and {weeks} weeks are compared"), PATIENCE, async || {
        let all = predictions(rest).await;
        (count(&all, "days") >= days && count(&all, "weeks") >= weeks).then_some(all)
    })
    .await
}

/// What the ledger says of a stretch, in nano-dollars.
async fn spent(rest: &Rest, from: i64, to: i64) -> i64 {
    let calls = rest.ledger().await;
    let within = calls.iter().filter(|call| (from..to).contains(&seconds(&call["held_at"])));
    within.map(|call| nanos(&call["cost_usd"])).sum()
}

/// The p95 of the jobs that ended in a stretch, in seconds.
async fn p95(rest: &Rest, from: i64, to: i64) -> f64 {
    let time = |job: &Value, key: &str| {
        job[key].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time")
    };
    let jobs = rest.jobs().await;
    let within = jobs.iter().filter(|job| (from..to).contains(&seconds(&job["finished_at"])));
    let mut took: Vec<f64> = within
        .map(|job| time(job, "finished_at").duration_since(time(job, "created_at")).as_secs_f64())
        .collect();
    took.sort_by(f64::total_cmp);
    took[took.len() * 95 / 100]
}

#[tokio::test]
async fn after_a_week_what_was_predicted_stands_beside_what_happened() {
    let host = Setup::new().agent("asker").compiled_before().start().await;
    let rest = host.rest();
    let nothing = predictions(rest).await;
    assert_eq!((&nothing["coming"], &nothing["weeks"]), (&Value::Null, &json!([])));
    assert!(nothing["says"].as_str().is_some_and(|says| says.contains("at least 20 jobs")), "{nothing:#}");

    next_day(rest).await;
    work(rest, BEFORE).await;
    next_day(rest).await;
    let coming = until("the coming days are predicted", PATIENCE, async || {
        let all = predictions(rest).await;
        all["coming"].is_object().then_some(all)
    })
    .await;
    let (from, to) = (seconds(&coming["coming"]["from"]), seconds(&coming["coming"]["to"]));
    assert_eq!((from % DAY, to - from), (0, 7 * DAY));
    assert_eq!(coming["coming"]["seed"], from);
    assert_eq!((seconds(&coming["first_day_at"]), seconds(&coming["first_week_at"])), (from + DAY, to));
    let predicted = coming["coming"]["predicted"]["finished"].as_u64().expect("a number");
    assert!((120..220).contains(&predicted), "seven days of about {BEFORE}: {predicted}");

    for day in 1..=7 {
        work(rest, EACH).await;
        if day == 5 {
            rest.limits(&json!({"hour_usd": 3})).await;
        }
        next_day(rest).await;
        compared(rest, day, 0).await;
    }
    let all = compared(rest, 7, 1).await;
    let week = &all["weeks"][0];
    assert_eq!((seconds(&week["from"]), seconds(&week["to"])), (from, to));
    assert_eq!(week["predicted"], coming["coming"]["predicted"]);
    assert_eq!(week["version"], coming["coming"]["version"]);
    let (happened, with) = (&week["happened"], &week["with_arrivals"]);
    assert_eq!((&happened["came"], &happened["finished"]), (&json!(7 * EACH), &json!(7 * EACH)));
    assert_eq!(nanos(&happened["usd"]), spent(rest, from, to).await);
    let (shown, exact) = (happened["p95_s"].as_f64().expect("seconds"), p95(rest, from, to).await);
    assert!((shown - exact).abs() <= exact * 0.006, "{shown} of {exact}");
    assert_eq!((&with["came"], &with["finished"]), (&json!(7 * EACH), &json!(7 * EACH)));
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let off = (predicted as f64 - 84.0) / 84.0 * 100.0;
    let told = week["off"]["finished"].as_f64().expect("a share");
    assert!((told - off).abs() < 0.06, "{told} of {off}");
    assert_eq!(week["off_with_arrivals"]["finished"], 0.0);
    let usd = |figures: &Value| figures["usd"].as_f64().expect("dollars");
    let off = (usd(with) - usd(happened)) / usd(happened) * 100.0;
    let told = week["off_with_arrivals"]["usd"].as_f64().expect("a share");
    assert!((told - off).abs() < 0.06 && told.abs() < 10.0, "{told} of {off}: {week:#}");

    // The limit moved on the fifth day: of that day and the week it is said, of those before it is not.
    let notes = week["notes"].to_string();
    assert!(week["comparable"] == false && notes.contains("hour_usd was $3.00"), "{week:#}");
    let days = all["days"].as_array().expect("a list");
    let (last, first) = (&days[0], &days[days.len() - 1]);
    assert_eq!((seconds(&first["from"]), seconds(&last["to"])), (from, to));
    assert_eq!((&first["comparable"], &first["notes"]), (&json!(true), &json!([])), "{first:#}");
    assert_eq!(days[2]["comparable"], false, "{:#}", days[2]);
    for day in days {
        let (from, to) = (seconds(&day["from"]), seconds(&day["to"]));
        assert_eq!(nanos(&day["happened"]["usd"]), spent(rest, from, to).await, "{day:#}");
        assert_eq!(day["happened"]["finished"], EACH);
        assert_eq!(day["off_with_arrivals"]["came"], 0.0);
    }

    let said = host.anvil(&["plan", "--predictions"]).await;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for part in ["Of the seven days from", "SEVEN DAYS FROM", "with the jobs that came", "hour_usd was $3.00"]
    {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    println!("{said}");
    let json = host.anvil(&["plan", "--predictions", "--json"]).await;
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["weeks"], all["weeks"]);

    // A week in which nobody asks anything.
    for day in 8..=14 {
        next_day(rest).await;
        compared(rest, day, 1).await;
    }
    let all = compared(rest, 14, 8).await;
    let empty = &all["weeks"][0];
    assert_eq!(seconds(&empty["from"]), to);
    assert_eq!((&empty["happened"]["came"], &empty["happened"]["usd"]), (&json!(0), &json!(0.0)));
    assert_eq!((&empty["off"]["came"], &empty["off"]["usd"]), (&Value::Null, &Value::Null));
    assert_eq!((&empty["comparable"], &empty["notes"]), (&json!(true), &json!(["no job of asker came"])));
    // The first week's dollars are as they were.
    assert_eq!(all["weeks"][7]["happened"], week["happened"]);
}

#[tokio::test]
async fn a_change_of_the_time_zone_changes_nothing_of_what_was_compared_and_names_the_day_that_it_cut() {
    let mut host = Setup::new().agent("asker").compiled_before().start().await;
    next_day(host.rest()).await;
    work(host.rest(), BEFORE).await;
    for _ in 1..=3 {
        next_day(host.rest()).await;
        work(host.rest(), EACH).await;
    }
    next_day(host.rest()).await;
    let before = compared(host.rest(), 3, 0).await;
    assert_eq!(before["days"].as_array().map(Vec::len), Some(3));
    let cut = until("the fourth day is predicted", PATIENCE, async || {
        let from = seconds(&predictions(host.rest()).await["coming"]["from"]);
        (from == seconds(&before["days"][0]["to"])).then_some(from)
    })
    .await;
    go_to(host.rest(), 36_000).await;
    let (status, _) = host.stop().await;
    assert!(status.success());
    host.set("ANVIL_TIME_ZONE", "Europe/Berlin");
    host.start().await;
    let rest = host.rest();
    // Soon after the host looks for the first time.
    rest.drive(Duration::from_mins(2), 1.0).await;
    let after = predictions(rest).await;
    assert_eq!(after["days"], before["days"], "what was told stays");
    let says = after["says"].as_str().unwrap_or_default();
    assert!(says.starts_with("3 days can be compared; no seven days"), "{says}");
    assert!(says.contains("The time zone was changed"), "{says}");
    assert_eq!((&after["first_day_at"], &after["first_week_at"]), (&Value::Null, &Value::Null));
    assert_eq!(seconds(&after["coming"]["from"]), cut);

    // The next two days of the new zone begin at 23:00 in UTC.
    for day in 0..2 {
        go_to(rest, 23 * 3_600 + 120).await;
        until("the day is predicted in the new zone", PATIENCE, async || {
            let coming = predictions(rest).await["coming"].clone();
            (seconds(&coming["from"]) == cut + 23 * 3_600 + day * DAY && coming["zone"] == "Europe/Berlin")
                .then_some(())
        })
        .await;
    }
    let all = compared(rest, 5, 0).await;
    let days = all["days"].as_array().expect("a list");
    let starts: Vec<_> = days.iter().map(|day| seconds(&day["from"])).collect();
    assert_eq!(starts, [cut + 23 * 3_600, cut, cut - DAY, cut - 2 * DAY, cut - 3 * DAY]);
    assert_eq!(days[2..], before["days"].as_array().expect("a list")[..], "what was told stays");
    assert_eq!(days[0]["comparable"], true, "{:#}", days[0]);
    let notes = days[1]["notes"].to_string();
    assert!(days[1]["comparable"] == false && notes.contains("the time zone was changed on"), "{notes}");
    assert!(!all.to_string().contains("was down"), "{all:#}");
    let week_at = seconds(&all["first_week_at"]);
    assert_eq!(week_at, cut + 23 * 3_600 + 7 * DAY, "the first seven days in the new zone");
    assert!(week_at > seconds(&rest.status().await["now"]));
}
