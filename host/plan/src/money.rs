//! The money of a plan: the house's own account, brake and alerts, kept in memory.

use crate::host::PlannedHost;
use anvil_budget::{
    Account, Amounts, BrakeCause, BrakeChange, Burn, Change, Denial, Moved, Tally, WeekUse, WindowKind,
    WindowLimits, WindowSpan, job_standing,
};
use anvil_types::{AlertWindow, CallState, Limits, Nanodollars, Scope, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Nothing is asked of anybody.
const UPSTREAM: UpstreamKind = UpstreamKind::Simulated;
const ALL: [Scope; 1] = [Scope::All];

/// What is used up already where days begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedUp {
    /// What was spent in the month that they begin in.
    pub month: Nanodollars,
    /// For how long any call was in flight in the week that they begin in.
    pub week: Duration,
}

/// How often an alert came, and when first.
pub(crate) type Alerts = BTreeMap<(AlertWindow, u8), (u64, Timestamp)>;

/// The money.
#[derive(Debug)]
pub(crate) struct Money {
    account: Account,
    limits: WindowLimits,
    brake: Option<BrakeCause>,
    in_flight: u32,
    pub alerts: Alerts,
    pub brake_at: Option<Timestamp>,
    pub brakes: u64,
    /// The most hours of use that any week came to.
    pub fullest_week: Duration,
}

impl Money {
    pub(crate) fn new(host: &PlannedHost, now: Timestamp) -> Self {
        let Limits { hour_usd, day_usd, month_usd, week_hours, .. } = host.limits;
        let limits = WindowLimits { hour: Some(hour_usd), day: Some(day_usd), month: Some(month_usd) };
        let mut account = Account::new(host.windows.clone());
        account.limits.insert(Scope::All, limits);
        account.week_hours = week_hours;
        account.roll(now);
        account.open(UPSTREAM, Scope::All, Tally::default());
        Self {
            account,
            limits,
            brake: None,
            in_flight: 0,
            alerts: Alerts::new(),
            brake_at: None,
            brakes: 0,
            fullest_week: Duration::ZERO,
        }
    }

    /// So much was used up already when it begins.
    pub(crate) fn begins_with(&mut self, used: &UsedUp, now: Timestamp) {
        let month = Amounts { settled: used.month, ..Amounts::default() };
        self.account.open(UPSTREAM, Scope::All, Tally::new([], Amounts::default(), month));
        let past = i64::try_from(used.week.as_micros()).unwrap_or(i64::MAX);
        let start = self.account.calendar.week(now).start;
        self.account.weeks.insert(UPSTREAM, WeekUse { start, past, flight: None });
    }

    /// Looks at every threshold and at the brake, as the store does with each movement and each second.
    pub(crate) fn evaluate(&mut self, now: Timestamp) {
        for change in self.account.evaluate(UPSTREAM, &ALL, self.brake.as_ref(), None, now) {
            match change {
                Change::Brake(BrakeChange::Engage(cause)) => {
                    self.brake = Some(cause);
                    self.brakes += 1;
                    self.brake_at.get_or_insert(now);
                }
                Change::Brake(BrakeChange::Release) => self.brake = None,
                Change::Brake(BrakeChange::Keep) => {}
                Change::Watch { key: (_, _, window), fire: Some(fire), .. } => {
                    self.alerts.entry((window, fire.crossing.percent)).or_insert((0, now)).0 += 1;
                }
                Change::Watch { fire: None, .. } => {}
            }
        }
    }

    /// Sets money aside, or says why not; `job` is what the job that asks has spent and may spend.
    pub(crate) fn hold(
        &mut self,
        amount: Nanodollars,
        job: (Nanodollars, Nanodollars),
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.evaluate(now);
        let (spent, limit) = job;
        let job = job_standing(limit, Amounts { settled: spent, ..Amounts::default() });
        let causes = self.brake.clone().into_iter().collect();
        self.account.judge(causes, UPSTREAM, &ALL, Some(job), amount, now)?;
        self.account.add(UPSTREAM, &ALL, now, Moved::hold(amount));
        self.in_flight += 1;
        if self.in_flight == 1 {
            let week = self.account.weeks.entry(UPSTREAM).or_default();
            week.flight_begins(&mut self.account.calendar, now);
        }
        Ok(())
    }

    /// A hold of that time came to this.
    pub(crate) fn settle(
        &mut self,
        held_at: Timestamp,
        amount: Nanodollars,
        cost: Nanodollars,
        now: Timestamp,
    ) {
        self.account.roll(now);
        self.account.add(UPSTREAM, &ALL, held_at, Moved::end(amount, CallState::Settled, cost));
        self.in_flight -= 1;
        if self.in_flight == 0 {
            let week = self.account.weeks.entry(UPSTREAM).or_default();
            week.flight_ends(&mut self.account.calendar, now);
        }
        self.note_week(now);
        self.evaluate(now);
    }

    /// The first instant of the day that `time` belongs to.
    pub(crate) fn day(&mut self, time: Timestamp) -> Timestamp {
        self.day_span(time).start
    }

    /// The day that `time` belongs to.
    pub(crate) fn day_span(&mut self, time: Timestamp) -> WindowSpan {
        self.account.calendar.day(time)
    }

    fn note_week(&mut self, now: Timestamp) {
        let span = self.account.calendar.week(now);
        let used = self.account.weeks.get(&UPSTREAM).map_or(Duration::ZERO, |week| week.used(span, now));
        self.fullest_week = self.fullest_week.max(used);
    }

    /// How the windows stand, as the throttle looks at them.
    pub(crate) fn windows(&mut self, now: Timestamp) -> [Burn; 3] {
        self.account.roll(now);
        WindowKind::ALL.map(|kind| Burn {
            kind,
            limit: self.limits.get(kind).unwrap_or(Nanodollars::MAX),
            spent: self.account.amounts(UPSTREAM, &Scope::All, kind).spent(),
            resets_at: self.account.books.resets_at(UPSTREAM, &Scope::All, kind).unwrap_or(now),
        })
    }
}
