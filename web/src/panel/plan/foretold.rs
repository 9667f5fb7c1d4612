//! What the host predicted of its own days, beside what happened.

use super::page::binds;
use anvil_api::{ComparedPlan, PlanFigures, PlanOff, PlanTimes, Predictions};
use anvil_budget::Windows;

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
    pub(crate) fn new(predictions: Option<&Predictions>, windows: &Windows) -> Self {
        let Some(predictions) = predictions else {
            let says = "What this host predicted of itself cannot be read now: the log says why.".to_owned();
            return Self { says, coming: Vec::new(), tables: Vec::new() };
        };
        let coming = predictions.coming.iter().flat_map(|coming| {
            let (figures, of) = (&coming.predicted, of_zone(coming.zone.as_deref(), windows));
            [
                ("Days", format!("{} to {}", of.date(coming.from), of.date(coming.to))),
                ("Made", windows.local(coming.made_at)),
                ("Jobs", format!("{} of {} done", figures.finished, figures.came)),
                ("Cost", figures.cost.rounded()),
                (
                    "Response",
                    format!(
                        "p50 {}, p95 {}",
                        PlanTimes::shown(figures.p50_s),
                        PlanTimes::shown(figures.p95_s)
                    ),
                ),
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
        let of = of_zone(compared.zone.as_deref(), windows);
        let (from, to) = (of.date(compared.from), of.date(compared.to));
        let is_day = of.day(compared.from).end == compared.to;
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
        figures.cost.rounded(),
        PlanTimes::shown(figures.p95_s),
        figures.binds.clone().unwrap_or_else(|| "nothing".to_owned()),
    ]
}

fn off(off: &PlanOff) -> Vec<String> {
    let mut cells: Vec<_> =
        [off.came, off.finished, off.usd, off.p95].into_iter().map(PlanOff::shown).collect();
    cells.push(if off.binds_right { "right" } else { "wrong" }.to_owned());
    cells
}

/// The windows of the zone whose days these are.
fn of_zone(zone: Option<&str>, present: &Windows) -> Windows {
    Windows::of_zone(zone).unwrap_or_else(|| present.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::kit::samples::windows;

    #[test]
    fn where_predictions_cannot_be_read_it_is_said_and_the_page_stands() {
        let without = Foretold::new(None, &windows());
        assert!(without.says.contains("cannot be read now"));
        assert!(without.coming.is_empty() && without.tables.is_empty());
    }
}
