//! Predictions beside what happened, for people.

use super::{ENOUGH, MOST_OVER, PredictionControl, believed, one_after_another};
use anvil_api::{ComingPlan, ComparedPlan, PlanFigures, PlanOff, Predictions};
use anvil_budget::{WindowSpan, Windows};
use anvil_plan::{DayPast, Kept, Prediction, figures};
use anvil_store::{KeptDay, KeptPrediction, StoreError, UsageSum};
use anvil_types::words::PredictionsStand;
use anvil_types::{Nanodollars, Timestamp};
use std::collections::BTreeMap;

/// A prediction as it is read.
struct Read {
    kept: KeptPrediction,
    prediction: Prediction,
    /// Of the time zone whose days it is of.
    windows: Windows,
}

impl Read {
    fn new(kept: KeptPrediction, present: &Windows) -> Option<Self> {
        let prediction: Prediction = read(&kept.body, kept.span())?;
        let windows = prediction.windows(present);
        Some(Self { kept, prediction, windows })
    }

    fn first_day(&self) -> WindowSpan {
        self.windows.day(self.kept.start)
    }

    /// Whether its days are such of the present time zone.
    fn fits(&self, present: &Windows) -> bool {
        [self.kept.start, self.kept.end].iter().all(|time| present.day(*time).start == *time)
    }

    /// Whether all of it is over, or is to be, and was not laid beside what happened.
    fn is_open(&self, today: Timestamp) -> bool {
        self.kept.whole.is_none() && self.kept.end >= today
    }

    /// It beside what happened on these days; `with_arrivals` is what it says of the jobs that really came, as it is kept.
    fn compared(&self, days: Option<Vec<DayPast>>, with_arrivals: Option<&str>) -> Option<ComparedPlan> {
        let with_arrivals: Option<PlanFigures> = read(with_arrivals?, self.kept.span())?;
        self.prediction.compared(&days?, with_arrivals, &self.windows)
    }
}

impl PredictionControl {
    /// The newest prediction, and so many comparisons each of weeks and days with what happened. Dollars are as the ledger has
    /// them now; jobs and times as they were when their day was over.
    pub async fn list(&self, limit: u32) -> Result<Predictions, StoreError> {
        let (windows, now) = (self.store.windows(), self.clock.now());
        let today = windows.day(now).start;
        // Those that are over begin a week before those that are asked for.
        let kept = self.store.predictions(believed(now), limit.saturating_add(8)).await?;
        let is_any = !kept.is_empty();
        let read: Vec<Read> = kept.into_iter().filter_map(|kept| Read::new(kept, &windows)).collect();
        let past = match read.last() {
            Some(oldest) => self.past(oldest.kept.start, today).await?,
            None => BTreeMap::new(),
        };
        let days_of = |span| one_after_another(span, |at| past.get(&at).map(|day| (day.span, day.clone())));
        let most = limit as usize;
        let whole =
            read.iter().filter_map(|one| one.compared(days_of(one.kept.span()), one.kept.whole.as_deref()));
        let weeks: Vec<_> = whole.take(most).collect();
        let single = read.iter().filter_map(|one| {
            let day = past.get(&one.kept.start).map(|day| vec![day.clone()]);
            one.compared(day, one.kept.day.as_deref())
        });
        let days: Vec<_> = single.take(most).collect();
        // The oldest first.
        let open = || read.iter().rev().filter(|one| one.is_open(today) && one.fits(&windows));
        let week_at = open().next().map(|one| one.kept.end).filter(|_| weeks.is_empty());
        let first_days = open().filter(|one| one.kept.day.is_none()).map(|one| one.first_day().end);
        let day_at = first_days.min().filter(|_| weeks.is_empty() && days.is_empty());
        let stand = match (weeks.first(), week_at) {
            (Some(week), _) => with_weeks(week, &read),
            (None, Some(week_at)) => PredictionsStand::Waiting {
                days: days.len(),
                day_at: day_at.map(|at| windows.local(at)),
                week_at: windows.local(week_at),
            },
            (None, None) if !read.is_empty() => PredictionsStand::Cut { days: days.len() },
            (None, None) if is_any => PredictionsStand::Unreadable,
            (None, None) => PredictionsStand::Unmeasured { needed: ENOUGH, measured: self.measured() },
        };
        let is_cut = read.iter().any(|one| one.is_open(today) && !one.fits(&windows));
        let cut = if is_cut { PredictionsStand::ZONE_CHANGED } else { "" };
        Ok(Predictions {
            upstream: self.upstream,
            says: format!("{stand}{cut}"),
            first_day_at: day_at,
            first_week_at: week_at,
            coming: read.first().map(|one| coming(&one.prediction)),
            weeks,
            days,
        })
    }

    /// The days that are over and worked out since a time, by their beginning.
    async fn past(
        &self,
        from: Timestamp,
        today: Timestamp,
    ) -> Result<BTreeMap<Timestamp, DayPast>, StoreError> {
        let kept = self.store.plan_days(from - MOST_OVER, today).await?;
        let mut cuts: Vec<_> = kept.iter().flat_map(|day| [day.start, day.end]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut spent = BTreeMap::<Timestamp, (Nanodollars, Nanodollars)>::new();
        for sum in self.store.usage(self.upstream, cuts).await? {
            let (agents, others) = spent.entry(sum.start).or_default();
            *if sum.agent.is_some() { agents } else { others } += UsageSum::spent(&sum);
        }
        let day = |day: &KeptDay| {
            let span = day.span();
            if !day.seen.is_possible(span) {
                tracing::warn!(start = %day.start, "what is kept of a predicted day cannot be: it is not compared");
                return None;
            }
            let facts = read(day.facts.as_deref()?, span)?;
            let spent: Vec<_> = spent.range(day.start..day.end).map(|(_, spent)| *spent).collect();
            let cost = spent.iter().map(|(agents, _)| *agents).sum();
            let others = spent.iter().map(|(_, others)| *others).sum();
            let overlaid = kept
                .iter()
                .any(|other| other.start != day.start && other.start < day.end && other.end > day.start);
            Some((day.start, DayPast { span, seen: day.seen.clone(), facts, cost, others, overlaid }))
        };
        Ok(kept.iter().filter_map(day).collect())
    }
}

/// What is kept of a stretch of days; none, and a word in the log, where it is damaged or another version of the host has kept it.
pub(super) fn read<T: Kept>(kept: &str, span: WindowSpan) -> Option<T> {
    let read = T::read(kept, span);
    read.inspect_err(|error| {
        tracing::warn!(%error, start = %span.start, "what is kept of predicted days is not believed: they are not compared");
    })
    .ok()
}

fn coming(prediction: &Prediction) -> ComingPlan {
    ComingPlan {
        made_at: prediction.made_at,
        from: prediction.from,
        to: prediction.to,
        zone: prediction.zone.clone(),
        version: prediction.version.clone(),
        seed: prediction.seed,
        limits_digest: prediction.limits_digest.clone(),
        predicted: figures(&prediction.run),
        days: prediction.run.by_day.clone(),
    }
}

fn with_weeks(week: &ComparedPlan, read: &[Read]) -> PredictionsStand {
    let ComparedPlan { from, predicted, happened, off, .. } = week;
    let of = read.iter().find(|one| one.kept.start == *from);
    PredictionsStand::Compared {
        from: of.map_or_else(|| from.to_string(), |one| one.windows.date(*from)),
        predicted: (predicted.finished, predicted.cost),
        happened: (happened.finished, happened.cost),
        jobs_off: PlanOff::shown(off.finished),
        dollars_off: PlanOff::shown(off.usd),
    }
}
