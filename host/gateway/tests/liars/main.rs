//! The law against liars: the real gateway and the real store before an upstream that lies at random, asked
//! by guests that choose their JSON to be counted for less than it is sent as.
//!
//! - The ledger is never below what was told, at every look.
//! - No window is over its limit by more than calls were told above their holds, and each of those is alerted.
//! - A call that was told no lie never costs more than its hold.
//! - An answer that is whole and true is handed on as it is.
//! - Nothing panics, nothing is held in the end, no question fails for trouble that is not its own.
//!
//! `ANVIL_LIARS_CALLS` says how many questions are asked, `ANVIL_LIARS_SEED` repeats a run. `make liars` asks
//! 200,000 in a release build.

mod dice;
mod guest;
mod lies;
mod looks;
mod run;
mod told;
mod upstream;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Questions of a run, unless `ANVIL_LIARS_CALLS` says otherwise.
const QUESTIONS: u64 = 5_000;
/// What the harness's own panic says.
const PLANTED: &str = "a guest's text sink that panics";

static PANICS: AtomicU64 = AtomicU64::new(0);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
#[ignore = "at some seeds it still finds wrongs, some of them its own: `make liars` runs it"]
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
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let wrongs = runtime.block_on(run::run(seed, questions));
    let shown: Vec<_> = wrongs.iter().take(20).map(String::as_str).collect();
    assert!(wrongs.is_empty(), "seed {seed}: {} wrongs:\n{}", wrongs.len(), shown.join("\n"));
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "seed {seed}: something panicked");
}
