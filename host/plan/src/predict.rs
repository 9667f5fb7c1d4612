//! A stretch of a host's own days to come.

use crate::call::priced;
use crate::engine::{Demand, Engine, Wanted};
use crate::error::PlanError;
use crate::host::PlannedHost;
use crate::kind::{Kind, kinds, not_too_much};
use crate::money::UsedUp;
use anvil_api::{PlanRun, PlannedJobs};
use anvil_budget::WindowSpan;
use std::time::Duration;

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
        not_too_much(&kinds, self.span.end.since(self.span.start).as_secs_f64() / 86_400.0)?;
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
