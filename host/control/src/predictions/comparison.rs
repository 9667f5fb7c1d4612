//! Predictions beside what happened, for people.

use super::{ENOUGH, PredictionControl, days_from};
use anvil_api::{ComingPlan, ComparedPlan, PlanFigures, PlanOff, Predictions};
use anvil_budget::{WindowSpan, Windows};
use anvil_plan::{DayPast, Prediction, figures};
use anvil_store::{KeptPrediction, StoreError, UsageSum};
use anvil_types::words::PredictionsStand;
use anvil_types::{Nanodollars, Timestamp};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A prediction as it is read.
struct Read {
    kept: KeptPrediction,
    prediction: Prediction,
}

impl PredictionControl {
    /// The newest prediction, and so many comparisons each of weeks and days with what happened. Dollars are as the ledger has
    /// them now; jobs and times as they were when their day was over.
    pub async fn list(&self, limit: u32) -> Result<Predictions, StoreError> {
        let windows = self.store.windows();
        let today = windows.day(self.clock.now()).start;
        // Those that are over begin a week before those that are asked for.
        let kept = self.store.predictions(limit.saturating_add(8)).await?;
        let read = |kept: KeptPrediction| {
            let prediction = read(&kept.body, kept.start)?;
            Some(Read { kept, prediction })
        };
        let read: Vec<Read> = kept.into_iter().filter_map(read).collect();
        let past = match read.last() {
            Some(oldest) => self.past(oldest.kept.start, today, &windows).await?,
            None => Vec::new(),
        };
        let most = limit as usize;
        let whole = read
            .iter()
            .filter_map(|one| compared(one, &past, one.kept.end, one.kept.whole.as_deref(), &windows));
        let weeks: Vec<_> = whole.take(most).collect();
        let single = read.iter().filter_map(|one| {
            compared(one, &past, windows.day(one.kept.start).end, one.kept.day.as_deref(), &windows)
        });
        let days: Vec<_> = single.take(most).collect();
        let first = read.last().filter(|_| weeks.is_empty());
        Ok(Predictions {
            upstream: self.upstream,
            says: says(self.measured(), first.map(|one| &one.kept), &weeks, days.len(), &windows).to_string(),
            first_day_at: first.filter(|_| days.is_empty()).map(|one| windows.day(one.kept.start).end),
            first_week_at: first.map(|one| one.kept.end),
            coming: read.first().map(|one| coming(&one.prediction)),
            weeks,
            days,
        })
    }

    /// The days that are over and worked out since a time.
    async fn past(
        &self,
        from: Timestamp,
        today: Timestamp,
        windows: &Windows,
    ) -> Result<Vec<DayPast>, StoreError> {
        let kept = self.store.plan_days(from, today).await?;
        let mut cuts: Vec<_> = kept.iter().map(|day| day.start).collect();
        cuts.extend(kept.last().map(|day| day.end));
        // A day that is not kept is no part of the one before.
        let ends = kept.iter().map(|day| day.end).filter(|end| !cuts.contains(end)).collect::<Vec<_>>();
        cuts.extend(ends);
        cuts.sort_unstable();
        cuts.dedup();
        let mut spent = BTreeMap::<Timestamp, (Nanodollars, Nanodollars)>::new();
        for sum in self.store.usage(self.upstream, cuts).await? {
            let (agents, others) = spent.entry(sum.start).or_default();
            *if sum.agent.is_some() { agents } else { others } += UsageSum::spent(&sum);
        }
        let day = |day: anvil_store::KeptDay| {
            let facts = read(day.facts.as_deref()?, day.start)?;
            let (cost, others) = spent.get(&day.start).copied().unwrap_or_default();
            let span = WindowSpan { start: day.start, end: windows.day(day.start).end };
            Some(DayPast { span, seen: day.seen, facts, cost, others })
        };
        Ok(kept.into_iter().filter_map(day).collect())
    }
}

/// What is kept of the days from a time on; none, and a word in the log, where another version of the host has kept it.
pub(super) fn read<T: DeserializeOwned>(kept: &str, start: Timestamp) -> Option<T> {
    let read = serde_json::from_str(kept);
    read.inspect_err(|error| {
        tracing::warn!(%error, %start, "what is kept of predicted days cannot be read: they are not compared");
    })
    .ok()
}

/// A prediction beside what happened up to `end`, where all of that is over and worked out; `with_arrivals` is what it
/// says of the jobs that really came, as it is kept.
fn compared(
    one: &Read,
    past: &[DayPast],
    end: Timestamp,
    with_arrivals: Option<&str>,
    windows: &Windows,
) -> Option<ComparedPlan> {
    let with_arrivals: Option<PlanFigures> = read(with_arrivals?, one.kept.start)?;
    let days: Vec<_> = days_from(windows, one.kept.start, super::DAYS)
        .into_iter()
        .take_while(|day| day.end <= end)
        .map(|day| past.iter().find(|past| past.span == day).cloned())
        .collect::<Option<_>>()?;
    one.prediction.compared(&days, with_arrivals, windows)
}

fn coming(prediction: &Prediction) -> ComingPlan {
    ComingPlan {
        made_at: prediction.made_at,
        from: prediction.from,
        to: prediction.to,
        version: prediction.version.clone(),
        seed: prediction.seed,
        limits_digest: prediction.limits_digest.clone(),
        predicted: figures(&prediction.run),
        days: prediction.run.by_day.clone(),
    }
}

/// Where it stands.
fn says(
    measured: u64,
    first: Option<&KeptPrediction>,
    weeks: &[ComparedPlan],
    days: usize,
    windows: &Windows,
) -> PredictionsStand {
    if let Some(ComparedPlan { from, predicted, happened, off, .. }) = weeks.first() {
        return PredictionsStand::Compared {
            from: windows.local(*from).chars().take(10).collect(),
            predicted: (predicted.finished, predicted.cost),
            happened: (happened.finished, happened.cost),
            jobs_off: PlanOff::shown(off.finished),
            dollars_off: PlanOff::shown(off.usd),
        };
    }
    let Some(first) = first else { return PredictionsStand::Unmeasured { needed: ENOUGH, measured } };
    let day_at = windows.local(windows.day(first.start).end);
    PredictionsStand::Waiting { days, day_at, week_at: windows.local(first.end) }
}
