//! A stretch of a host's own days to come.

use crate::answer::{MOST_CALLS, kinds, priced};
use crate::engine::{Demand, Engine, Wanted};
use crate::error::PlanError;
use crate::host::PlannedHost;
use crate::kind::Kind;
use anvil_api::{PlanRun, PlannedJobs};
use anvil_budget::WindowSpan;
use anvil_types::Nanodollars;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is used up already where days begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedUp {
    /// What was spent in the month that they begin in.
    pub month: Nanodollars,
    /// For how long any call was in flight in the week that they begin in.
    pub week: Duration,
}

/// Days of a host, and its work.
#[derive(Clone, Copy, Debug)]
pub struct ComingDays<'d> {
    /// The host.
    pub host: &'d PlannedHost,
    /// Its work.
    pub jobs: &'d [PlannedJobs],
    /// The days.
    pub span: WindowSpan,
    /// By which number chance is drawn.
    pub seed: u64,
    /// What is used up already.
    pub used: UsedUp,
}

impl ComingDays<'_> {
    /// What becomes of jobs that come by the days and hours of their kinds.
    pub fn by_pattern(&self, wanted: Wanted<'_>) -> Result<PlanRun, PlanError> {
        let kinds = kinds(self.jobs)?;
        let days = self.span.end.since(self.span.start).as_secs_f64() / 86_400.0;
        let calls: f64 = kinds.iter().map(|kind| kind.per_day * f64::from(kind.calls) * days).sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded, and not negative"
        )]
        let calls = calls as u64;
        if calls > MOST_CALLS {
            return Err(PlanError::TooMuch { calls, most: MOST_CALLS });
        }
        self.run(&kinds, Demand::Pattern, wanted)
    }

    /// What becomes of jobs that come at these times after the beginning, each of the kind of this number.
    pub fn by_arrivals(
        &self,
        times: Vec<(Duration, usize)>,
        wanted: Wanted<'_>,
    ) -> Result<PlanRun, PlanError> {
        self.run(&kinds(self.jobs)?, Demand::Given(times), wanted)
    }

    fn run(&self, kinds: &[Kind], demand: Demand, wanted: Wanted<'_>) -> Result<PlanRun, PlanError> {
        let rows = priced(self.host, kinds, self.span.start)?;
        let mut engine = Engine::new(self.host, kinds, rows, demand, self.seed, self.span.start);
        engine.money.begins_with(&self.used, self.span.start);
        engine.run_until(self.span.end, u64::MAX, wanted)?;
        Ok(engine.counts.run(&engine.money, &self.host.windows, engine.left() as u64))
    }
}
