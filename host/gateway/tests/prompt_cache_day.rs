//! A day of mixed jobs, by the simulator's own bill: with the host's marks, without them, and what somebody would save who
//! knew the day beforehand.
//!
//! `ANVIL_TEST_DAY_JOBS=2000`: the full size.

mod clocked;
mod scene;

use anvil_budget::{PriceTable, Rates};
use anvil_gateway::{CallEnd, Gateway};
use anvil_sim::Sim;
use anvil_types::{Clock, ContentBlock, DrivenClock, Limits, Message, Role, SystemClock, Usage};
use clocked::Same;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use scene::{Setting, ask, claimed, limits, store};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const SEED: u64 = 14;
const JOBS: usize = 300;
const DAY: f64 = 24.0 * 3_600.0;
const MINIMUM: u64 = 4_096;

/// A kind of agent: how its jobs come and what they ask.
struct Kind {
    name: &'static str,
    /// Its part of the day's jobs, in percent.
    percent: usize,
    /// Words of its system's text; those of each thing that is said.
    system: usize,
    said: usize,
    /// Calls of a job, each going on with the one before it.
    calls: usize,
    /// Seconds between them.
    thinks: f64,
    /// Whether every job has a system's text of its own.
    own: bool,
    /// Hours of the day in which its jobs come.
    hours: (f64, f64),
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "busy",
        percent: 45,
        system: 6_000,
        said: 60,
        calls: 1,
        thinks: 0.0,
        own: false,
        hours: (7.0, 20.0),
    },
    Kind {
        name: "now and then",
        percent: 12,
        system: 7_000,
        said: 80,
        calls: 1,
        thinks: 0.0,
        own: false,
        hours: (0.0, 24.0),
    },
    Kind {
        name: "rare",
        percent: 3,
        system: 9_000,
        said: 80,
        calls: 1,
        thinks: 0.0,
        own: false,
        hours: (0.0, 24.0),
    },
    Kind {
        name: "never the same",
        percent: 12,
        system: 7_000,
        said: 50,
        calls: 1,
        thinks: 0.0,
        own: true,
        hours: (0.0, 24.0),
    },
    Kind {
        name: "tool loop",
        percent: 13,
        system: 3_000,
        said: 1_200,
        calls: 6,
        thinks: 25.0,
        own: false,
        hours: (6.0, 22.0),
    },
    Kind {
        name: "short",
        percent: 15,
        system: 100,
        said: 50,
        calls: 1,
        thinks: 0.0,
        own: false,
        hours: (0.0, 24.0),
    },
];

/// One call of the day.
struct Call {
    at: f64,
    kind: &'static Kind,
    system: String,
    turns: Vec<String>,
}

fn words(random: &mut StdRng, words: usize) -> String {
    (0..words).fold(String::new(), |mut text, _| {
        let _ = write!(text, "w{:03} ", random.random_range(0..1_000));
        text
    })
}

/// The day's calls, by their times.
fn day(jobs: usize) -> Vec<Call> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut calls = Vec::new();
    for kind in &KINDS {
        let shared = words(&mut random, kind.system);
        for _ in 0..jobs * kind.percent / 100 {
            let system = if kind.own { words(&mut random, kind.system) } else { shared.clone() };
            let (from, to) = kind.hours;
            let begins = random.random_range(from / 24.0 * DAY..to / 24.0 * DAY);
            let mut turns = Vec::new();
            for call in 0..kind.calls {
                turns.push(words(&mut random, kind.said));
                #[expect(clippy::cast_precision_loss, reason = "a few")]
                let at = begins + kind.thinks * call as f64;
                calls.push(Call { at, kind, system: system.clone(), turns: turns.clone() });
                turns.push(words(&mut random, kind.said / 4));
            }
        }
    }
    calls.sort_by(|one, other| one.at.total_cmp(&other.at));
    calls
}

/// What the simulator charges for the day, in nano-dollars, and what each call used.
async fn bill(calls: &[Call], prompt_cache: bool) -> (i64, Vec<Usage>) {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits { max_input_tokens: 500_000, ..limits(1_000_000_000_000) };
    let setting = Setting { limits, clock: clock.clone(), ..Setting::script(r#"{"items": []}"#) };
    let same = Arc::new(Same::as_it_is(clock.clone()));
    let sim = Sim::start_with_clock(setting.sim.clone(), same).await.expect("a simulator");
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = store(folder.path(), &setting.limits, &setting.clock);
    let job = claimed(store.as_ref(), clock.as_ref()).await;
    // What marks save is measured alone.
    let compression = anvil_types::PerAgent::same(anvil_types::Compression::Off);
    let config = anvil_gateway::GatewayConfig { prompt_cache, compression, ..setting.config(sim.base_url()) };
    let gateway = Gateway::start(config, store.clone(), clock.clone()).await.expect("a gateway");
    let began = clock.now();
    for (number, call) in calls.iter().enumerate() {
        let at = began + Duration::from_secs_f64(call.at);
        clock.advance(at.since(clock.now()));
        let mut question = ask(&job, u32::try_from(number).expect("few"), "");
        let anvil_types::Asker::Job(asker) = &mut question.asker else { unreachable!("a job asks") };
        call.kind.name.clone_into(&mut asker.agent);
        question.request.system = Some(call.system.clone());
        let turns = call.turns.iter().enumerate();
        question.request.messages = turns
            .map(|(at, text)| Message {
                role: if at % 2 == 0 { Role::User } else { Role::Assistant },
                content: vec![ContentBlock::Text { text: text.clone() }],
            })
            .collect();
        let end = gateway.call(question).wait().await;
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    let calls = store.calls(job.job.id).await.expect("calls");
    assert!(calls.iter().all(|call| call.cost <= call.hold), "no call costs more than its hold");
    (sim.bill().nano_dollars, calls.into_iter().map(|call| call.usage).collect())
}

/// What a piece of prompts that was used at these times costs at least, for each of its tokens, where all times are known.
fn least(times: &[f64], rates: &Rates) -> i64 {
    const DEAR: i64 = i64::MAX / 4;
    // By how it is kept after the latest use: not, five minutes, an hour.
    let mut cost = [0, DEAR, DEAR];
    let mut before = None;
    for time in times {
        let gap = before.map_or(f64::INFINITY, |before| time - before);
        let any = *cost.iter().min().expect("three");
        let read = |kept: i64, within: f64| if gap < within { kept + rates.cache_read } else { DEAR };
        cost = [
            (any + rates.input).min(read(cost[1], 300.0)).min(read(cost[2], 3_600.0)),
            (any + rates.cache_write_5m).min(read(cost[1], 300.0)),
            (any + rates.cache_write_1h).min(read(cost[2], 3_600.0)),
        ];
        before = Some(*time);
    }
    *cost.iter().min().expect("three")
}

/// What the day would have cost at least, by somebody who knows it: each piece of a prompt (the system's text, each turn) kept
/// or not as is best for it alone. Nobody can save more.
fn oracle(calls: &[Call], usages: &[Usage]) -> i64 {
    let mut pieces: HashMap<&str, (f64, Vec<f64>)> = HashMap::new();
    let table = PriceTable::built_in();
    let row = table.row("claude-sonnet-5-5", None, SystemClock::new().now()).expect("a price");
    let rates = row.rates(MINIMUM);
    let (mut plain, mut saved) = (0, 0.0);
    for (call, usage) in calls.iter().zip(usages) {
        let whole = usage.prompt_tokens();
        let kept = Usage { input_tokens: whole, output_tokens: usage.output_tokens, ..Usage::default() };
        plain += row.cost(&kept).get();
        if whole < MINIMUM {
            continue;
        }
        let parts = || std::iter::once(&call.system).chain(&call.turns);
        let bytes: usize = parts().map(String::len).sum();
        for part in parts() {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            let tokens = whole as f64 * part.len() as f64 / bytes as f64;
            let piece = pieces.entry(part).or_insert((tokens, Vec::new()));
            piece.1.push(call.at);
        }
    }
    for (tokens, times) in pieces.values() {
        let input = rates.input * i64::try_from(times.len()).expect("few");
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let better = (input - least(times, &rates)) as f64;
        saved += tokens * better / 1_000_000.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "some dollars")]
    let saved = saved as i64;
    plain - saved
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_mixed_jobs_saves_nine_tenths_of_what_could_be_saved() {
    let jobs = std::env::var("ANVIL_TEST_DAY_JOBS").map_or(JOBS, |jobs| jobs.parse().expect("a number"));
    let calls = day(jobs);
    let ((plain, usages), (marked, _)) = tokio::join!(bill(&calls, false), bill(&calls, true));
    let least = oracle(&calls, &usages);
    let dollars = |nano: i64| nano / 10_000_000;
    println!(
        "{jobs} jobs, {} calls: {} cents as they are, {} with the host's marks, {} by who knows the day",
        calls.len(),
        dollars(plain),
        dollars(marked),
        dollars(least)
    );
    let share = (plain - marked) * 100 / (plain - least);
    println!("{share} % of what could be saved");
    assert!(marked < plain && least <= marked);
    if jobs >= 2_000 {
        assert!(share >= 90, "{share} % of what could be saved");
    } else {
        // What a first prompt of each kind teaches weighs more in a short day.
        assert!(share >= 75, "{share} % of what could be saved");
    }
}
