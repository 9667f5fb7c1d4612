//! The days of a plan as CSV.

use anvil_api::PlanAnswer;
use std::fmt::Write as _;

pub(super) fn days(answer: &PlanAnswer) -> String {
    let mut csv = "date,submitted,finished,usd,p95_s\n".to_owned();
    for day in &answer.run.by_day {
        let _ = writeln!(
            csv,
            "{},{},{},{:.6},{:.1}",
            day.date,
            day.submitted,
            day.finished,
            day.cost.usd(),
            day.p95_s
        );
    }
    csv
}
