//! What the host predicted of its own days, on a terminal.

use super::shown::minute;
use crate::show::Table;
use anvil_api::{ComparedPlan, PlanFigures, PlanOff, PlanTimes, Predictions};
use std::fmt::Write as _;

pub(super) fn predictions(predictions: &Predictions) -> String {
    let mut out = format!("{}\n", predictions.says);
    if let Some(coming) = &predictions.coming {
        let figures = &coming.predicted;
        let _ = write!(
            out,
            "\nThe newest, made {}, of {} to {}:\n{} of {} jobs done, {}, p50 {}, p95 {}; binds: {}\n",
            minute(coming.made_at),
            minute(coming.from),
            minute(coming.to),
            figures.finished,
            figures.came,
            figures.cost.rounded(),
            PlanTimes::shown(figures.p50_s),
            PlanTimes::shown(figures.p95_s),
            binds(figures)
        );
    }
    for (head, compared) in [("SEVEN DAYS FROM", &predictions.weeks), ("DAY FROM", &predictions.days)] {
        if !compared.is_empty() {
            let _ = write!(out, "\n{}", table(head, compared));
        }
    }
    out
}

fn table(head: &str, compared: &[ComparedPlan]) -> String {
    let columns = [head, "", "CAME", "DONE", "COST", "P95", "BINDS"];
    let mut table = Table::new(&columns).right(&[2, 3, 4, 5]);
    let mut notes = String::new();
    for one in compared {
        let from = minute(one.from);
        table.row(line(&from, "predicted", &one.predicted));
        if let Some(with) = &one.with_arrivals {
            table.row(line("", "with the jobs that came", with));
        }
        table.row(line("", "happened", &one.happened));
        table.row(off("off", &one.off));
        if let Some(with) = &one.off_with_arrivals {
            table.row(off("off with those jobs", with));
        }
        for note in &one.notes {
            let mark = if one.comparable { "" } else { " (not the host that was predicted)" };
            let _ = writeln!(notes, "{from}{mark}: {note}");
        }
    }
    format!("{table}{notes}")
}

fn line(from: &str, what: &str, figures: &PlanFigures) -> [String; 7] {
    [
        from.to_owned(),
        what.to_owned(),
        figures.came.to_string(),
        figures.finished.to_string(),
        figures.cost.rounded(),
        PlanTimes::shown(figures.p95_s),
        binds(figures).to_owned(),
    ]
}

fn off(what: &str, off: &PlanOff) -> [String; 7] {
    let [came, finished, cost, p95] = [off.came, off.finished, off.usd, off.p95].map(PlanOff::shown);
    let binds = if off.binds_right { "right" } else { "wrong" };
    [String::new(), what.to_owned(), came, finished, cost, p95, binds.to_owned()]
}

fn binds(figures: &PlanFigures) -> &str {
    figures.binds.as_deref().unwrap_or("nothing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Nanodollars, Timestamp, UpstreamKind};

    #[test]
    fn each_prediction_stands_beside_what_happened() {
        let figures = |came, cost| PlanFigures {
            came,
            finished: came,
            cost: Nanodollars::from_dollars(cost),
            p95_s: 40.0,
            ..PlanFigures::default()
        };
        let off = |came| PlanOff {
            came: Some(came),
            finished: Some(came),
            usd: None,
            p95: Some(0.0),
            binds_right: false,
        };
        let compared = ComparedPlan {
            made_at: Timestamp::from_secs(60),
            from: Timestamp::from_secs(0),
            to: Timestamp::from_secs(7 * 86_400),
            zone: None,
            version: "0.1.0".to_owned(),
            seed: 7,
            limits_digest: "d1".to_owned(),
            predicted: figures(110, 11),
            with_arrivals: Some(figures(101, 10)),
            happened: figures(100, 0),
            off: off(10.0),
            off_with_arrivals: Some(off(1.0)),
            comparable: false,
            notes: vec!["limits changed".to_owned()],
        };
        let all = Predictions {
            upstream: UpstreamKind::Simulated,
            says: "Of the seven days …".to_owned(),
            first_day_at: None,
            first_week_at: None,
            coming: None,
            weeks: vec![compared],
            days: Vec::new(),
        };
        let shown = predictions(&all);
        for part in ["SEVEN DAYS FROM", "with the jobs that came", "+10.0 %", "+1.0 %", "wrong", "$11.00"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
        assert!(
            shown.contains("1970-01-01T00:00Z (not the host that was predicted): limits changed\n"),
            "{shown}"
        );
        assert!(!shown.contains("DAY FROM"), "{shown}");
        let mut small = all;
        small.weeks[0].predicted =
            PlanFigures { cost: Nanodollars::new(800_000), p95_s: 0.08, ..figures(1, 0) };
        small.weeks[0].happened =
            PlanFigures { cost: Nanodollars::new(1_000_000), p95_s: 0.13, ..figures(1, 0) };
        let shown = predictions(&small);
        for part in ["$0.0008", "$0.0010", "0.080 s", "0.130 s"] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
    }
}
