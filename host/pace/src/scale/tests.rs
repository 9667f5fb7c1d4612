//! Single decisions, and a day of bursts.

use super::*;
use anvil_types::Bucket;
use std::collections::BTreeMap;

const COOLDOWN: Duration = Duration::from_mins(5);

fn load(running: u32, queued: u64) -> Load {
    Load { running, queued, min: 3, max: 10 }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

/// A scaler that came to `slots` at the beginning of time.
fn with(slots: u32) -> Scaler {
    let mut scaler = Scaler::new(slots, COOLDOWN);
    scaler.changes.push_back(at(0));
    scaler
}

#[test]
fn slots_follow_the_load_within_their_limits() {
    let decide = |slots, running, queued, time| with(slots).decide(load(running, queued), at(time)).slots;
    assert_eq!(decide(3, 3, 1, 0), 5, "the first rise needs no cooldown");
    assert_eq!(decide(3, 2, 1, 0), 5, "the third slot is kept for critical jobs");
    assert_eq!(decide(3, 1, 1, 0), 3);
    assert_eq!(decide(3, 3, 50, 0), 10);
    assert_eq!(decide(5, 5, 9, 299), 5, "the cooldown holds");
    assert_eq!(decide(5, 5, 9, 300), 10);
    assert_eq!(decide(10, 3, 0, 300), 5);
    assert_eq!(decide(5, 1, 0, 300), 3);
    assert_eq!(decide(10, 9, 0, 300), 10);
}

#[test]
fn each_decision_says_why() {
    let reason = |slots, running, queued, time| with(slots).decide(load(running, queued), at(time)).reason;
    assert_eq!(reason(3, 2, 4, 0), ScaleReason::Busy { waiting: 4 });
    assert_eq!(reason(5, 5, 9, 299), ScaleReason::Cooldown { until: at(300) });
    assert_eq!(reason(10, 10, 9, 300), ScaleReason::Most);
    assert_eq!(reason(5, 1, 0, 300), ScaleReason::Idle);
    assert_eq!(reason(5, 3, 0, 300), ScaleReason::Enough);
    assert_eq!(reason(12, 3, 0, 300), ScaleReason::Limits);
}

#[test]
fn a_first_rise_follows_jobs_that_come_one_by_one() {
    let mut scaler = Scaler::new(3, COOLDOWN);
    assert_eq!(scaler.decide(load(2, 1), at(0)).slots, 5);
    assert_eq!(scaler.decide(load(4, 2), at(3)).slots, 8);
    assert_eq!(scaler.decide(load(7, 9), at(6)).slots, 10);
    let mut scaler = Scaler::new(3, COOLDOWN);
    assert_eq!(scaler.decide(load(2, 1), at(0)).slots, 5);
    assert_eq!(scaler.decide(load(4, 2), at(30)).slots, 5, "later ones wait for the cooldown");
    assert_eq!(scaler.decide(load(4, 2), at(300)).slots, 8);
    assert_eq!(scaler.decide(load(7, 2), at(303)).slots, 8, "as they do after a rise that is not the first");
}

#[test]
fn a_lowered_limit_counts_at_once() {
    let load = Load { max: 4, ..load(10, 5) };
    assert_eq!(with(10).decide(load, at(1)).slots, 4);
}

#[test]
fn how_many_wait_is_asked_only_where_something_follows() {
    assert!(with(3).asks_for_queue(load(2, 0), at(0)));
    assert!(!with(3).asks_for_queue(load(1, 0), at(0)), "hardly anything runs, and there are no fewer");
    assert!(!with(10).asks_for_queue(load(5, 0), at(300)));
    assert!(!with(5).asks_for_queue(load(3, 0), at(10)));
}

fn limit(bucket: Bucket) -> PaceLimit {
    PaceLimit { bucket, pool: None }
}

fn used(bucket: Bucket, taken: u64, most: u64) -> LimitTaken {
    LimitTaken { limit: limit(bucket), taken, most }
}

fn fed(agents: f64, requests: u64, output: u64) -> FedMinute {
    FedMinute {
        worked_s: agents * 60.0,
        used: vec![used(Bucket::Requests, requests, 45), used(Bucket::OutputTokens, output, 8_000)],
    }
}

#[test]
fn the_ceiling_follows_what_agents_take() {
    let mut scaler = with(5);
    assert_eq!(scaler.ceiling(), None);
    scaler.fed(fed(1.0, 6, 100));
    assert_eq!(scaler.ceiling(), None, "from a minute of one agent nothing is concluded");
    for _ in 0..3 {
        scaler.fed(fed(2.0, 12, 200));
    }
    assert_eq!(
        scaler.ceiling(),
        Some((8, &limit(Bucket::Requests))),
        "six a minute and agent: 45 are 7.5 agents"
    );
    let decision = scaler.decide(load(5, 50), at(300));
    assert_eq!((decision.slots, decision.reason), (8, ScaleReason::Busy { waiting: 50 }));
    let decision = scaler.decide(load(8, 50), at(900));
    assert_eq!(decision.reason, ScaleReason::Pace { limit: limit(Bucket::Requests) });
    // Longer answers: now the output tokens are what is short.
    for _ in 0..10 {
        scaler.fed(fed(8.0, 12, 16_000));
    }
    assert_eq!(scaler.ceiling(), Some((4, &limit(Bucket::OutputTokens))));
    assert_eq!(
        scaler.decide(load(7, 50), at(900)).slots,
        8,
        "what runs keeps its slots, and critical jobs theirs"
    );
    assert_eq!(scaler.decide(load(3, 50), at(900)).slots, 4, "more would only wait");
    // The pace is no reason to have fewer than the fewest.
    for _ in 0..10 {
        scaler.fed(fed(4.0, 12, 32_000));
    }
    assert_eq!(scaler.decide(load(2, 50), at(1_200)).slots, 3);
}

#[test]
fn however_the_load_jumps_there_are_twelve_changes_in_an_hour() {
    let mut scaler = Scaler::new(3, COOLDOWN);
    let mut changes = Vec::new();
    let mut slots = 3;
    for second in 0..6 * 3_600 {
        let busy = second % 2 == 0;
        let load = if busy { load(slots, 50) } else { load(0, 0) };
        let decision = scaler.decide(load, at(second));
        if decision.slots != slots {
            changes.push(second);
            slots = decision.slots;
        }
        assert!(changes.iter().filter(|change| second - **change < 3_600).count() <= 12, "at {second}");
    }
    assert!(changes.len() > 40, "and they are used: {}", changes.len());
}

/// A job of the trace.
struct Arrival {
    second: i64,
    input: u64,
    output: u64,
}

fn trace() -> Vec<Arrival> {
    let lines = include_str!("bursts.txt").lines().filter(|line| !line.starts_with('#'));
    let number = |text: Option<&str>| text.and_then(|text| text.parse().ok()).expect("a number");
    lines
        .map(|line| {
            let mut fields = line.split(' ');
            Arrival {
                second: i64::try_from(number(fields.next())).expect("small"),
                input: number(fields.next()),
                output: number(fields.next()),
            }
        })
        .collect()
}

/// What a day came to.
#[derive(Debug)]
struct Day {
    fewest: u32,
    most: u32,
    changes: Vec<i64>,
    mean_wait_s: f64,
    slot_hours: f64,
    ceilings: Vec<u32>,
}

const CALLS: i64 = 3;
const DAY: i64 = 86_400;

/// A job that runs: what it still has to do, and since when it waits for the pace.
struct Job {
    work_left_s: i64,
    next_call_at: i64,
    call_every_s: i64,
    input: u64,
    output: u64,
    waits: bool,
}

/// Plays the trace second by second: jobs of three calls and of some 70 seconds, on as many slots as there
/// are, under a limit of requests a minute.
#[expect(clippy::cast_precision_loss, reason = "figures of a day")]
fn play(mut slots: impl FnMut(Load, &FedMinute, i64) -> (u32, Option<u32>), requests_per_minute: u64) -> Day {
    let trace = trace();
    let (mut next, mut queue, mut running) = (0, std::collections::VecDeque::new(), Vec::<Job>::new());
    let (mut now_slots, mut waited, mut slot_seconds) = (3, 0, 0_u64);
    let mut day = Day {
        fewest: u32::MAX,
        most: 0,
        changes: Vec::new(),
        mean_wait_s: 0.0,
        slot_hours: 0.0,
        ceilings: Vec::new(),
    };
    let mut minute = FedMinute::default();
    let mut sent = BTreeMap::<i64, u64>::new();
    let (mut input, mut output, mut last) = (0, 0, FedMinute::default());
    // What is left at the end of the day is finished in the night.
    for second in 0..2 * DAY {
        if second >= DAY && queue.is_empty() && running.is_empty() {
            break;
        }
        while trace.get(next).is_some_and(|job| job.second <= second) {
            queue.push_back(&trace[next]);
            next += 1;
        }
        while running.len() < ordinary(now_slots) as usize
            && let Some(job) = queue.pop_front()
        {
            waited += second - job.second;
            let work = 40 + i64::try_from(job.output).expect("small");
            running.push(Job {
                work_left_s: work,
                next_call_at: work,
                call_every_s: work / CALLS,
                input: job.input,
                output: job.output,
                waits: false,
            });
        }
        sent.retain(|at, _| *at > second - 60);
        for job in &mut running {
            job.waits = false;
            if job.work_left_s <= job.next_call_at {
                if sent.values().sum::<u64>() >= requests_per_minute {
                    job.waits = true;
                    continue;
                }
                *sent.entry(second).or_default() += 1;
                job.next_call_at -= job.call_every_s;
                input += job.input;
                output += job.output;
            }
            job.work_left_s -= 1;
        }
        minute.worked_s += running.iter().filter(|job| !job.waits).count() as f64;
        running.retain(|job| job.work_left_s > 0);
        if second % 60 == 59 {
            minute.used = vec![
                used(Bucket::Requests, sent.values().sum(), requests_per_minute),
                used(Bucket::InputTokens, std::mem::take(&mut input), 10_000_000),
                used(Bucket::OutputTokens, std::mem::take(&mut output), 10_000_000),
            ];
            last = std::mem::take(&mut minute);
        }
        let load = load(u32::try_from(running.len()).expect("few"), queue.len() as u64);
        let (decided, ceiling) = slots(load, &last, second);
        if decided != now_slots {
            day.changes.push(second);
        }
        now_slots = decided;
        slot_seconds += u64::from(now_slots);
        (day.fewest, day.most) = (day.fewest.min(now_slots), day.most.max(now_slots));
        if second % 600 == 599 {
            day.ceilings.extend(ceiling);
        }
    }
    assert!(queue.is_empty() && next == trace.len(), "all of the day's work is done");
    day.mean_wait_s = waited as f64 / trace.len() as f64;
    day.slot_hours = slot_seconds as f64 / 3_600.0;
    day
}

fn scaled(requests_per_minute: u64) -> Day {
    let mut scaler = Scaler::new(3, COOLDOWN);
    let decide = |load: Load, minute: &FedMinute, second: i64| {
        if second % 60 == 59 {
            scaler.fed(minute.clone());
        }
        let slots = scaler.decide(load, at(second)).slots;
        (slots, scaler.ceiling().map(|(agents, _)| agents))
    };
    play(decide, requests_per_minute)
}

fn fixed(slots: u32) -> Day {
    play(|_, _, _| (slots, None), 45)
}

/// A published trace of bursts, played through the decisions: `bursts.txt` says whose. Jobs wait hardly
/// longer than with as many slots as there may be all day, for about half of the slots.
#[test]
fn a_day_of_bursts_waits_little_with_few_slots() {
    let day = scaled(45);
    assert!(day.fewest >= 3 && day.most <= 10, "{} to {}", day.fewest, day.most);
    let in_an_hour =
        |from: &i64| day.changes.iter().filter(|change| (*from..from + 3_600).contains(*change)).count();
    let most_changes = day.changes.iter().map(in_an_hour).max().expect("they follow the bursts");
    assert!(most_changes <= 12, "{most_changes} changes in an hour");
    let (three, ten, twelve) = (fixed(3), fixed(10), fixed(12));
    println!(
        "queue wait, mean: scaled {:.1} s with {:.0} slot hours ({} changes, {most_changes} in the busiest \
         hour), fixed 3 {:.1} s, fixed 10 {:.1} s with {:.0}, fixed 12 {:.1} s with {:.0}",
        day.mean_wait_s,
        day.slot_hours,
        day.changes.len(),
        three.mean_wait_s,
        ten.mean_wait_s,
        ten.slot_hours,
        twelve.mean_wait_s,
        twelve.slot_hours
    );
    assert!(day.mean_wait_s * 10.0 < three.mean_wait_s, "{} of {}", day.mean_wait_s, three.mean_wait_s);
    assert!(day.slot_hours < ten.slot_hours * 0.8, "{} of {}", day.slot_hours, ten.slot_hours);
}

/// With 12 requests a minute a job of three calls and some 68 seconds takes 2.6 of them: five agents.
#[test]
fn through_the_day_the_ceiling_stays_with_the_pace() {
    let day = scaled(12);
    assert!(!day.ceilings.is_empty());
    let near = day.ceilings.iter().filter(|agents| (4..=7).contains(*agents)).count();
    assert!(near * 10 >= day.ceilings.len() * 9, "{:?}", day.ceilings);
    assert!(scaled(45).most > 7, "with more requests a minute more agents are fed");
}

#[test]
fn one_slot_is_kept_for_critical_jobs() {
    let free = |slots, running| free_slots(slots, running).map(|free| (free.most, free.critical_only));
    assert_eq!(free(5, 0), Some((4, false)));
    assert_eq!(free(5, 4), Some((1, true)));
    assert_eq!(free(5, 5), None);
    assert_eq!(free(5, 7), None, "slots were taken away");
    assert_eq!(free(1, 0), Some((1, false)), "a single slot is for all");
    let in_place = |slots, running| free_in_place(slots, running).map(|free| free.critical_only);
    assert_eq!([in_place(5, 4), in_place(5, 5), in_place(5, 6)], [Some(false), Some(true), None]);
}
