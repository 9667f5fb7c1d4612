//! The table, as Markdown.

use crate::outcome::{Outcome, Times};
use anvil_types::{Nanodollars, Tier};
use std::time::Duration;

/// Prints what came of the runs by one set of limits; the first is the one with nothing saved.
pub(crate) fn print(title: &str, runs: &[Outcome]) {
    println!("\n**{title}**\n");
    println!("| | dollars | of nothing | told as saved | p50 | p95 | in no hurry: p50 | p95 |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for run in runs {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            run.name,
            dollars(run.bill),
            percent(run.bill, runs[0].bill),
            dollars(run.told()),
            both(&run.hurry),
            both(&run.economy)
        );
    }
    println!();
    for run in runs {
        println!(
            "{}: {} calls, {} hits, {} in batches, {} parks, {} submissions refused, {} requests refused by rate limits; saved by \
             prompt cache {}, replies {}, batches {}, compression {}; the machine took {:.1} s",
            run.name,
            run.totals.calls,
            run.totals.hits,
            run.totals.batched,
            run.parks,
            run.refused,
            run.limited,
            dollars(run.totals.saved),
            dollars(run.totals.reply_saved),
            dollars(run.totals.batch_saved),
            dollars(run.compressed),
            run.machine.as_secs_f64(),
        );
        for replay in run.replays.iter().filter(|replay| replay.off) {
            let (calls, more) = (replay.calls, dollars(Nanodollars::ZERO - replay.saved));
            println!(
                "  compression is off for {}: its last {calls} calls would cost {more} more with it",
                replay.agent
            );
        }
    }
}

/// Prints how jobs ended by the strongest tier that answered them.
pub(crate) fn print_tiers(runs: &[&Outcome]) {
    println!("\n| run | tier | jobs | succeeded | calls a job | asked about again | dollars a success |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for run in runs {
        for tier in Tier::ALL {
            let of_tier = || run.tiers.iter().filter(|sum| sum.tier == tier);
            let (jobs, succeeded, calls): (u64, u64, u64) = of_tier()
                .fold((0, 0, 0), |all, sum| (all.0 + sum.jobs, all.1 + sum.succeeded, all.2 + sum.calls));
            if jobs == 0 {
                continue;
            }
            let cost: Nanodollars = of_tier().map(|sum| sum.cost).sum();
            let repaired = if tier == Tier::Haiku { run.repaired } else { 0 };
            let each = Nanodollars::new(cost.get() / i64::try_from(succeeded.max(1)).expect("few"));
            println!(
                "| {} | {} | {jobs} | {succeeded} | {} | {repaired} | ${:.4} |",
                run.name,
                tier.name(),
                hundredths(calls * 100 / jobs),
                float(each)
            );
        }
    }
}

/// Of a part, so many percent, with a digit behind the point.
pub(crate) fn percent(part: Nanodollars, whole: Nanodollars) -> String {
    let tenths = part.get() * 1_000 / whole.get().max(1);
    format!("{}.{} %", tenths / 10, (tenths % 10).abs())
}

fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

#[expect(clippy::cast_precision_loss, reason = "some dollars")]
fn float(amount: Nanodollars) -> f64 {
    amount.get() as f64 / 1e9
}

fn dollars(amount: Nanodollars) -> String {
    format!("${:.2}", float(amount))
}

/// The 50th and the 95th percentile, as two cells.
pub(crate) fn both(times: &Times) -> String {
    format!("{} | {}", shown(times.percentile(50)), shown(times.percentile(95)))
}

fn shown(time: Duration) -> String {
    match time.as_secs() {
        0..120 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{:.1} min", time.as_secs_f64() / 60.0),
    }
}
