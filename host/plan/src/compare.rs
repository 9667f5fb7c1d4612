//! A prediction beside what happened.

use crate::happened::{Arrivals, DayFacts, TookCounts};
use crate::money::UsedUp;
use crate::waits::binding;
use anvil_api::{ComparedPlan, PlanFigures, PlanOff, PlanRun, PlannedJobs};
use anvil_budget::{WindowSpan, Windows};
use anvil_types::{DaySeen, Limits, Nanodollars, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A host that was away for more than this part of the time was not the one that was predicted.
const AWAY_FROM: f64 = 0.05;
/// More jobs than this part of a day's that were there when a prediction was made change what it says.
const OPEN_FROM: f64 = 0.1;

/// What was predicted, and of whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// When.
    pub made_at: Timestamp,
    /// By which version of the host.
    pub version: String,
    /// By which number chance was drawn.
    pub seed: u64,
    /// The first instant of its first day.
    pub from: Timestamp,
    /// The first instant after its last.
    pub to: Timestamp,
    /// The limits that were in force.
    pub limits: Limits,
    /// A digest of them.
    pub limits_digest: String,
    /// The time zone whose days these are; none where it has no name.
    #[serde(default)]
    pub zone: Option<String>,
    /// A digest of all else that a plan goes by.
    pub settings_digest: String,
    /// What jobs were to come.
    pub jobs: Vec<PlannedJobs>,
    /// The digest of the version of each agent.
    pub agents: BTreeMap<String, String>,
    /// What was used up already.
    pub used: UsedUp,
    /// Jobs that were there already, which a plan leaves out.
    pub open: u64,
    /// What was predicted.
    pub run: PlanRun,
}

/// A day that is over.
#[derive(Clone, Debug)]
pub struct DayPast {
    /// When it was.
    pub span: WindowSpan,
    /// What was seen while it went by.
    pub seen: DaySeen,
    /// What its jobs came to.
    pub facts: DayFacts,
    /// What agents' calls cost.
    pub cost: Nanodollars,
    /// What all others' did: API keys', and the host's own.
    pub others: Nanodollars,
    /// Whether a day of another time zone lies over it: the zone was changed.
    pub overlaid: bool,
}

impl Prediction {
    /// The windows of the time zone whose days it is of: those of the present one where its name says nothing.
    pub fn windows(&self, present: &Windows) -> Windows {
        Windows::of_zone(self.zone.as_deref()).unwrap_or_else(|| present.clone())
    }

    /// The kind of an agent's jobs.
    fn kind(&self, agent: &str) -> Option<usize> {
        // A kind's name is cut where an agent's is long.
        self.jobs.iter().position(|kind| {
            !kind.name.is_empty() && agent.starts_with(&kind.name) && {
                kind.name.len() == agent.len() || kind.name.chars().count() >= crate::measured::LONGEST_NAME
            }
        })
    }

    /// When the jobs of these days came after the first of them, each with the number of its kind; jobs of agents that were not
    /// predicted are left out.
    pub fn arrivals(&self, days: &[(WindowSpan, &Arrivals)]) -> Vec<(Duration, usize)> {
        let Some(start) = days.first().map(|(span, _)| span.start) else { return Vec::new() };
        let mut times = Vec::new();
        for (span, arrivals) in days {
            for (agent, seconds) in *arrivals {
                let Some(kind) = self.kind(agent) else { continue };
                for (second, count) in seconds {
                    let at = span.start.since(start) + Duration::from_secs((*second).into());
                    times.extend((0..*count).map(|_| (at, kind)));
                }
            }
        }
        times.sort_unstable();
        times
    }

    /// What it says of these days: of all of it, or of its first day.
    pub fn says(&self, span: WindowSpan, windows: &Windows) -> PlanFigures {
        if (span.start, span.end) == (self.from, self.to) {
            return figures(&self.run);
        }
        let date = windows.date(span.start);
        let day = self.run.by_day.iter().find(|day| day.date == date);
        day.cloned().map(PlanFigures::from).unwrap_or_default()
    }

    /// It beside what happened in `days`, which are all of its days or the first; `with_arrivals` is what it says of the jobs
    /// that really came. None where no day is over.
    pub fn compared(
        &self,
        days: &[DayPast],
        with_arrivals: Option<PlanFigures>,
        windows: &Windows,
    ) -> Option<ComparedPlan> {
        let span = WindowSpan { start: days.first()?.span.start, end: days.last()?.span.end };
        let (predicted, happened) = (self.says(span, windows), happened(days));
        let mut notes = Notes { prediction: self, windows, comparable: true, said: Vec::new() };
        notes.limits(days);
        notes.settings(days);
        notes.agents(days);
        notes.away(days);
        notes.jobs(days, &predicted);
        let Notes { comparable, said: notes, .. } = notes;
        Some(ComparedPlan {
            made_at: self.made_at,
            from: span.start,
            to: span.end,
            zone: self.zone.clone(),
            version: self.version.clone(),
            seed: self.seed,
            limits_digest: self.limits_digest.clone(),
            off: off(&predicted, &happened),
            off_with_arrivals: with_arrivals.as_ref().map(|with| off(with, &happened)),
            predicted,
            with_arrivals,
            happened,
            comparable,
            notes,
        })
    }
}

/// What a run comes to.
pub fn figures(run: &PlanRun) -> PlanFigures {
    PlanFigures {
        came: run.submitted,
        finished: run.finished,
        cost: run.total,
        p50_s: run.response.p50_s,
        p95_s: run.response.p95_s,
        binds: run.binds.clone(),
    }
}

fn happened(days: &[DayPast]) -> PlanFigures {
    let (mut took, mut waits) = (TookCounts::default(), DaySeen::default());
    for day in days {
        took.add_all(&day.facts.took);
        waits.add(&day.seen);
    }
    let waits = waits.waits_us.iter().map(|(limit, micros)| (limit, Duration::from_micros(*micros)));
    PlanFigures {
        came: days.iter().map(|day| day.facts.came).sum(),
        finished: days.iter().map(|day| day.facts.done).sum(),
        cost: days.iter().map(|day| day.cost).sum(),
        p50_s: took.part(50),
        p95_s: took.part(95),
        binds: binding(waits, took.sum()).cloned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "jobs of some days")]
fn off(predicted: &PlanFigures, happened: &PlanFigures) -> PlanOff {
    PlanOff {
        came: percent(predicted.came as f64, happened.came as f64),
        finished: percent(predicted.finished as f64, happened.finished as f64),
        usd: percent(predicted.cost.get() as f64, happened.cost.get() as f64),
        p95: percent(predicted.p95_s, happened.p95_s),
        binds_right: predicted.binds == happened.binds,
    }
}

/// To a tenth of a percent.
fn percent(predicted: f64, happened: f64) -> Option<f64> {
    if happened == 0.0 {
        return (predicted == 0.0).then_some(0.0);
    }
    Some(((predicted - happened) / happened * 1_000.0).round() / 10.0)
}

/// What is to be known of a comparison.
struct Notes<'n> {
    prediction: &'n Prediction,
    windows: &'n Windows,
    comparable: bool,
    said: Vec<String>,
}

impl Notes<'_> {
    fn date(&self, day: &DayPast) -> String {
        self.windows.date(day.span.start)
    }

    fn broken(&mut self, why: String) {
        self.comparable = false;
        self.said.push(why);
    }

    fn limits(&mut self, days: &[DayPast]) {
        let mut told = BTreeSet::new();
        for day in days {
            for limits in &day.seen.limits {
                for was in limits.differences(&self.prediction.limits) {
                    if told.insert((was.name, was.this.clone())) {
                        let date = self.date(day);
                        self.broken(format!(
                            "limits changed: {} was {} from {date} on, and predicted with {}",
                            was.name, was.this, was.other
                        ));
                    }
                }
            }
        }
    }

    fn settings(&mut self, days: &[DayPast]) {
        let other = |day: &&DayPast| {
            day.seen.settings.iter().any(|digest| *digest != self.prediction.settings_digest)
        };
        if let Some(day) = days.iter().find(other) {
            let date = self.date(day);
            self.broken(format!("settings, prices or the version of the host changed on {date}"));
        }
    }

    fn agents(&mut self, days: &[DayPast]) {
        let (mut came, mut newer) = (BTreeMap::<&str, u64>::new(), BTreeMap::new());
        for day in days {
            for (agent, of) in &day.facts.agents {
                *came.entry(agent).or_default() += of.came;
                let known = self.prediction.agents.get(agent);
                if known.is_some_and(|known| of.versions.iter().any(|version| version != known)) {
                    newer.entry(agent).or_insert_with(|| self.date(day));
                }
            }
        }
        for (agent, date) in newer {
            self.broken(format!("{agent} ran on another version on {date}"));
        }
        let unknown: Vec<_> =
            came.iter().filter(|(agent, jobs)| **jobs > 0 && self.prediction.kind(agent).is_none()).collect();
        for (agent, jobs) in unknown {
            self.broken(format!("{agent}, of which the prediction knew no job, had {jobs}"));
        }
        let kinds = self.prediction.jobs.iter().filter(|kind| kind.per_day > 0.0);
        let absent =
            kinds.filter(|kind| !came.iter().any(|(agent, jobs)| *jobs > 0 && agent.starts_with(&kind.name)));
        let absent: Vec<_> = absent.map(|kind| format!("no job of {} came", kind.name)).collect();
        // Of single days nobody says that every agent has work on each.
        if days.len() > 1 {
            self.said.extend(absent);
        }
    }

    fn away(&mut self, days: &[DayPast]) {
        for day in days {
            let length = day.span.end.since(day.span.start);
            let away = length.saturating_sub(day.seen.up());
            if away.as_secs_f64() > AWAY_FROM * length.as_secs_f64() {
                let (date, hours) = (self.date(day), |time: Duration| time.as_secs_f64() / 3_600.0);
                if day.overlaid {
                    self.broken(format!(
                        "the time zone was changed on {date}, and the day cut: {:.1} of its {:.0} hours were seen",
                        hours(day.seen.up()),
                        hours(length)
                    ));
                    continue;
                }
                self.broken(format!(
                    "the host was down for {:.1} of {:.0} hours on {date}",
                    hours(away),
                    hours(length)
                ));
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "jobs of some days")]
    fn jobs(&mut self, days: &[DayPast], predicted: &PlanFigures) {
        let gone: u64 = days.iter().map(|day| day.facts.gone).sum();
        if gone > 0 {
            self.broken(format!(
                "{gone} jobs with calls in these days were removed before they were over: jobs and times are of those that were kept"
            ));
        }
        let failed: u64 = days.iter().map(|day| day.facts.failed).sum();
        if failed > 0 {
            self.said.push(format!("{failed} jobs failed, for which a plan knows no reasons but limits"));
        }
        let open = self.prediction.open;
        if open as f64 > OPEN_FROM * predicted.came as f64 / days.len().max(1) as f64 && open > 0 {
            self.said.push(format!("{open} jobs were there when it was made, which a plan leaves out"));
        }
        let others: Nanodollars = days.iter().map(|day| day.others).sum();
        if others > Nanodollars::ZERO {
            self.said.push(format!(
                "clients with API keys and the host itself spent {others} besides, which no prediction has"
            ));
        }
    }
}
