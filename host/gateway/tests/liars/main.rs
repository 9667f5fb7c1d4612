//! The law against liars: the real gateway and the real store before an upstream that lies at random, asked
//! by guests that choose their JSON to be counted for less than it is sent as.
//!
//! - No request leaves before the hold of its call is in the ledger, and each has a hold of its own.
//! - The ledger is never below what was told, at every look; and in the end no entry is below what its try was told.
//! - No window is over its limit by more than calls were told above their holds, and each of those is alerted.
//! - An answer that is whole and true costs what it says, to the nano-dollar and never more than its hold, and is
//!   handed on as it is. What nothing can be billed for costs nothing.
//! - No answer is handed on of which a part can't be read or never came.
//! - Nothing panics but what the test lets panic, and a call whose task dies of that has one end and is not asked
//!   again. Nothing is held in the end. No question fails for trouble that is not its own.
//!
//! Each run has a seed of its own, which it tells: `ANVIL_LIARS_SEED` repeats it. `ANVIL_LIARS_CALLS` says how many
//! questions are asked; `make liars` asks 200,000 in a release build. Many questions are asked in parts, each with a
//! seed and a ledger of its own, so that a wrong is repeated in the time of a part.

mod account;
mod answer;
mod books;
mod counts;
mod dice;
mod events;
mod framing;
mod guest;
mod gzip;
mod lies;
mod looks;
mod prices;
mod request;
mod run;
mod scene;
mod statuses;
mod strange;
mod tokenizer;
mod told;
mod truth;
mod upstream;
mod written;

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Questions of a part, and of a run unless `ANVIL_LIARS_CALLS` says otherwise. Its ledger goes through decades: what
/// is told beyond a hold fills whole months.
const QUESTIONS: u64 = 5_000;
/// What the harness's own panic says.
const PLANTED: &str = "a guest's text sink that panics";

static PANICS: AtomicU64 = AtomicU64::new(0);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn no_liar_breaks_the_law() {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let by_chance = u64::from(since_epoch.subsec_nanos());
    let seed = number("ANVIL_LIARS_SEED").unwrap_or(by_chance);
    let questions = number("ANVIL_LIARS_CALLS").unwrap_or(QUESTIONS);
    println!("seed {seed}, {questions} questions; ANVIL_LIARS_SEED={seed} repeats it");
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some(PLANTED) {
            PANICS.fetch_add(1, Ordering::SeqCst);
            usual(panic);
        }
    }));
    let wrongs = asked_in_parts(seed, questions);
    let shown: Vec<_> = wrongs.iter().take(20).map(String::as_str).collect();
    assert!(wrongs.is_empty(), "seed {seed}: {} wrongs:\n{}", wrongs.len(), shown.join("\n"));
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "seed {seed}: something panicked");
}

// As many parts at once as there are processors. The first part has the run's own seed.
fn asked_in_parts(seed: u64, questions: u64) -> Vec<String> {
    let parts = questions.div_ceil(QUESTIONS);
    let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicU64::new(0);
    let wrongs = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..at_once {
            threads.spawn(|| {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                loop {
                    let part = next.fetch_add(1, Ordering::SeqCst);
                    if part >= parts {
                        return;
                    }
                    let seed = seed.wrapping_add(part);
                    let most = QUESTIONS.min(questions - part * QUESTIONS);
                    let found = runtime.block_on(run::run(seed, most));
                    println!("part {} of {parts}, seed {seed}: {} wrongs", part + 1, found.len());
                    let told = found.into_iter().map(|wrong| format!("seed {seed}: {wrong}"));
                    wrongs.lock().expect("no part panics").extend(told);
                }
            });
        }
    });
    wrongs.into_inner().expect("no part panics")
}
