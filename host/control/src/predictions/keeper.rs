//! Once a day: what days that are over came to, what was predicted of them, and what is predicted of the next.

use super::comparison::read;
use super::watch::Watch;
use super::{DAYS, ENOUGH, MOST, MOST_OVER, PredictionControl, believed, days_from, one_after_another};
use crate::plan::{PlanControl, PlanRefused, digest};
use anvil_api::PlanFigures;
use anvil_budget::{WindowSpan, Windows};
use anvil_plan::{
    Arrivals, ComingDays, MOST_KINDS, PlanError, PlannedHost, Prediction, UsedUp, facts, figures, measured,
};
use anvil_store::{KeptDay, KeptPrediction, PredictedPart, StoreError};
use anvil_types::{End, JobId, Nanodollars, Timestamp};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// How often it is looked how the host stands, by its clock; and at most so often by the wall's, where that one runs fast.
const LOOK: Duration = Duration::from_secs(15);
const SHORTEST_LOOK: Duration = Duration::from_millis(250);
/// After what time a plan is tried again that took too long.
const AGAIN: Duration = Duration::from_hours(1);

/// Looks, and once a day predicts, until the host shuts down.
pub(crate) async fn run(control: PredictionControl) -> End {
    let now = control.clock.now();
    let (mut watch, mut next, mut began) = (Watch::new(now), now, now);
    loop {
        let rests = async {
            tokio::join!(
                // A clock that jumped while it worked is looked at again at once.
                control.clock.sleep_until(began + LOOK),
                tokio::time::sleep(SHORTEST_LOOK)
            )
        };
        let stops = tokio::select! {
            _ = rests => false,
            () = control.shutdown.cancelled() => true,
        };
        began = control.clock.now();
        if let Err(error) = control.goes_on(&mut watch, &mut next, stops).await
            && !stops
            && !control.shutdown.is_cancelled()
        {
            tracing::error!(%error, "what the host predicts of its days does not get on");
        }
        if stops {
            return End::Asked;
        }
    }
}

impl PredictionControl {
    async fn goes_on(&self, watch: &mut Watch, next: &mut Timestamp, stops: bool) -> Result<(), PlanRefused> {
        self.look(watch).await?;
        if !watch.is_due() && !stops {
            return Ok(());
        }
        self.keep(watch).await?;
        let now = self.clock.now();
        if stops || now < *next {
            return Ok(());
        }
        let today = self.store.windows().day(now);
        match self.of_today(today, now).await {
            Ok(()) => *next = today.end,
            // A plan that a person asks for goes before it.
            Err(PlanRefused::Plan(PlanError::Unwanted)) => {}
            // What took too long may do so again.
            Err(PlanRefused::TooLong(_)) => *next = now + AGAIN,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn of_today(&self, today: WindowSpan, now: Timestamp) -> Result<(), PlanRefused> {
        let kept = self.store.predictions(believed(now), MOST).await?;
        if let Some(oldest) = kept.last() {
            let days = self.end_days(oldest.start, today.start).await?;
            for prediction in &kept {
                self.judge(prediction, &days, today.start).await?;
            }
        }
        if !is_predicted(&kept, today, &self.store.windows()) {
            self.predict(today, now).await?;
        }
        Ok(())
    }

    /// Works out what the jobs of days came to that are over, and answers these days: those that were seen as they were, also in
    /// another time zone, and those of the present one between them.
    async fn end_days(&self, from: Timestamp, today: Timestamp) -> Result<Vec<WindowSpan>, StoreError> {
        let kept = self.store.plan_days(from - MOST_OVER, today).await?;
        let mut days: Vec<_> = kept.iter().map(KeptDay::span).filter(|day| day.end <= today).collect();
        let is_seen = |day: &WindowSpan| kept.iter().any(|kept| kept.start < day.end && kept.end > day.start);
        let between = days_from(&self.store.windows(), from, MOST as usize);
        days.extend(between.into_iter().filter(|day| day.end <= today && !is_seen(day)));
        let is_done =
            |day: &WindowSpan| kept.iter().any(|kept| kept.start == day.start && kept.facts.is_some());
        for day in days.iter().filter(|day| !is_done(day)) {
            let (facts, arrivals) = facts(&self.store.day_jobs(day.start, day.end).await?, *day);
            self.store.end_day(*day, json(&facts)?, json(&arrivals)?).await?;
        }
        Ok(days)
    }

    /// What a prediction says of the jobs that really came, as far as it is over.
    async fn judge(
        &self,
        kept: &KeptPrediction,
        days: &[WindowSpan],
        today: Timestamp,
    ) -> Result<(), PlanRefused> {
        let first = days.iter().find(|day| day.start == kept.start).filter(|_| kept.day.is_none());
        let whole = Some(kept.span()).filter(|whole| kept.whole.is_none() && whole.end <= today);
        for (part, span) in [(PredictedPart::FirstDay, first.copied()), (PredictedPart::Whole, whole)] {
            if let Some(span) = span {
                let says = self.with_arrivals(kept, span).await?;
                self.store.judge_prediction(kept.start, part, json(&says)?).await?;
            }
        }
        Ok(())
    }

    /// What it says of the jobs that came; none where not all of their times are known, or where that cannot be planned.
    async fn with_arrivals(
        &self,
        kept: &KeptPrediction,
        span: WindowSpan,
    ) -> Result<Option<PlanFigures>, PlanRefused> {
        let Some(prediction) = read::<Prediction>(&kept.body, kept.span()) else { return Ok(None) };
        let days = self.store.plan_days(span.start, span.end).await?;
        let read = |at: Timestamp| {
            let day = days.iter().find(|day| day.start == at)?;
            let arrivals: Arrivals = read(day.arrivals.as_deref()?, day.span())?;
            Some((day.span(), (day.span(), arrivals)))
        };
        let Some(days) = one_after_another(span, read) else { return Ok(None) };
        let days: Vec<_> = days.iter().map(|(day, arrivals)| (*day, arrivals)).collect();
        let times = prediction.arrivals(&days);
        let host = PlannedHost { limits: prediction.limits.clone(), ..self.plan.own().await? };
        let run = self.plan.idle(move |wanted| {
            let Prediction { jobs, seed, used, .. } = &prediction;
            let coming = ComingDays { host: &host, jobs, span, seed: *seed, used: *used };
            coming.by_arrivals(times, wanted)
        });
        match run.await {
            Ok(run) => Ok(Some(figures(&run))),
            Err(error @ PlanRefused::Plan(PlanError::Unwanted)) => Err(error),
            Err(error @ (PlanRefused::Plan(_) | PlanRefused::TooLong(_))) => {
                tracing::warn!(%error, "what was predicted cannot be planned again with the jobs that came");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Predicts the coming days, where enough was measured before the first of them.
    async fn predict(&self, today: WindowSpan, now: Timestamp) -> Result<(), PlanRefused> {
        let windows = self.store.windows();
        let calls = self.plan.latest(Some(today.start)).await?;
        let jobs: HashSet<JobId> = calls.iter().filter_map(|call| call.job).collect();
        self.note_measured(jobs.len() as u64);
        if (jobs.len() as u64) < ENOUGH {
            return Ok(());
        }
        let mut jobs = measured(&calls, &windows);
        jobs.sort_by(|one, other| {
            let weight = |kind: &anvil_api::PlannedJobs| kind.per_day * f64::from(kind.calls);
            weight(other).total_cmp(&weight(one))
        });
        jobs.truncate(MOST_KINDS);
        let days = days_from(&windows, today.start, DAYS);
        let span = WindowSpan { start: today.start, end: days.last().map_or(today.end, |day| day.end) };
        let (host, used) = (self.plan.own().await?, self.used(today.start).await?);
        let (limits, settings_digest) = (host.limits.clone(), PlanControl::settings_digest(&host));
        // The same days, the same plan.
        let seed = today.start.millis() / 1_000;
        let kinds = jobs.clone();
        let planned = self.plan.idle(move |wanted| {
            let coming = ComingDays { host: &host, jobs: &kinds, span, seed, used };
            coming.by_pattern(wanted)
        });
        let run = match planned.await {
            Err(PlanRefused::Plan(error @ (PlanError::TooMuch { .. } | PlanError::Price(_)))) => {
                tracing::warn!(%error, "the coming days cannot be predicted");
                return Ok(());
            }
            planned => planned?,
        };
        let counts = self.store.queue_counts().await?;
        let agents = self.catalog.agents();
        let ready = agents.iter().filter(|agent| agent.state.takes_jobs());
        let prediction = Prediction {
            made_at: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            from: span.start,
            to: span.end,
            limits_digest: digest(&json(&limits)?),
            limits,
            zone: windows.zone().iana_name().map(str::to_owned),
            settings_digest,
            jobs,
            agents: ready.map(|agent| (agent.name.clone(), agent.digest.clone())).collect::<BTreeMap<_, _>>(),
            used,
            open: counts.queued + counts.parked + counts.running,
            run,
        };
        let body = json(&prediction)?;
        let kept = KeptPrediction { start: span.start, end: span.end, body, day: None, whole: None };
        if self.store.keep_prediction(kept).await? {
            let run = &prediction.run;
            tracing::info!(jobs = run.finished, cost = %run.total, "predicted the coming seven days");
        }
        Ok(())
    }

    /// What is used up at a time of the month's money and the week's hours.
    async fn used(&self, from: Timestamp) -> Result<UsedUp, StoreError> {
        let windows = self.store.windows();
        let (month, week) = (windows.month(from), windows.week(from));
        let spent: Nanodollars = if month.start < from {
            let sums = self.store.usage(self.upstream, vec![month.start, from]).await?;
            sums.iter().map(anvil_store::UsageSum::spent).sum()
        } else {
            Nanodollars::ZERO
        };
        let used = self.store.spend(self.upstream).await?.week.used;
        Ok(UsedUp { month: spent, week: used.min(from.since(week.start)) })
    }
}

/// Whether the day is predicted already, be it as a day of the time zone before.
fn is_predicted(kept: &[KeptPrediction], today: WindowSpan, windows: &Windows) -> bool {
    let date = windows.date(today.start);
    let is_near = |kept: &&KeptPrediction| {
        kept.start < today.end && kept.start + Duration::from_hours(24) + MOST_OVER > today.start
    };
    kept.iter().filter(is_near).any(|kept| {
        kept.start == today.start
            || read::<Prediction>(&kept.body, kept.span())
                .is_some_and(|of| of.windows(windows).date(kept.start) == date)
    })
}

fn json(of: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(of).map_err(|error| StoreError::Backend(Box::new(error)))
}
