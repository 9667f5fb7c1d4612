//! One day of an office's mixed jobs, again and again: with nothing saved, with each saving alone, and with all of them, in
//! dollars by the simulator's own bill and in the time from a job's coming to its end.
//!
//! `ANVIL_TEST_DAY_JOBS=2000`: the full size, at the seed's limits and at four times them.

#[path = "saving_day/attempt.rs"]
mod attempt;
#[path = "saving_day/drive.rs"]
mod drive;
#[path = "saving_day/host.rs"]
mod host;
#[path = "saving_day/kinds.rs"]
mod kinds;
#[path = "saving_day/mix.rs"]
mod mix;
#[path = "saving_day/outcome.rs"]
mod outcome;
#[path = "saving_day/runner.rs"]
mod runner;
#[path = "saving_day/saving.rs"]
mod saving;
mod scene;
#[path = "saving_day/step_clock.rs"]
mod step_clock;
#[path = "saving_day/table.rs"]
mod table;
#[path = "saving_day/texts.rs"]
mod texts;
#[path = "../../compress/tests/transcripts/mod.rs"]
mod transcripts;
#[path = "saving_day/upstream.rs"]
mod upstream;

use drive::Steps;
use mix::{DayJob, WHOLE, day};
use outcome::{Outcome, outcome};
use saving::{BESIDE, ROWS, Saves};
use std::sync::Arc;
use std::time::Duration;

/// Jobs of the day that the tests run.
const JOBS: usize = 300;
const STEPS: Steps = Steps { longest: Duration::from_secs(2), calm: 2 };
/// Slower: what the machine's own time does to the day's is the difference.
const FINER: Steps = Steps { longest: Duration::from_millis(500), calm: 6 };

/// Runs the day with each of these at once.
fn runs(rows: &[(Saves, Steps)], times: u32, day: &Arc<Vec<DayJob>>) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let runs = rows.iter().map(|(saves, steps)| {
            let (saves, steps, day) = (*saves, *steps, day.clone());
            scope.spawn(move || outcome(saves, times, steps, day))
        });
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().expect("a run")).collect()
    })
}

fn row<'a>(runs: &'a [Outcome], name: &str) -> &'a Outcome {
    runs.iter().find(|run| run.name == name).expect("a row")
}

/// What holds of every day.
fn check(runs: &[Outcome]) {
    let (nothing, all) = (row(runs, "nothing"), row(runs, "all together"));
    for run in runs {
        let (totals, name) = (&run.totals, run.name);
        assert_eq!(totals.settled, run.bill, "{name}: the ledger says what was charged");
        assert_eq!((totals.held.get(), totals.unknown.get()), (0, 0), "{name}");
    }
    for name in ["cache of replies", "hygiene", "batches", "compression"] {
        let run = row(runs, name);
        assert!(run.bill <= nothing.bill, "{name} costs more than nothing saved");
        assert!(run.told().get() > 0, "{name} saves something");
    }
    assert_eq!(nothing.told().get(), 0);
    let (told, saved) = (all.told().get(), (nothing.bill - all.bill).get());
    println!("\nAll together: {told} nano-dollars are told as saved; the bills differ by {saved}");
    assert!((told - saved).abs() * 100 <= saved, "{told} are told of {saved}");
    assert!(all.bill.get() * 100 <= nothing.bill.get() * 65, "all together cost more than 65 %");
}

#[test]
fn a_day_of_mixed_jobs_costs_two_thirds_or_less_with_all_that_saves() {
    let jobs = std::env::var("ANVIL_TEST_DAY_JOBS").map_or(JOBS, |jobs| jobs.parse().expect("a number"));
    let day = Arc::new(day(jobs));
    let calls: usize = day.iter().map(DayJob::calls).sum();
    println!("{} jobs, {calls} calls", day.len());
    let is_whole = jobs >= WHOLE;
    let beside = if is_whole { &BESIDE[..] } else { &[] };
    let rows = |rows: &[Saves]| rows.iter().map(|saves| (*saves, STEPS)).collect::<Vec<_>>();
    let seeds = runs(&rows(&[&ROWS[..], beside].concat()), 1, &day);
    table::print("At the seed's limits (`max-200`)", &seeds);
    table::print_tiers(&[row(&seeds, "nothing"), row(&seeds, "tiers")]);
    check(&seeds);
    if !is_whole {
        return;
    }
    let wider = runs(&rows(&ROWS), 4, &day);
    table::print("At four times them", &wider);
    check(&wider);
    let finer: Vec<_> = [ROWS[0], ROWS[5]].map(|saves| (saves, FINER)).into();
    table::print("The first and the sixth again, in finer steps", &runs(&finer, 1, &day));
}
