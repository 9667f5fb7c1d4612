//! What the host predicted of its own days, beside what happened.

use super::page::{binds, seconds};
use crate::panel::kit::money::rounded;
use anvil_api::{ComparedPlan, PlanFigures, PlanOff, Predictions};
use anvil_budget::Windows;
use anvil_types::Timestamp;

/// Predictions, as they are read.
pub(crate) struct Foretold {
    /// Where it stands.
    pub(crate) says: String,
    /// Of the newest: a name and a text each.
    pub(crate) coming: Vec<(&'static str, String)>,
    /// The two tables: a heading, and what is compared.
    pub(crate) tables: Vec<(&'static str, Vec<Foresight>)>,
}

/// A prediction beside what happened.
pub(crate) struct Foresight {
    /// Which days.
    pub(crate) days: String,
    /// A line each: what it is, and its cells.
    pub(crate) lines: Vec<(&'static str, Vec<String>)>,
    /// Whether the host was as it was predicted.
    pub(crate) comparable: bool,
    pub(crate) notes: String,
}

impl Foretold {
    pub(crate) fn new(predictions: &Predictions, windows: &Windows) -> Self {
        let coming = predictions.coming.iter().flat_map(|coming| {
            let figures = &coming.predicted;
            [
                ("Days", format!("{} to {}", date(coming.from, windows), date(coming.to, windows))),
                ("Made", windows.local(coming.made_at)),
                ("Jobs", format!("{} of {} done", figures.finished, figures.came)),
                ("Cost", rounded(figures.cost)),
                ("Response", format!("p50 {}, p95 {}", seconds(figures.p50_s), seconds(figures.p95_s))),
                ("What binds", binds(figures.binds.as_deref())),
            ]
        });
        let table = |compared: &[ComparedPlan]| {
            compared.iter().map(|one| Foresight::new(one, windows)).collect::<Vec<_>>()
        };
        let tables = [("Seven days", table(&predictions.weeks)), ("Single days", table(&predictions.days))];
        Self {
            says: predictions.says.clone(),
            coming: coming.collect(),
            tables: tables.into_iter().filter(|(_, rows)| !rows.is_empty()).collect(),
        }
    }
}

impl Foresight {
    fn new(compared: &ComparedPlan, windows: &Windows) -> Self {
        let mut lines = vec![("predicted", cells(&compared.predicted))];
        lines.extend(compared.with_arrivals.iter().map(|with| ("with the jobs that came", cells(with))));
        lines.push(("happened", cells(&compared.happened)));
        lines.push(("off", off(&compared.off)));
        lines.extend(compared.off_with_arrivals.iter().map(|with| ("off with those jobs", off(with))));
        let (from, to) = (date(compared.from, windows), date(compared.to, windows));
        let is_day = windows.day(compared.from).end == compared.to;
        Self {
            days: if is_day { from } else { format!("{from} to {to}") },
            lines,
            comparable: compared.comparable,
            notes: compared.notes.join("; "),
        }
    }
}

fn cells(figures: &PlanFigures) -> Vec<String> {
    vec![
        figures.came.to_string(),
        figures.finished.to_string(),
        rounded(figures.cost),
        seconds(figures.p95_s),
        figures.binds.clone().unwrap_or_else(|| "nothing".to_owned()),
    ]
}

fn off(off: &PlanOff) -> Vec<String> {
    let mut cells: Vec<_> =
        [off.came, off.finished, off.usd, off.p95].into_iter().map(PlanOff::shown).collect();
    cells.push(if off.binds_right { "right" } else { "wrong" }.to_owned());
    cells
}

fn date(at: Timestamp, windows: &Windows) -> String {
    windows.local(at).chars().take(10).collect()
}
