//! What a plan counts, and what it comes to.

use crate::binds::Binds;
use crate::money::Money;
use crate::waits::binding;
use anvil_api::{PlanAlert, PlanDay, PlanHour, PlanRun, PlanTier, PlanTimes, PlanWait};
use anvil_budget::Windows;
use anvil_types::{Nanodollars, Tier, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

const MINUTE: i64 = 60_000_000;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub submitted: u64,
    pub failed: u64,
    /// Of those, how many by each limit.
    pub fails: BTreeMap<String, u64>,
    pub refused: u64,
    pub calls: u64,
    pub saved: Nanodollars,
    pub total: Nanodollars,
    pub most_slots: u32,
    waits: BTreeMap<Binds, Duration>,
    // The same by the first instant of their day.
    day_waits: BTreeMap<Timestamp, BTreeMap<Binds, Duration>>,
    // Of each job done: how long it took, in seconds.
    took: Vec<f64>,
    call_took: Vec<f64>,
    tiers: BTreeMap<Tier, (u64, u64, Nanodollars)>,
    days: BTreeMap<Timestamp, Day>,
    hours: BTreeMap<i64, (u64, Nanodollars)>,
    // Minutes in which any job ran, and how long all together did.
    active: HashMap<i64, Duration>,
    // How long agents worked, those that waited left out.
    worked: Duration,
}

#[derive(Debug, Default)]
struct Day {
    submitted: u64,
    cost: Nanodollars,
    took: Vec<f64>,
}

impl Counts {
    /// Nothing has happened, with so many slots.
    pub(crate) fn new(most_slots: u32) -> Self {
        Self { most_slots, ..Self::default() }
    }

    pub(crate) fn comes(&mut self, day: Timestamp) {
        self.submitted += 1;
        self.days.entry(day).or_default().submitted += 1;
    }

    /// So many jobs waited for so long on a day, all of them for this.
    pub(crate) fn waited(&mut self, for_what: Binds, day: Timestamp, length: Duration) {
        *self.day_waits.entry(day).or_default().entry(for_what.clone()).or_default() += length;
        *self.waits.entry(for_what).or_default() += length;
    }

    /// So many ran, of whom so many worked, from then on for so long.
    pub(crate) fn ran(&mut self, running: u32, working: u32, at: Timestamp, length: Duration) {
        if running > 0 {
            *self.active.entry(at.micros().div_euclid(MINUTE)).or_default() += length * running;
            self.worked += length * working;
        }
    }

    pub(crate) fn finished(&mut self, since: Timestamp, day: Timestamp, now: Timestamp) {
        let took = now.since(since).as_secs_f64();
        self.took.push(took);
        self.days.entry(day).or_default().took.push(took);
        self.hours.entry(now.micros().div_euclid(60 * MINUTE)).or_default().0 += 1;
        self.active.entry(now.micros().div_euclid(MINUTE)).or_default();
    }

    pub(crate) fn answered(
        &mut self,
        (asked, given): (Tier, Tier),
        cost: Nanodollars,
        saved: Nanodollars,
        held_at: Timestamp,
        day: Timestamp,
        took: Duration,
    ) {
        self.calls += 1;
        self.total += cost;
        self.saved += saved;
        let tier = self.tiers.entry(given).or_default();
        *tier = (tier.0 + 1, tier.1 + u64::from(given < asked), tier.2 + cost);
        self.days.entry(day).or_default().cost += cost;
        self.hours.entry(held_at.micros().div_euclid(60 * MINUTE)).or_default().1 += cost;
        self.call_took.push(took.as_secs_f64());
    }

    pub(crate) fn done(&self) -> u64 {
        self.took.len() as u64
    }

    pub(crate) fn worked(&self) -> Duration {
        self.worked
    }

    /// What jobs wait for most, where that is a part of their time that anybody notices.
    pub(crate) fn binds(&self) -> Option<Binds> {
        let waits = self.waits.iter().map(|(binds, length)| (binds, *length));
        binding(waits, self.took.iter().sum()).cloned()
    }

    /// All that jobs wait for, the longest first.
    pub(crate) fn waited_for(&self) -> Vec<Binds> {
        let mut waits: Vec<_> = self.waits.iter().collect();
        waits.sort_by(|one, other| other.1.cmp(one.1));
        waits.into_iter().map(|(binds, _)| binds.clone()).collect()
    }

    /// What it all comes to, in a stretch of days whose money was this.
    #[expect(clippy::cast_precision_loss, reason = "counts of a month are far below 2^52")]
    pub(crate) fn run(&self, money: &Money, windows: &Windows, left: u64) -> PlanRun {
        let (mut took, mut call_took) = (self.took.clone(), self.call_took.clone());
        let minutes = self.active.len().max(1) as f64;
        let hours: std::collections::BTreeSet<_> =
            self.active.keys().map(|minute| minute.div_euclid(60)).collect();
        let spent_hours: Vec<_> =
            self.hours.values().map(|(_, cost)| *cost).filter(|cost| *cost > Nanodollars::ZERO).collect();
        let spent_days: Vec<_> =
            self.days.values().map(|day| day.cost).filter(|cost| *cost > Nanodollars::ZERO).collect();
        let busy: Duration = self.active.values().sum();
        PlanRun {
            submitted: self.submitted,
            finished: self.done(),
            failed: self.failed,
            failed_by: self.failed_by(),
            refused: self.refused,
            left,
            calls: self.calls,
            jobs_per_minute: self.done() as f64 / minutes,
            jobs_per_hour: self.done() as f64 / (hours.len().max(1) as f64),
            response: times(&mut took),
            call_response: times(&mut call_took),
            agents_busy: busy.as_secs_f64() / (minutes * 60.0),
            most_slots: self.most_slots,
            week_hours: money.fullest_week.as_secs_f64() / 3_600.0,
            // Where most fail, nobody waits for anything: what they fail by is what binds.
            binds: self
                .failed_by()
                .filter(|_| self.failed > self.done())
                .or_else(|| self.binds().map(|binds| binds.to_string())),
            waits: self.waits(),
            total: self.total,
            dearest_hour: spent_hours.iter().copied().max().unwrap_or_default(),
            hour: mean(&spent_hours),
            dearest_day: spent_days.iter().copied().max().unwrap_or_default(),
            day: mean(&spent_days),
            saved: self.saved,
            tiers: self.tiers(),
            alerts: alerts(money),
            brake_at: money.brake_at,
            brakes: money.brakes,
            by_day: self.by_day(windows),
            by_hour: self.by_hour(windows),
        }
    }

    /// The limit that most jobs failed by.
    fn failed_by(&self) -> Option<String> {
        self.fails.iter().max_by_key(|(_, jobs)| **jobs).map(|(limit, _)| limit.clone())
    }

    fn waits(&self) -> Vec<PlanWait> {
        let mut waits: Vec<_> = self.waits.iter().collect();
        waits.sort_by(|one, other| other.1.cmp(one.1));
        let wait = |(limit, length): (&Binds, &Duration)| PlanWait {
            limit: limit.to_string(),
            hours: length.as_secs_f64() / 3_600.0,
        };
        waits.into_iter().map(wait).collect()
    }

    fn tiers(&self) -> Vec<PlanTier> {
        let row = |(tier, (calls, lowered, cost)): (&Tier, &(u64, u64, Nanodollars))| PlanTier {
            tier: *tier,
            calls: *calls,
            lowered: *lowered,
            cost: *cost,
        };
        self.tiers.iter().map(row).collect()
    }

    fn by_day(&self, windows: &Windows) -> Vec<PlanDay> {
        let row = |(start, day): (&Timestamp, &Day)| PlanDay {
            date: windows.date(*start),
            submitted: day.submitted,
            finished: day.took.len() as u64,
            cost: day.cost,
            p50_s: times(&mut day.took.clone()).p50_s,
            p95_s: times(&mut day.took.clone()).p95_s,
            binds: self.day_waits.get(start).and_then(|waits| {
                let waits = waits.iter().map(|(binds, length)| (binds, *length));
                binding(waits, day.took.iter().sum()).map(Binds::to_string)
            }),
        };
        self.days.iter().map(row).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "a month has 62 days at most")]
    fn by_hour(&self, windows: &Windows) -> Vec<PlanHour> {
        let days = self.days.len().max(1);
        let mut rows: Vec<_> = (0..24).map(|hour| PlanHour { hour, ..PlanHour::default() }).collect();
        for (hour, (finished, cost)) in &self.hours {
            let local = windows.local(Timestamp::from_micros(hour * 60 * MINUTE));
            let of_day = local.get(11..13).and_then(|hour| hour.parse::<usize>().ok());
            if let Some(row) = of_day.and_then(|of_day| rows.get_mut(of_day)) {
                row.finished += *finished as f64 / days as f64;
                row.cost += *cost;
            }
        }
        for row in &mut rows {
            row.cost = Nanodollars::new(row.cost.get() / i64::try_from(days).unwrap_or(1));
        }
        rows
    }
}

fn alerts(money: &Money) -> Vec<PlanAlert> {
    let row = |(key, (times, first)): (&(anvil_types::AlertWindow, u8), &(u64, Timestamp))| PlanAlert {
        window: key.0.name().to_owned(),
        percent: key.1,
        times: *times,
        first_at: *first,
    };
    money.alerts.iter().map(row).collect()
}

fn mean(all: &[Nanodollars]) -> Nanodollars {
    let sum: Nanodollars = all.iter().copied().sum();
    Nanodollars::new(sum.get() / i64::try_from(all.len().max(1)).unwrap_or(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of a month are far below 2^52")]
fn times(took: &mut [f64]) -> PlanTimes {
    if took.is_empty() {
        return PlanTimes::default();
    }
    took.sort_by(f64::total_cmp);
    let part = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    PlanTimes { p50_s: part(50), p95_s: part(95), mean_s: took.iter().sum::<f64>() / took.len() as f64 }
}
